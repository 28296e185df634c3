// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	_ "embed" // data/dk.yaml
	"encoding/json"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // birthdays begin at local midnight, on machines without zone files too

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/brobygger/brobygger/bridge"
)

//go:embed data/dk.yaml
var danish []byte

// law is the part of a country's data that Go needs: to resolve names, to
// compute instants and to word requests. Rego reads the same file whole.
type law struct {
	Country      string `json:"country"`
	Timezone     string `json:"timezone"`
	AgeOfConsent int    `json:"age_of_consent"`
	AskDays      int    `json:"ask_days"`

	Assurance map[bridge.Assurance]bool    `json:"assurance"`
	Sectors   map[bridge.Sector]sectorRow  `json:"sectors"`
	Roles     map[bridge.RoleCode]roleRow  `json:"roles"`
	Sides     map[string]map[string]string `json:"sides"` // by regime and personnel
	Functions map[bridge.CareFunction]struct {
		Role   bridge.RoleCode `json:"role"`
		Sector bridge.Sector   `json:"sector"`
	} `json:"functions"`
	Topics map[bridge.Topic]struct {
		Sensitive bool `json:"sensitive"`
	} `json:"topics"`
	Purposes       map[bridge.Purpose]struct{}                    `json:"purposes"`
	Grounds        map[string]string                              `json:"grounds"`
	Bases          map[string]basis                               `json:"bases"`
	StrictPurposes map[bridge.Purpose]bool                        `json:"strict_purposes"`
	RingTopic      bridge.Topic                                   `json:"ring_topic"`
	LetterSectors  map[bridge.Sector]bool                         `json:"letter_sectors"`
	Routes         map[string]map[string]map[bridge.Purpose]route `json:"routes"`

	zone   *time.Location
	routes map[way]*ast.Term
}

type sectorRow struct {
	Regime  string       `json:"regime"`
	Reveals bridge.Topic `json:"reveals"`
	Strict  bool         `json:"strict"`
}

type roleRow struct {
	Personnel string `json:"personnel"`
	Doctor    bool   `json:"doctor"`
	Emergency bool   `json:"emergency"`
	Reviews   bool   `json:"reviews"`
}

// route names the legal bases of one purpose from one side to another.
type route struct {
	Treating string `json:"treating"`
	Letter   string `json:"letter"`
	Consent  string `json:"consent"`
}

// way is where a route leads from and to, and what for.
type way struct {
	from, to string
	purpose  bridge.Purpose
}

// basis is what a consent must be under one legal basis.
type basis struct {
	Forms       []bridge.ConsentForm `json:"forms"`
	NeedsCase   bool                 `json:"needs_case"`
	LongestDays int                  `json:"longest_days"` // 0: none
}

// longest returns how long a consent may count from when it was given, 0 for no
// limit.
func (b basis) longest() time.Duration { return time.Duration(b.LongestDays) * 24 * time.Hour }

// readLaw reads a country's data and checks that it refers only to what it holds.
func readLaw(raw []byte) (*law, map[string]any, error) {
	var all map[string]any
	if err := util.Unmarshal(raw, &all); err != nil {
		return nil, nil, fmt.Errorf("reading law: %w", err)
	}
	l, err := lawOf(all["law"])
	return l, all, err
}

// lawOf reads the part of a law that Go needs.
func lawOf(tree any) (*law, error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("reading law: %w", err)
	}
	var l law
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, fmt.Errorf("reading law: %w", err)
	}
	if l.zone, err = time.LoadLocation(l.Timezone); err != nil {
		return nil, fmt.Errorf("reading law: %w", err)
	}
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("checking law: %w", err)
	}
	l.routes = map[way]*ast.Term{}
	for from, rest := range l.Routes {
		for to, purposes := range rest {
			for purpose, r := range purposes {
				l.routes[way{from, to, purpose}] = l.routeTerm(r)
			}
		}
	}
	return &l, nil
}

func (l *law) check() error {
	for code, b := range l.Bases {
		if b.LongestDays > 0 && b.LongestDays < l.AskDays {
			return fmt.Errorf("ask_days is longer than basis %s lets a consent last", code)
		}
	}
	if l.AgeOfConsent <= 0 || l.AskDays <= 0 || len(l.Roles) == 0 || len(l.Topics) == 0 || len(l.Routes) == 0 {
		return errors.New("age_of_consent, ask_days, roles, topics and routes are all needed")
	}
	if _, ok := l.Topics[l.RingTopic]; !ok && l.RingTopic != "" {
		return fmt.Errorf("ring_topic is the unknown topic %q", l.RingTopic)
	}
	for f, who := range l.Functions {
		if _, ok := l.Roles[who.Role]; !ok {
			return fmt.Errorf("function %s has the unknown role %q", f, who.Role)
		}
		if _, ok := l.Sectors[who.Sector]; !ok {
			return fmt.Errorf("function %s has the unknown sector %q", f, who.Sector)
		}
	}
	for from, rest := range l.Routes {
		for to, purposes := range rest {
			for purpose, route := range purposes {
				if _, ok := l.Purposes[purpose]; !ok {
					return fmt.Errorf("route %s to %s has the unknown purpose %q", from, to, purpose)
				}
				if _, ok := l.Bases[route.Consent]; !ok && route.Consent != "" {
					return fmt.Errorf("route %s to %s for %s has the unknown basis %q", from, to, purpose, route.Consent)
				}
			}
		}
	}
	return nil
}

// side returns the side of the border on which somebody stands, "" for an
// unknown sector or role. An organization as such has no role, and stands where
// its sector does.
func (l *law) side(sector bridge.Sector, role bridge.RoleCode, unit bool) string {
	regime := l.Sectors[sector].Regime
	if unit {
		return regime
	}
	return l.Sides[regime][l.Roles[role].Personnel]
}

// routeTerm is a route with what its consent must be.
func (l *law) routeTerm(r route) *ast.Term {
	o := ast.NewObject()
	for name, code := range map[string]string{"treating": r.Treating, "letter": r.Letter, "consent": r.Consent} {
		if code != "" {
			o.Insert(ast.StringTerm(name), ast.StringTerm(code))
		}
	}
	if b, ok := l.Bases[r.Consent]; ok {
		o.Insert(ast.StringTerm("needs_case"), ast.BooleanTerm(b.NeedsCase))
		o.Insert(ast.StringTerm("forms"), set(b.Forms))
	}
	return ast.NewTerm(o)
}

// ofAge returns the instant at which the patient decides alone, zero when the
// birth date is not known.
func (l *law) ofAge(born time.Time) time.Time {
	if born.IsZero() {
		return time.Time{}
	}
	y, m, d := born.UTC().Date()
	return time.Date(y+l.AgeOfConsent, m, d, 0, 0, 0, 0, l.zone)
}
