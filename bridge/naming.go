// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
)

// Named is who stands behind a reference, as people say it.
type Named struct {
	Ref          Ref      `json:"ref"`
	Name         string   `json:"name"`                   // of the person, or of the organization
	Title        string   `json:"title,omitempty"`        // as the person is presented
	Code         RoleCode `json:"code,omitempty"`         // what the person is employed as
	Organization string   `json:"organization,omitempty"` // where the person works
}

// MaxNames is how many references one question may have.
const MaxNames = 100

// Names says who stands behind references that the caller was told. Who works
// where is not about a patient, so that a professional is told it of everybody in
// the directory, and of no patient. Others have no directory: a patient, and who
// may read p's record, are told of those around p: the care team of any time, the
// representatives, who was in a conversation about p with the caller, and whom p's
// consents, requests and objections name. Whoever else, and who is not there, is
// left out. A patient may leave p out, a professional does.
func (b *Bridge) Names(ctx context.Context, c Caller, p PatientID, refs []Ref) ([]Named, error) {
	if len(refs) > MaxNames {
		return nil, BadRequest("names of more than 100")
	}
	for _, r := range refs {
		if r.Validate() != nil {
			return nil, BadRequest("a reference that is none")
		}
	}
	known := inDirectory
	if c.Party.Type() != TypePractitionerRole {
		if p == "" && c.Party.Type() == TypePatient {
			p = PatientID(c.Party.ID())
		}
		if err := b.mayReadRecord(ctx, c, p); err != nil {
			return nil, err
		}
		known = func(tx Tx) (func(Ref) bool, error) { return around(tx, c, p) }
	}
	named := []Named{}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		may, err := known(tx)
		if err != nil {
			return err
		}
		for _, r := range refs {
			if !may(r) {
				continue
			}
			n, err := behind(tx, r)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			named = append(named, n)
		}
		return nil
	})
	if err != nil {
		return nil, b.told(err)
	}
	return named, nil
}

// inDirectory is what every professional may look up.
func inDirectory(Tx) (func(Ref) bool, error) {
	return func(r Ref) bool {
		t := r.Type()
		return t == TypePractitionerRole || t == TypePractitioner || t == TypeOrganization
	}, nil
}

// maxAround bounds the conversations and requests, the newest and the oldest, that
// are read to find out whom a patient knows.
const maxAround = 200

// around are those whom p's own caller has been told of before.
func around(tx Tx, c Caller, p PatientID) (func(Ref) bool, error) {
	known := map[Ref]bool{p.Ref(): true, c.Party: true}
	parties := func(all ...[]Party) {
		for _, ps := range all {
			for _, x := range ps {
				known[x.Ref] = true
			}
		}
	}
	s, err := tx.Patients().Snapshot(p)
	if err != nil {
		return nil, err
	}
	for _, m := range s.Team {
		known[m.Member] = true
	}
	for _, r := range s.Representatives {
		known[r.Reference()] = true
	}
	consents, objections, err := tx.Consents().All(p)
	if err != nil {
		return nil, err
	}
	for _, x := range consents {
		known[x.GrantedBy], known[x.Evidence.RecordedBy], known[x.EndedBy] = true, true, true
		parties(x.Scope.From, x.Scope.To)
	}
	for _, x := range objections {
		known[x.MadeBy] = true
		parties(x.Parties)
	}
	requests, err := tx.Consents().Requests(RequestQuery{Patient: p, Limit: maxAround})
	if err != nil {
		return nil, err
	}
	for _, x := range requests {
		known[x.By] = true
		parties(x.Scope.From, x.Scope.To)
	}
	talks, err := tx.Conversations().Find(ConversationQuery{Patient: p, Participant: c.Party, Limit: maxAround})
	if err != nil {
		return nil, err
	}
	for _, x := range talks {
		parties(x.Members)
		for _, r := range x.Participants {
			known[r] = true
		}
	}
	return func(r Ref) bool { return known[r] }, nil
}

// behind reads who stands behind a reference.
func behind(tx Tx, r Ref) (n Named, err error) {
	n.Ref = r
	if r.Type() != TypePractitionerRole {
		n.Name, err = nameOf(tx, r)
		return n, err
	}
	role, err := tx.Directory().Role(r.ID())
	if err != nil {
		return n, err
	}
	person, err := tx.Directory().Practitioner(role.Practitioner)
	if err != nil {
		return n, err
	}
	at, err := tx.Directory().Organization(role.Organization)
	n.Name, n.Title, n.Code, n.Organization = person.Name, role.Title, role.Code, at.Name
	return n, err
}
