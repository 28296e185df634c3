// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Import takes checked resources, all or none. Taking a batch twice is the same
// as taking it once. It is for an admin.
//
// Whoever the batch changes is decided on afresh: a patient's epoch grows with a
// change of the patient, the care team, representatives, consents or objections,
// an account's with a change of the account, of one of its roles, or of the unit
// that one is in. The sessions of those accounts end, and the answer comes when
// what was claimed before, for them or about those patients, can't be shown any
// more.
func (b *Bridge) Import(ctx context.Context, c Caller, batch ImportBatch) (ImportReport, error) {
	if !c.Admin {
		return ImportReport{}, &Error{Code: CodeForbidden}
	}
	ctx = context.WithoutCancel(ctx)
	var report ImportReport
	var gone departed
	err := b.store.Update(ctx, "", func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		i := &importing{b: b, tx: tx, now: b.now(), report: ImportReport{ByType: map[string]int{}}, moved: map[PatientID]bool{}}
		err := i.all(batch)
		report, gone = i.report, i.gone
		gone.patients = sortedKeys(i.moved)
		return err
	})
	b.actors.forget()
	b.dropSnapshots()
	if err != nil {
		return ImportReport{}, b.told(err)
	}
	gone.since = time.Now()
	b.mended()
	return report, b.depart(ctx, CodeTokenExpired, gone)
}

// importing is one import inside its transaction.
type importing struct {
	b      *Bridge
	tx     Tx
	now    time.Time
	report ImportReport
	moved  map[PatientID]bool // whose epoch has to grow
	gone   departed           // whose account's did
}

