// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"slices"
	"time"
)

// Policies keeps which policies have decided here, and on what they decided, so
// that another one can be asked the same.
type Policies interface {
	// Activations lists at most limit, the newest first.
	Activations(limit int) ([]Activation, error)
	// Highest is the highest revision that was ever activated, 0 for none.
	Highest() (uint64, error)
	Activate(a Activation) error
	// Record keeps a decision and, unless it is kept already, its ground.
	Record(g Ground, d RecordedDecision) error
	// Recorded lists at most limit decisions with Number > after that were made at
	// since or later, in order of Number.
	Recorded(since time.Time, after uint64, limit int) ([]RecordedDecision, error)
	Ground(p PatientID, epoch uint64) (Ground, error)
	// Forget removes decisions made before t, at most limit, the grounds that no
	// decision is left for, and returns how many decisions.
	Forget(t time.Time, limit int) (int, error)
}

// Activation says that a policy began to decide here.
type Activation struct {
	Revision     uint64    `json:"revision"`
	SHA256       string    `json:"sha256"`                  // hex, of the signed bundle
	RollbackFrom uint64    `json:"rollback_from,omitempty"` // the highest revision before, which it was signed to replace
	At           time.Time `json:"at"`
}

// PolicyState is which policy decides now.
type PolicyState struct {
	Revision string       `json:"revision"`          // as it stands in each decision and entry; empty: none, everything is denied
	SHA256   string       `json:"sha256,omitempty"`  // of the signed bundle; empty for the one that comes with the program
	Since    time.Time    `json:"since,omitzero"`    // when it was activated here
	Refused  string       `json:"refused,omitempty"` // why the newest bundle was refused
	Shadow   *ShadowState `json:"shadow,omitempty"`  // what a candidate beside it would decide
	History  []Activation `json:"history,omitempty"` // newest first, at most 20
}

// ShadowState is what a candidate has decided beside the policy that counts.
type ShadowState struct {
	Revision    string       `json:"revision"`
	SHA256      string       `json:"sha256"`
	Compared    uint64       `json:"compared"`
	Dropped     uint64       `json:"dropped"`     // not asked: the queue was full, or outside of the share
	Differences []Difference `json:"differences"` // the most frequent first, at most 200
}

// Difference is a kind of decision that comes out otherwise under another policy.
type Difference struct {
	ID        string    `json:"id"`        // of all but Count and Samples
	Direction Direction `json:"direction"` //
	Action    Action    `json:"action"`
	FromRole  RoleCode  `json:"from_role,omitempty"`
	FromOrg   string    `json:"from_org,omitempty"`
	ToRole    RoleCode  `json:"to_role,omitempty"`
	ToOrg     string    `json:"to_org,omitempty"`
	Purpose   Purpose   `json:"purpose,omitempty"`
	Topics    []Topic   `json:"topics,omitempty"` // that somebody would gain or lose
	Was       []string  `json:"was"`              // the basis, or the reasons of the no
	Is        []string  `json:"is"`
	Count     int       `json:"count"`
	Samples   []string  `json:"samples,omitempty"` // numbers of recorded decisions, at most 3
}

// Direction says who a changed decision is good for.
type Direction string

// The directions.
const (
	DirectionGain  Direction = "gain"  // what was denied would pass
	DirectionLose  Direction = "lose"  // what passes would be denied
	DirectionError Direction = "error" // the other policy can't answer, which denies
)

// RecordedDecision is a decision of the gate with all that it depended on beside
// its ground. It holds ids, codes and times: no name, no content, no reason in
// words.
type RecordedDecision struct {
	Number   uint64    `json:"number"` // given by the store, growing
	At       time.Time `json:"at"`
	Patient  PatientID `json:"patient"`
	Epoch    uint64    `json:"epoch"`
	Action   Action    `json:"action"`
	From     Actor     `json:"from"`
	To       Actor     `json:"to"`
	Purpose  Purpose   `json:"purpose,omitempty"`
	Topics   []Topic   `json:"topics,omitempty"`
	Case     string    `json:"case,omitempty"`
	Line     *Callers  `json:"line,omitempty"` // of a ring
	Allow    bool      `json:"allow"`
	Basis    string    `json:"basis,omitempty"`
	Redact   []Topic   `json:"redact,omitempty"`
	Reasons  []Code    `json:"reasons,omitempty"`
	Revision string    `json:"revision"`
}

