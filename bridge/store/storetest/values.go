// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

func notFound(t *testing.T, w *world) {
	w.both(func(tx bridge.Tx) error {
		d, p, c := tx.Directory(), tx.Patients(), tx.Consents()
		for what, get := range map[string]func() error{
			"organization":   func() error { _, err := d.Organization("x"); return err },
			"practitioner":   func() error { _, err := d.Practitioner("x"); return err },
			"role":           func() error { _, err := d.Role("x"); return err },
			"related person": func() error { _, err := d.RelatedPerson("x"); return err },
			"account":        func() error { _, err := d.Account(bridge.Subject{}); return err },
			"patient":        func() error { _, err := p.Patient("x"); return err },
			"head":           func() error { _, err := p.Head("x"); return err },
			"care team":      func() error { _, err := p.CareTeam("x"); return err },
			"snapshot":       func() error { _, err := p.Snapshot("x"); return err },
			"identifier":     func() error { _, err := p.ByIdentifier(bridge.Identifier{}); return err },
			"consent":        func() error { _, err := c.Consent("x"); return err },
			"request":        func() error { _, err := c.Request("x"); return err },
			"conversation":   func() error { _, err := tx.Conversations().Conversation("x"); return err },
			"message":        func() error { _, err := tx.Messages().Message("x"); return err },
			"attachment":     func() error { _, _, err := tx.Messages().Attachment("x", true); return err },
			"disclosure":     func() error { _, err := tx.Disclosures().Disclosure("x"); return err },
			"delivery":       func() error { _, err := tx.Disclosures().Delivery("x", "Patient/x"); return err },
		} {
			missing(w, what, get())
		}
		return nil
	})
	for what, fn := range map[string]func(bridge.Tx) error{
		"bump":      func(tx bridge.Tx) error { _, err := tx.Patients().Bump("x"); return err },
		"care team": func(tx bridge.Tx) error { return tx.Patients().SetCareTeam("x", nil) },
		"next seq":  func(tx bridge.Tx) error { _, err := tx.Conversations().NextSeq("x", noon); return err },
		"entry":     func(tx bridge.Tx) error { _, err := tx.Entries().Append(ledger.Entry{Patient: "x"}); return err },
	} {
		t.Run(what, func(*testing.T) { w.refused(bridge.CodeNotFound, "x", fn) })
	}
}

// Ids that differ in case only are different ids, and a space is a character.
func caseMatters(_ *testing.T, w *world) {
	w.must("", put(bridge.Practitioner{ID: "bob", Name: "lower"}, bridge.Practitioner{ID: "Bob", Name: "upper"},
		bridge.Account{Subject: bridge.Subject{Issuer: "i", Name: "bob"}, Person: "Practitioner/bob"},
		bridge.Account{Subject: bridge.Subject{Issuer: "i", Name: "Bob"}, Person: "Practitioner/Bob"},
		bridge.Account{Subject: bridge.Subject{Issuer: "i", Name: "bob "}, Person: "Practitioner/space"}))
	w.must("", everyone("p", "P"))
	c, d := talk("c", "P", 1, "PractitionerRole/X"), talk("C", "P", 2, "PractitionerRole/x")
	d.MID = "MID-c"
	w.must("", open(c, d))
	w.must("", tell("Patient/p", 2))
	w.both(func(tx bridge.Tx) error {
		lower, err1 := tx.Directory().Practitioner("bob")
		upper, err2 := tx.Directory().Practitioner("Bob")
		same(w, "names", []string{lower.Name, upper.Name}, []string{"lower", "upper"})
		var people []bridge.Ref
		for _, name := range []string{"bob", "Bob", "bob "} {
			a, err := tx.Directory().Account(bridge.Subject{Issuer: "i", Name: name})
			if err != nil {
				return err
			}
			people = append(people, a.Person)
		}
		same(w, "people", people, []bridge.Ref{"Practitioner/bob", "Practitioner/Bob", "Practitioner/space"})
		_, none := tx.Directory().Account(bridge.Subject{Issuer: "I", Name: "bob"})
		missing(w, "issuer in capitals", none)
		found, err3 := tx.Conversations().Find(bridge.ConversationQuery{Participant: "PractitionerRole/x"})
		if len(found) != 1 || found[0].ID != "C" {
			w.t.Errorf("found %v, want C alone", found)
		}
		got, err4 := tx.Conversations().ByMID("PractitionerRole/x", "mid-c")
		same(w, "by mid", got.ID, "c")
		_, newest, err5 := tx.Events().Bounds("Patient/P")
		same(w, "newest of another party", newest, 0)
		return firstOf(err1, err2, err3, err4, err5)
	})
}

