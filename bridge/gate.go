// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// The gate. Nothing about a patient reaches anybody except through pass: it
// decides, records, and only then lets act happen (promise 1). What can't be
// decided or recorded does not happen.

// answer is a question with its decision.
type answer struct {
	Question
	Decision
}

// early splits off the answers to questions that were asked before their time:
// those only spare another passage later, and a no among them is not recorded,
// since it will be asked again.
func early(answers []answer) (now, later []answer) {
	for _, a := range answers {
		if a.early {
			later = append(later, a)
		} else {
			now = append(now, a)
		}
	}
	return now, later
}

// passage is what act may use while it is inside the gate's transaction.
type passage struct {
	tx       Tx
	snapshot *Snapshot
	answers  []answer
	early    []answer // to the questions that were early
	recorded int
}

// ask makes the questions on a snapshot, also of a patient who does not exist.
type ask func(tx Tx, s *Snapshot) ([]Question, error)

// maxRetries bounds how often a patient's record may move under a decision.
const maxRetries = 3

var errEpochMoved = errors.New("epoch moved")

// pass asks every question on one snapshot of the patient. In one transaction on
// the patient's row, which must still be at the snapshot's epoch (I2), it records
// each denial and, when anything was allowed, lets act record and do the rest.
// With nothing allowed it returns the denial as an *Error, once that is recorded.
// act may be run again, and must record at least one entry (I9).
func (b *Bridge) pass(ctx context.Context, c Caller, p PatientID, q ask, act func(*passage) error) ([]answer, error) {
	return b.passOnce(ctx, c, p, q, act, nil)
}

// passOnce is pass for what may have been done before: before is called in the
// transaction when nothing is allowed, and its error ends the passage with no
// denial on record.
func (b *Bridge) passOnce(ctx context.Context, c Caller, p PatientID, q ask, act func(*passage) error, before func(Tx) error) ([]answer, error) {
	for range maxRetries {
		s, all, err := b.decide(ctx, p, q)
		if err != nil {
			return nil, err
		}
		answers, later := early(all)
		allowed := anyAllowed(answers)
		row := s.record()
		var fresh []uint64
		err = b.store.Update(ctx, row.Patient.ID, func(tx Tx) error {
			if err := b.stillTrue(tx, c, s); err != nil {
				return err
			}
			if b.outlived(all) {
				return errEpochMoved
			}
			if !allowed && before != nil {
				if err := before(tx); err != nil {
					return err
				}
			}
			g := &passage{tx: tx, snapshot: row, answers: answers, early: later}
			if err := g.recordDenials(); err != nil {
				return err
			}
			if fresh, err = b.recordDecisions(g, s, all); err != nil {
				return err
			}
			if !allowed {
				return nil
			}
			before := g.recorded
			if err := act(g); err != nil {
				return err
			}
			if g.recorded == before {
				return fmt.Errorf("acting: nothing was recorded")
			}
			return nil
		})
		switch {
		case errors.Is(err, errEpochMoved):
			b.dropSnapshot(p)
			continue
		case err != nil:
			return answers, b.told(err)
		}
		b.recorded.add(fresh)
		if !allowed {
			return answers, denial(answers)
		}
		return answers, nil
	}
	return nil, &Error{Code: CodeBusy, Message: "the patient's record is changing"}
}

// decide asks all questions outside any lock.
func (b *Bridge) decide(ctx context.Context, p PatientID, q ask) (*Snapshot, []answer, error) {
	s, err := b.snapshot(ctx, p)
	if err != nil {
		return nil, nil, b.told(err)
	}
	var questions []Question
	age := b.actors.now()
	err = b.store.View(ctx, func(tx Tx) error {
		questions, err = q(dated{tx, age}, s)
		return err
	})
	if err != nil {
		return nil, nil, b.told(err)
	}
	if len(questions) == 0 {
		return nil, nil, &Error{Code: CodePolicyUnavailable, Message: "nothing to decide"}
	}
	answers := make([]answer, len(questions))
	for i, x := range questions {
		if answers[i], err = b.answer(ctx, s, x); err != nil {
			return nil, nil, err
		}
	}
	return s, answers, nil
}

// answer asks the decider. Its error is a no that may be tried again.
func (b *Bridge) answer(ctx context.Context, s *Snapshot, x Question) (answer, error) {
	start := b.now()
	x.Now, x.Patient = start, s
	d, err := b.decider.Decide(ctx, &x)
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelError, "policy did not decide", slog.String("action", string(x.Action)), slog.Any("error", err))
		b.meter.Decided(x.Action, false, CodePolicyUnavailable, b.now().Sub(start))
		return answer{}, &Error{Code: CodePolicyUnavailable, Message: "no decision could be made", Err: err}
	}
	if !d.Allow && len(d.Reasons) == 0 {
		d.Reasons = []Code{"policy_error"}
	}
	if d.Allow && s.Missing { // whatever a policy says
		d = Decision{Reasons: []Code{reasonNoRelation}, Revision: d.Revision}
	}
	var first Code
	if !d.Allow {
		first = d.Reasons[0]
	}
	b.meter.Decided(x.Action, d.Allow, first, b.now().Sub(start))
	return answer{x, d}, nil
}

