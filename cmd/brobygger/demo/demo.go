// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package demo is a made-up region: its organizations, its people, twelve
// patients and what they consented to, as FHIR R4 bundles. README.md lists who
// is who. The files are read in by bridge/fhir like anybody else's.
package demo

import (
	"embed"
	"fmt"
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // a demo day is a day in Copenhagen on any machine
)

//go:embed *.json
var files embed.FS

// names lists the bundles, what is referred to before what refers to it.
var names = []string{"organizations.json", "lines.json", "practitioners.json", "patients.json", "careteams.json", "consents.json"}

// Issuer is who vouches for the demo's people; their subjects are the short
// names of README.md.
const Issuer = "demo"

// File is one bundle of the demo, its placeholders resolved.
type File struct {
	Name string // "patients.json"
	Data []byte
}

// Load returns the demo region as it is on the day of now in Copenhagen. A
// placeholder is one of
//
//	{{today}} {{today-30d}} {{today+2w}} {{today+6m}} {{today-1y}}   a date, "2026-03-01"
//	{{year}}  {{year-13}}                                            a year, "2013"
//	{{yy}}    {{yy-13}}                                              its last two digits, "13"
//
// Years stand in for the birth dates of the young, who would otherwise grow up.
func Load(now time.Time) ([]File, error) {
	loc, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, fmt.Errorf("loading demo: %w", err)
	}
	today := now.In(loc)
	var loaded []File
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("loading demo: %w", err)
		}
		if data, err = resolve(data, today); err != nil {
			return nil, fmt.Errorf("loading demo: %s: %w", name, err)
		}
		loaded = append(loaded, File{Name: name, Data: data})
	}
	return loaded, nil
}

var (
	placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)
	form        = regexp.MustCompile(`^\{\{(today|year|yy)(?:([+-][0-9]{1,4})([dwmy]?))?\}\}$`)
)

// resolve puts dates in the place of placeholders.
func resolve(data []byte, today time.Time) ([]byte, error) {
	var unknown error
	resolved := placeholder.ReplaceAllFunc(data, func(found []byte) []byte {
		m := form.FindStringSubmatch(string(found))
		if m == nil || (m[1] == "today" && m[2] != "") != (m[3] != "") {
			unknown = fmt.Errorf("unknown placeholder %q", found)
			return found
		}
		n, _ := strconv.Atoi(m[2]) // "" is 0, and the pattern lets nothing else fail
		switch m[1] {
		case "year":
			return []byte(strconv.Itoa(today.Year() + n))
		case "yy":
			return fmt.Appendf(nil, "%02d", (today.Year()+n)%100)
		}
		t := today
		switch m[3] {
		case "d":
			t = t.AddDate(0, 0, n)
		case "w":
			t = t.AddDate(0, 0, 7*n)
		case "m":
			t = t.AddDate(0, n, 0)
		case "y":
			t = t.AddDate(n, 0, 0)
		}
		return []byte(t.Format(time.DateOnly))
	})
	return resolved, unknown
}