func unicodeText(_ *testing.T, w *world) {
	for _, s := range []string{"Søren Ærøskøbing", "مرحبا", "سلام", "🧑‍⚕️", "a\u0301 á", "zero\x00byte", "quote ' \" \\ `", "<&>", "\u2028line", "%_?", " edge "} {
		m := said("m", "c", 1)
		m.Parts[0].Text = s
		w.must("a", everyone("a"))
		c := talk("c", "a", 1)
		c.LastSeq, c.Subject = 1, s
		w.must("a", open(c))
		w.must("a", send(m))
		w.must("", put(bridge.Account{Subject: bridge.Subject{Issuer: s, Name: s}, Person: "Practitioner/p"}))
		w.both(func(tx bridge.Tx) error {
			got, err1 := tx.Messages().Message("m")
			same(w, "message", got, m)
			conversation, err2 := tx.Conversations().Conversation("c")
			same(w, "subject", conversation.Subject, s)
			account, err3 := tx.Directory().Account(bridge.Subject{Issuer: s, Name: s})
			same(w, "account", account.Subject, bridge.Subject{Issuer: s, Name: s})
			return firstOf(err1, err2, err3)
		})
	}
}

// Times come back to the nanosecond, in UTC, whatever zone they came in; the
// zero time comes back as zero, and the Unix epoch does not.
func times(t *testing.T, w *world) {
	copenhagen := time.FixedZone("", 2*60*60)
	for _, want := range []time.Time{
		{},
		time.Unix(0, 0), time.Unix(0, 1), time.Unix(-1, 999_999_999), noon.In(copenhagen), time.Now(),
		time.Date(1890, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2199, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		w.must("a", func(tx bridge.Tx) error {
			c := talk("c", "a", 1, "Patient/a")
			c.ChangedAt, c.OpenedAt = want, want
			return firstOf(
				tx.Patients().Put(bridge.Patient{ID: "a", BirthDate: want}),
				tx.Patients().SetCareTeam("a", []bridge.CareTeamMember{{Period: bridge.Period{Start: want, End: want}}}),
				tx.Consents().Put(bridge.Consent{ID: "c", Patient: "a", GrantedAt: want, Scope: bridge.Scope{Period: bridge.Period{End: want}}}),
				tx.Conversations().Put(c),
				tx.Disclosures().PutDelivery(bridge.Delivery{Message: "m", Recipient: "Patient/a", State: bridge.DeliveryPending, ReadAt: want}),
				tx.Directory().Put(bridge.PractitionerRole{ID: "r", Absences: []bridge.Absence{{From: want}}}),
				tx.Directory().Put(bridge.Account{DNDUntil: want}),
			)
		})
		w.both(func(tx bridge.Tx) error {
			patient, err1 := tx.Patients().Patient("a")
			team, err2 := tx.Patients().CareTeam("a")
			consent, err3 := tx.Consents().Consent("c")
			talk, err4 := tx.Conversations().Conversation("c")
			delivery, err5 := tx.Disclosures().Delivery("m", "Patient/a")
			role, err6 := tx.Directory().Role("r")
			account, err7 := tx.Directory().Account(bridge.Subject{})
			if err := firstOf(err1, err2, err3, err4, err5, err6, err7); err != nil {
				return err
			}
			for what, got := range map[string]time.Time{
				"birth date": patient.BirthDate, "team start": team[0].Period.Start, "team end": team[0].Period.End,
				"granted": consent.GrantedAt, "scope's end": consent.Scope.Period.End, "opened": talk.OpenedAt, "changed": talk.ChangedAt,
				"read": delivery.ReadAt, "absence": role.Absences[0].From, "do not disturb": account.DNDUntil,
			} {
				if !got.Equal(want) || got.IsZero() != want.IsZero() || got.Location() != time.UTC {
					t.Errorf("%s came back as %v, want %v in UTC", what, got, want)
				}
			}
			return nil
		})
	}
}
