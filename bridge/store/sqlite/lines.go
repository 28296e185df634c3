// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"math"

	"github.com/brobygger/brobygger/bridge"
)

// lines implements bridge.Lines.
type lines struct{ *tx }

func (l lines) Line(id bridge.LineID) (v bridge.Line, err error) {
	err = l.get(&v, `SELECT doc FROM lines WHERE id = ?`, string(id))
	return v, err
}

// Find implements bridge.Lines.
func (l lines) Find(q bridge.LineQuery) ([]bridge.Line, error) {
	query, args := lineQuery(q)
	return list[bridge.Line](l.tx, query, args...)
}

func lineQuery(q bridge.LineQuery) (string, []any) {
	var f filter
	if q.Organization != "" {
		f.and("organization = ?", q.Organization)
	}
	if q.Member != "" {
		f.and("id IN (SELECT line FROM line_members WHERE member = ? AND until > ?)", string(q.Member), nanos(q.At))
	}
	if q.ActiveOnly {
		f.and("active = 1")
	}
	return `SELECT doc FROM lines` + f.where + ` ORDER BY name, id LIMIT ?`, append(f.args, limit(q.Limit, 100))
}

// Put implements bridge.Lines.
func (l lines) Put(v bridge.Line) error {
	doc, err := encode(v)
	if err != nil {
		return err
	}
	_, err = l.exec(`INSERT INTO lines (id, organization, name, active, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET organization = excluded.organization, name = excluded.name,
			active = excluded.active, doc = excluded.doc`,
		string(v.ID), v.Organization, fold(v.Name), flag(v.Active), doc)
	if err != nil {
		return err
	}
	if _, err := l.exec(`DELETE FROM line_members WHERE line = ?`, string(v.ID)); err != nil {
		return err
	}
	for member, until := range lineMembers(v) {
		_, err := l.exec(`INSERT INTO line_members (member, line, until) VALUES (?, ?, ?)`, string(member), string(v.ID), until)
		if err != nil {
			return err
		}
	}
	return nil
}

// lineMembers are the people of a line, and until when each is one.
func lineMembers(v bridge.Line) map[bridge.Ref]int64 {
	all := map[bridge.Ref]int64{}
	for _, s := range v.Rota {
		until := int64(math.MaxInt64)
		if !s.Period.End.IsZero() {
			until = nanos(s.Period.End)
		}
		if old, ok := all[s.Member]; !ok || until > old {
			all[s.Member] = until
		}
	}
	for _, t := range v.Tiers {
		for _, m := range t.Members {
			all[m] = math.MaxInt64
		}
	}
	return all
}

func (l lines) PutSwitch(s bridge.Switch) error {
	doc, err := encode(s)
	if err == nil {
		_, err = l.exec(`INSERT INTO line_switches (line, party, doc) VALUES (?, ?, ?)
			ON CONFLICT (line, party) DO UPDATE SET doc = excluded.doc`, string(s.Line), string(s.Party), doc)
	}
	return err
}

func (l lines) Switches(id bridge.LineID) ([]bridge.Switch, error) {
	return list[bridge.Switch](l.tx, `SELECT doc FROM line_switches WHERE line = ? ORDER BY party`, string(id))
}
