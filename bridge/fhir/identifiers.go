// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"regexp"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Systems of identifiers, as they are kept. Sources: hl7.dk dk-core, MedCom core.
const (
	SystemCPR    = "urn:oid:1.2.208.176.1.2"
	SystemXECPR  = "urn:oid:1.2.208.176.1.6.1.1" // replacement number, national
	SystemDECPR  = "urn:oid:1.2.208.176.1.6.1.3" // replacement number, regional; each region has an arc below
	SystemSOR    = "urn:oid:1.2.208.176.1.1"
	SystemYder   = "urn:oid:1.2.208.176.1.4"
	SystemGLN    = "http://www.gs1.org/gln"  // dk-core from 3.5.0
	systemGLNOld = "https://www.gs1.org/gln" // dk-core to 3.4.0, and CareCommunication 5.0
	SystemAuth   = "https://autregweb.sst.dk"
	SystemKombit = "https://kombit.dk/sts/organisation"
)

var (
	digits     = regexp.MustCompile(`^[0-9]+$`)
	ecprForm   = regexp.MustCompile(`^[0-9]{7}[A-Z]{2}[0-9]$`)
	authForm   = regexp.MustCompile(`^[0-9A-Z]{5}$`)
	uuidForm   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	nationalIn = regexp.MustCompile(`(?:^|[^0-9A-Za-z])([0-9]{6})[- ]?([0-9]{4})(?:$|[^0-9A-Za-z])`)
)

// cleanIdentifier checks an identifier of a system that it knows and returns it
// in its one written form. known is false for another system.
func cleanIdentifier(system, value string) (i bridge.Identifier, bad Reason, known bool) {
	switch {
	case system == SystemCPR:
		value = strings.Replace(value, "-", "", 1)
		if _, _, ok := parseCPR(value); !ok {
			bad = BadCPR
		}
	case system == SystemXECPR, system == SystemDECPR, strings.HasPrefix(system, SystemDECPR+"."):
		if value = strings.ToUpper(value); !ecprForm.MatchString(value) {
			bad = BadECPR
		}
	case system == SystemSOR:
		if !validSOR(value) {
			bad = BadSOR
		}
	case system == SystemYder:
		if len(value) != 6 || !digits.MatchString(value) {
			bad = BadYder
		}
	case system == SystemGLN, system == systemGLNOld:
		system = SystemGLN
		if !validGLN(value) {
			bad = BadGLN
		}
	case system == SystemAuth:
		if value = strings.ToUpper(value); !authForm.MatchString(value) {
			bad = BadAuthorisation
		}
	case system == SystemKombit:
		value = strings.TrimPrefix(strings.ToLower(value), "urn:uuid:")
		if !uuidForm.MatchString(value) {
			bad = BadUUID
		}
	default:
		return bridge.Identifier{System: system, Value: value}, "", false
	}
	return bridge.Identifier{System: system, Value: value}, bad, true
}

// parseCPR returns the date of birth in a CPR number of ten digits. A day above
// 60 marks a replacement number, given to people who have no CPR number (the day
// plus 60). The seventh digit gives the century. The check digit is not looked
// at: since 2007 there are numbers without one (CPR-kontoret, "Personnummeret i
// CPR").
func parseCPR(s string) (born time.Time, replacement, ok bool) {
	if len(s) != 10 || !digits.MatchString(s) {
		return time.Time{}, false, false
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	day, month, year := two(0), two(2), two(4)
	if day > 60 {
		day, replacement = day-60, true
	}
	switch c := s[6]; {
	case c <= '3':
		year += 1900
	case c == '4' || c == '9':
		if year <= 36 {
			year += 2000
		} else {
			year += 1900
		}
	case year <= 57:
		year += 2000
	default:
		year += 1800
	}
	born = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if born.Day() != day || int(born.Month()) != month {
		return time.Time{}, false, false
	}
	return born, replacement, true
}

// validSOR reports whether s is a SOR id: a SNOMED CT identifier of 15 to 18
// digits in the Danish namespace 1000016, with its Verhoeff check digit.
func validSOR(s string) bool {
	if len(s) < 15 || len(s) > 18 || !digits.MatchString(s) || s[0] == '0' {
		return false
	}
	return s[len(s)-10:len(s)-3] == "1000016" && verhoeff(s) == 0
}

// Verhoeff's dihedral check (SNOMED CT Release File Specification, 5.2).
func verhoeff(s string) int {
	permute := func(times, d int) int {
		for range times {
			d = [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}[d]
		}
		return d
	}
	multiply := func(a, b int) int {
		switch {
		case a < 5 && b < 5:
			return (a + b) % 5
		case a < 5:
			return 5 + (a+b-5)%5
		case b < 5:
			return 5 + (a-5-b+5)%5
		default:
			return (a - b + 5) % 5
		}
	}
	c := 0
	for i := range len(s) {
		c = multiply(c, permute(i%8, int(s[len(s)-1-i]-'0')))
	}
	return c
}

// validGLN reports whether s has 13 digits and GS1's check digit.
func validGLN(s string) bool {
	if len(s) != 13 || !digits.MatchString(s) {
		return false
	}
	sum := 0
	for i := range 12 {
		weight := 1
		if i%2 == 1 {
			weight = 3
		}
		sum += weight * int(s[i]-'0')
	}
	return int(s[12]-'0') == (10-sum%10)%10
}

// holdsCPR reports whether text holds what reads as a CPR number.
func holdsCPR(text string) bool {
	for _, m := range nationalIn.FindAllStringSubmatch(text, -1) {
		if _, _, ok := parseCPR(m[1] + m[2]); ok {
			return true
		}
	}
	return false
}