// stillTrue checks, under the patient's row, that what was decided on still
// stands: the patient's epoch, and the caller's account.
func (b *Bridge) stillTrue(tx Tx, c Caller, s *Snapshot) error {
	if err := s.stillThere(tx); err != nil {
		return err
	}
	return sameAccount(tx, c)
}

// outlived reports whether a yes is over by itself: somebody's time in the care
// team, a consent's period, the patient's fifteenth birthday came while it waited
// for the patient's row, or another policy took over.
func (b *Bridge) outlived(answers []answer) bool {
	now, revision := b.now(), b.decider.Revision()
	return slices.ContainsFunc(answers, func(a answer) bool { return a.over(now) || a.Allow && a.Revision != revision })
}

// sameAccount checks that the caller's account is as it was when the caller was
// made. The bridge's own acts, which have no account, skip it.
func sameAccount(tx Tx, c Caller) error {
	if c.Subject == (Subject{}) {
		return nil
	}
	a, err := tx.Directory().Account(c.Subject)
	if err != nil {
		return err
	}
	switch {
	case a.Disabled:
		return &Error{Code: CodeAccountDisabled}
	case a.Epoch != c.Epoch:
		return &Error{Code: CodeTokenExpired, Message: "the account has changed; connect again"}
	}
	return nil
}

// recordDenials writes an entry for every no.
func (g *passage) recordDenials() error {
	for _, a := range g.answers {
		if a.Allow {
			continue
		}
		if err := g.record(ledger.KindDenied, a, nil); err != nil {
			return err
		}
	}
	return nil
}

// record writes the entry for an answer; more may add ids to it.
func (g *passage) record(k ledger.Kind, a answer, more func(*ledger.Entry)) error {
	_, err := g.recordLeaf(k, a, more)
	return err
}

func (g *passage) recordLeaf(k ledger.Kind, a answer, more func(*ledger.Entry)) (ledger.Leaf, error) {
	e := ledger.Entry{
		Patient: string(g.snapshot.Patient.ID), Time: a.Now, Kind: k, Action: string(a.Action),
		Purpose: string(a.Purpose), Topics: words(a.Topics), Redacted: words(a.Redact),
		Consents: words(a.Consents), Epoch: g.snapshot.Epoch, Basis: a.Basis,
		Reasons: words(a.Reasons), Revision: a.Revision,
	}
	e.By, e.ByRole, e.ByOrg = actorWords(a.From)
	e.To, e.ToRole, e.ToOrg = actorWords(a.To)
	if more != nil {
		more(&e)
	}
	l, err := g.append(e)
	if err != nil {
		return l, fmt.Errorf("recording: %w", err)
	}
	g.recorded++
	return l, nil
}

// actorWords are an actor's id, role and organization for an entry.
func actorWords(x Actor) (ref, role, org string) {
	if len(x.Organizations) > 0 {
		org = x.Organizations[0]
	}
	if x.Ref == "" {
		return "", string(x.Function), org
	}
	return string(x.Ref), string(x.Role), org
}

// words turns typed strings into plain ones.
func words[T ~string](in []T) []string {
	if len(in) == 0 {
		return nil
	}
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

func anyAllowed(answers []answer) bool {
	for _, a := range answers {
		if a.Allow {
			return true
		}
	}
	return false
}

// denial is the error for answers that are all no: that of the first. It is the
// same for a patient who does not exist and for one the caller has nothing to do
// with; the policy sees to that.
func denial(answers []answer) error {
	if len(answers) == 0 {
		return &Error{Code: CodeForbidden}
	}
	d := answers[0].Decision
	return &Error{Code: codeFor(d.Reasons), Decision: &d}
}

// isDenial reports whether err is a recorded no, rather than a fault.
func isDenial(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Decision != nil
}

// codeFor is the error code for a denial's reasons: the most useful to act on.
func codeFor(reasons []Code) Code {
	has := func(want ...Code) bool {
		for _, r := range reasons {
			for _, w := range want {
				if r == w {
					return true
				}
			}
		}
		return false
	}
	switch {
	case has("objection", reasonNoRelation):
		return CodeForbidden
	case has(CodeConsentWithdrawn):
		return CodeConsentWithdrawn
	case has(CodeConsentRequired):
		return CodeConsentRequired
	case has("purpose_missing", "purpose_unknown", CodePurpose):
		return CodePurpose
	}
	return CodeForbidden
}

// told turns an error into what a caller may be told, and logs the rest.
func (b *Bridge) told(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Code: CodeBusy, Message: "gave up waiting", Err: err}
	}
	b.log.LogAttrs(context.Background(), slog.LevelError, "internal error", slog.Any("error", err))
	return &Error{Code: CodeInternal, Err: err}
}