// Ground is what a patient's record said at an epoch, as decisions see it. What
// never changes under its id stands elsewhere: consents, objections, the birth
// date.
type Ground struct {
	Patient         PatientID        `json:"patient"`
	Epoch           uint64           `json:"epoch"`
	Active          bool             `json:"active"`
	Team            []CareTeamMember `json:"team,omitempty"`
	Consents        []ConsentID      `json:"consents,omitempty"`   // active then
	Objections      []ObjectionID    `json:"objections,omitempty"` // not lifted then
	Representatives []RelatedPerson  `json:"representatives,omitempty"`
	Emergencies     []Emergency      `json:"emergencies,omitempty"`
}

// ground is the allow-list of what is kept of a snapshot.
func (s *Snapshot) ground() Ground {
	g := Ground{Patient: s.Patient.ID, Epoch: s.Epoch, Active: s.Patient.Active, Team: s.Team}
	for _, c := range s.Consents {
		g.Consents = append(g.Consents, c.ID)
	}
	for _, o := range s.Objections {
		g.Objections = append(g.Objections, o.ID)
	}
	for _, r := range s.Representatives {
		g.Representatives = append(g.Representatives, RelatedPerson{ID: r.ID, Patient: r.Patient, Authority: r.Authority, Period: r.Period, Active: r.Active})
	}
	for _, e := range s.Emergencies {
		g.Emergencies = append(g.Emergencies, Emergency{
			ID: e.ID, Patient: e.Patient, By: e.By, AskedAt: e.AskedAt, ConfirmedAt: e.ConfirmedAt, ExpiresAt: e.ExpiresAt,
		})
	}
	return g
}

// Restore makes the snapshot that a ground was taken of. What is gone since,
// because the patient was erased, is ErrNotFound.
func (g Ground) Restore(tx Tx) (*Snapshot, error) {
	p, err := tx.Patients().Patient(g.Patient)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{
		Patient: Patient{ID: p.ID, BirthDate: p.BirthDate, Active: g.Active}, Epoch: g.Epoch, Team: g.Team,
		Representatives: g.Representatives, Emergencies: g.Emergencies,
		Missing: g.Patient == NobodyPatient,
	}
	for _, id := range g.Consents {
		c, err := tx.Consents().Consent(id)
		if err != nil {
			return nil, err
		}
		c.State = ConsentActive
		s.Consents = append(s.Consents, c)
	}
	_, objections, err := tx.Consents().All(g.Patient)
	if err != nil {
		return nil, err
	}
	for _, o := range objections {
		if slices.Contains(g.Objections, o.ID) {
			o.LiftedAt = time.Time{}
			s.Objections = append(s.Objections, o)
		}
	}
	if len(s.Objections) != len(g.Objections) {
		return nil, ErrNotFound
	}
	return s, nil
}

// Question is what was asked, on a restored snapshot.
func (d RecordedDecision) Question(s *Snapshot) *Question {
	return &Question{Action: d.Action, Now: d.At, Patient: s, From: d.From, To: d.To, Purpose: d.Purpose, Topics: d.Topics, Case: d.Case, Line: d.Line}
}

// Admit puts a bundle's activation on record, and refuses an older one: what was
// signed once stays signed, so only the store knows what is newer. The one that is
// active already changes nothing. A rollback counts where it was signed to replace
// the highest revision there ever was; that spends it.
func Admit(ctx context.Context, s Store, a Activation) error {
	return s.Update(ctx, "", func(tx Tx) error {
		last, err := tx.Policies().Activations(1)
		if err != nil {
			return err
		}
		if len(last) > 0 && last[0].SHA256 == a.SHA256 {
			return nil
		}
		highest, err := tx.Policies().Highest()
		if err != nil {
			return err
		}
		if a.Revision <= highest && (a.RollbackFrom == 0 || a.RollbackFrom != highest) {
			return &Error{Code: CodeConflict, Message: "the bundle is not newer than one that was active here"}
		}
		return tx.Policies().Activate(a)
	})
}