func (i *importing) all(batch ImportBatch) error {
	for _, r := range batch.Resources {
		if err := i.resource(r); err != nil {
			return err
		}
	}
	for _, l := range batch.Lines {
		if err := i.line(l); err != nil {
			return err
		}
	}
	for _, p := range batch.Patients {
		if err := i.patient(p); err != nil {
			return err
		}
	}
	for _, p := range sortedKeys(batch.Teams) {
		if err := i.team(p, batch.Teams[p]); err != nil {
			return err
		}
	}
	for _, o := range batch.Objections {
		if err := i.objection(o); err != nil {
			return err
		}
	}
	for _, c := range batch.Consents {
		if err := i.consent(c); err != nil {
			return err
		}
	}
	for _, p := range sortedKeys(i.moved) {
		if err := i.move(p); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// took counts one resource.
func (i *importing) took(kind string, found bool, same bool) {
	i.report.ByType[kind]++
	switch {
	case !found:
		i.report.Created++
	case same:
		i.report.Unchanged++
	default:
		i.report.Updated++
	}
}

// resource puts one of the directory, and moves the accounts it concerns.
func (i *importing) resource(r Resource) error {
	old, person, err := i.standing(r)
	found := !errors.Is(err, ErrNotFound)
	if err != nil && found {
		return err
	}
	if a, ok := r.(Account); ok {
		r = standingAccount(a, old, found)
	}
	same := found && reflect.DeepEqual(old, r)
	i.took(kindOf(r), found, same)
	if same {
		return nil
	}
	if err := i.tx.Directory().Put(r); err != nil {
		return err
	}
	if found && person != "" {
		if err := i.moveAccounts(person); err != nil {
			return err
		}
	}
	return i.concerned(old, r)
}

// concerned moves whom else a change ends something for: the patient of a
// representative, whoever had the role before, the people of a unit that closed
// or went to another sector.
func (i *importing) concerned(old, r Resource) error {
	switch x := r.(type) {
	case RelatedPerson:
		i.moved[x.Patient] = true
		if was, _ := old.(RelatedPerson); was.Patient != "" {
			i.moved[was.Patient] = true
		}
	case PractitionerRole:
		if was, _ := old.(PractitionerRole); was.Practitioner != "" && was.Practitioner != x.Practitioner {
			i.gone.parties = union(i.gone.parties, []Ref{x.Reference()}) // it is the other's now
			return i.moveAccounts(Practitioner{ID: was.Practitioner}.Reference())
		}
	case Organization:
		was, _ := old.(Organization)
		if was.ID == "" || was.Active == x.Active && was.Sector == x.Sector && was.PartOf == x.PartOf {
			return nil
		}
		return i.moveStaff(x.ID)
	}
	return nil
}

// moveStaff moves the accounts of all who work in an organization or its units.
func (i *importing) moveStaff(organization string) error {
	entries, err := i.tx.Directory().Find(DirectoryQuery{Organization: organization, Limit: math.MaxInt32})
	if err != nil {
		return err
	}
	moved := map[string]bool{}
	for _, e := range entries {
		if moved[e.Role.Practitioner] {
			continue
		}
		moved[e.Role.Practitioner] = true
		if err := i.moveAccounts(Practitioner{ID: e.Role.Practitioner}.Reference()); err != nil {
			return err
		}
	}
	return nil
}

// standingAccount keeps what is not the import's to change. A sign-in that is
// given to somebody else ends what was decided for the former.
func standingAccount(a Account, old Resource, found bool) Account {
	was, ok := old.(Account)
	if !found || !ok {
		a.Epoch, a.Disabled, a.SignedOut, a.DNDUntil = 1, false, time.Time{}, time.Time{}
		return a
	}
	a.Epoch, a.Disabled, a.SignedOut, a.DNDUntil = was.Epoch, was.Disabled, was.SignedOut, was.DNDUntil
	if a.Person != was.Person {
		a.Epoch++
	}
	return a
}

// standing reads what is there under a resource's key, and whose it is.
func (i *importing) standing(r Resource) (old Resource, person Ref, err error) {
	d := i.tx.Directory()
	switch x := r.(type) {
	case Organization:
		old, err = d.Organization(x.ID)
	case Practitioner:
		old, err = d.Practitioner(x.ID)
		person = x.Reference()
	case PractitionerRole:
		old, err = d.Role(x.ID)
		person = Practitioner{ID: x.Practitioner}.Reference()
	case RelatedPerson:
		old, err = d.RelatedPerson(x.ID)
		person = x.Reference()
	case Account:
		old, err = d.Account(x.Subject)
	default:
		err = BadRequest("a resource that the directory does not keep")
	}
	return old, person, err
}

func kindOf(r Resource) string {
	if _, ok := r.(Account); ok {
		return "Account"
	}
	return r.Reference().Type()
}

func (i *importing) moveAccounts(person Ref) error {
	accounts, err := i.tx.Directory().AccountsOf(person)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		a.Epoch++
		if err := i.tx.Directory().Put(a); err != nil {
			return err
		}
	}
	if len(accounts) == 0 {
		return nil // nobody was given anything
	}
	return i.gone.add(i.tx, person)
}

func (i *importing) patient(p Patient) error {
	if slices.Contains(reserved, p.ID) {
		return BadRequest("a patient's id that is the bridge's own")
	}
	old, err := i.tx.Patients().Patient(p.ID)
	found := !errors.Is(err, ErrNotFound)
	if err != nil && found {
		return err
	}
	same := found && reflect.DeepEqual(old, p)
	i.took(TypePatient, found, same)
	if same {
		return nil
	}
	i.moved[p.ID] = true
	return i.tx.Patients().Put(p)
}

func (i *importing) team(p PatientID, team []CareTeamMember) error {
	if _, err := i.tx.Patients().Patient(p); err != nil {
		return &Error{Code: CodeBadRequest, Message: "a care team of a patient who is not there", Err: err}
	}
	old, err := i.tx.Patients().CareTeam(p)
	if err != nil {
		return err
	}
	same := slices.Equal(old, team)
	i.took("CareTeam", len(old) > 0, same)
	if same {
		return nil
	}
	i.moved[p] = true
	return i.tx.Patients().SetCareTeam(p, team)
}

// objection puts one that is not there yet; what the patient did since stays.
func (i *importing) objection(o Objection) error {
	_, all, err := i.tx.Consents().All(o.Patient)
	if err != nil {
		return err
	}
	found := slices.ContainsFunc(all, func(x Objection) bool { return x.ID == o.ID })
	i.took("Objection", found, found)
	if found {
		return nil
	}
	i.moved[o.Patient] = true
	return i.tx.Consents().Put(o)
}

// consent puts one that is not there yet, ended or not, under the rule of its
// scope: an import can't bring in what the patient could not have granted.
func (i *importing) consent(c Consent) error {
	_, err := i.tx.Consents().Consent(c.ID)
	found := !errors.Is(err, ErrNotFound)
	if err != nil && found {
		return err
	}
	i.took("Consent", found, found)
	if found {
		return nil
	}
	if err := c.Scope.validate(); err != nil {
		return err
	}
	s, err := i.tx.Patients().Snapshot(c.Patient)
	if err != nil {
		return &Error{Code: CodeBadRequest, Message: "a consent of a patient who is not there", Err: err}
	}
	i.b.actors.forget() // the directory may just have changed
	rule, err := i.b.rule(i.tx, s, &c.Scope, i.now)
	if err != nil {
		return err
	}
	if !slices.Contains(rule.Forms, c.Evidence.Form) {
		return BadRequest("a consent in a form that its basis does not know")
	}
	if c.Scope, err = c.Scope.settleAt(rule, c.GrantedAt); err != nil {
		return err
	}
	c.Basis, c.GrantedEpoch = rule.Basis, s.Epoch+1
	i.moved[c.Patient] = true
	return i.tx.Consents().Put(c)
}

// move bumps a patient's epoch (I1) and records that the register changed (I9).
func (i *importing) move(p PatientID) error {
	epoch, err := i.tx.Patients().Bump(p)
	if err != nil {
		return err
	}
	_, err = i.tx.Entries().Append(ledger.Entry{Patient: string(p), Time: i.now, Kind: ledger.KindRegistered, Epoch: epoch})
	return err
}
