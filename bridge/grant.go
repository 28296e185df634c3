// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// NewGrant gives a consent, on a request or of one's own accord.
type NewGrant struct {
	MID      string    `json:"mid"` // the consent's id: granting again with it returns the same consent
	Patient  PatientID `json:"patient"`
	Request  RequestID `json:"request,omitempty"`
	Scope    *Scope    `json:"scope,omitempty"` // nil: the request's
	Language string    `json:"language"`
	// TextHash is of the text that the patient was shown, as ConsentText gave it:
	// the grant is for that text or it is refused (GDPR art. 7(1)).
	TextHash string      `json:"text_hash"`
	Form     ConsentForm `json:"form,omitempty"`   // "" is signed-in; a professional records paper or oral
	Reason   string      `json:"reason,omitempty"` // of a waiver, or where the paper lies
}

// mayConsent decides whether the caller decides for the patient.
func (b *Bridge) mayConsent(ctx context.Context, c Caller, p PatientID) (*Snapshot, error) {
	s, _, err := b.mayRule(ctx, c, p)
	return s, err
}

// mayRule is mayConsent with its decision.
func (b *Bridge) mayRule(ctx context.Context, c Caller, p PatientID) (*Snapshot, Decision, error) {
	s, err := b.snapshot(ctx, p)
	if err != nil {
		return nil, Decision{}, b.told(err)
	}
	var self Actor
	if err := b.store.View(ctx, func(tx Tx) (err error) {
		self, err = b.self(tx, c)
		return err
	}); err != nil {
		return nil, Decision{}, b.told(err)
	}
	d, err := b.decider.MayConsent(ctx, self, s, b.now())
	if err != nil {
		return nil, d, &Error{Code: CodePolicyUnavailable, Err: err}
	}
	if !d.Allow || s.Missing {
		return nil, d, &Error{Code: CodeForbidden, Decision: &d}
	}
	return s, d, nil
}

// ruling is the gate for what the patient rules on: consents, objections. The
// patient's own acts disclose nothing; they are decided (may this caller act for
// the patient), done and recorded in one transaction on the patient's row.
func (b *Bridge) ruling(ctx context.Context, c Caller, p PatientID, act func(*passage, answer) error) error {
	return b.rulingOn(ctx, c, p, b.mayRule, act)
}

// closing is ruling for what only takes away: withdrawing, objecting. It is kept
// on a nearly full disk, and the patient's own goes on without a policy.
func (b *Bridge) closing(ctx context.Context, c Caller, p PatientID, act func(*passage, answer) error) error {
	return b.rulingOn(Essential(ctx), c, p, b.mayClose, act)
}

// mayClose is mayRule, and a yes for the patient where the policy is silent.
func (b *Bridge) mayClose(ctx context.Context, c Caller, p PatientID) (*Snapshot, Decision, error) {
	s, d, err := b.mayRule(ctx, c, p)
	if CodeOf(err) == CodePolicyUnavailable && c.Party == p.Ref() {
		b.log.LogAttrs(ctx, slog.LevelError, "the patient's own no went on without a policy", slog.Any("error", err))
		if s, err = b.snapshot(ctx, p); err == nil && s.Missing {
			err = &Error{Code: CodeForbidden}
		}
	}
	return s, d, err
}

func (b *Bridge) rulingOn(ctx context.Context, c Caller, p PatientID, may func(context.Context, Caller, PatientID) (*Snapshot, Decision, error), act func(*passage, answer) error) error {
	for range maxRetries {
		s, d, err := may(ctx, c, p)
		if err != nil {
			return err
		}
		err = b.store.Update(ctx, p, func(tx Tx) error {
			if err := b.stillTrue(tx, c, s); err != nil {
				return err
			}
			if d.over(b.now()) {
				return errEpochMoved
			}
			self, err := b.self(tx, c)
			if err != nil {
				return err
			}
			g := &passage{tx: tx, snapshot: s}
			a := answer{Question: Question{Now: b.now(), From: self}}
			if err := act(g, a); err != nil {
				return err
			}
			if g.recorded == 0 {
				return errors.New("ruling: nothing was recorded")
			}
			return nil
		})
		b.dropSnapshot(p)
		if errors.Is(err, errEpochMoved) {
			continue
		}
		if err != nil {
			return b.told(err)
		}
		return nil
	}
	return &Error{Code: CodeBusy, Message: "the patient's record is changing"}
}

// ConsentText is the text for a scope in a language, as the patient will read
// it: for who decides for the patient, and for whoever is named in it.
func (b *Bridge) ConsentText(ctx context.Context, c Caller, p PatientID, scope Scope, language string) (ConsentText, error) {
	if err := scope.validate(); err != nil {
		return ConsentText{}, err
	}
	_, err := b.mayConsent(ctx, c, p)
	if CodeOf(err) == CodeForbidden { // and not where nothing could be decided
		err = b.namedHere(ctx, c, p, scope)
	}
	if err != nil {
		return ConsentText{}, err
	}
	var text ConsentText
	err = b.store.View(ctx, func(tx Tx) (err error) {
		text, err = b.text(tx, &scope, language)
		return err
	})
	if err != nil {
		return ConsentText{}, b.told(err)
	}
	return text, nil
}

// namedHere lets those through who are involved with the patient and named in the
// scope. It passes the gate, as an answer tells that there is such a patient.
func (b *Bridge) namedHere(ctx context.Context, c Caller, p PatientID, scope Scope) error {
	_, err := b.pass(Reading(ctx), c, p, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		return []Question{{Action: ActionSee, From: self, To: self}}, err
	}, func(g *passage) error {
		a := g.answers[0]
		if !slices.ContainsFunc(slices.Concat(scope.From, scope.To), func(x Party) bool { return x.names(g.snapshot, a.To, a.Now) }) {
			return &Error{Code: CodeForbidden, Message: "the consent has nothing to do with you"}
		}
		return g.record(ledger.KindSeen, a, as("consents"))
	})
	return err
}

// text words a scope. The instant that a consent starts is not in the text, so
// that its hash is the same when it is shown and when it is granted.
func (b *Bridge) text(tx Tx, scope *Scope, language string) (ConsentText, error) {
	names, err := b.partyNames(tx, scope)
	if err != nil {
		return ConsentText{}, err
	}
	return b.texts.Consent(scope, names, language), nil
}

// Grant gives a consent. It takes effect at its commit; messages that were held
// for the request then go by themselves. An active consent of the same scope is
// superseded.
func (b *Bridge) Grant(ctx context.Context, c Caller, n NewGrant) (Consent, error) {
	if err := checkMID(n.MID); err != nil {
		return Consent{}, err
	}
	var told pokes
	var consent Consent
	var fresh bool
	act := func(g *passage, a answer) (err error) {
		told, fresh = nil, false
		old, err := g.tx.Consents().Consent(ConsentID(n.MID))
		if err == nil {
			if consent = old; old.Patient != n.Patient || old.GrantedBy != c.Party && old.Evidence.RecordedBy != c.Party {
				return &Error{Code: CodeConflict, Message: "this mid was another consent"}
			}
			if n.Scope != nil && !sameScope(*n.Scope, old.Scope) || n.Request != old.Request {
				return &Error{Code: CodeConflict, Message: "this mid was another consent"}
			}
			return g.record(ledger.KindGranted, a, consentWords(consent))
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		fresh = true
		consent, err = b.grant(g, c, n, a, &told)
		return err
	}
	err := b.granting(ctx, c, n, act)
	if err != nil {
		return Consent{}, err
	}
	b.poke(told)
	if fresh {
		b.release(ctx, n.Patient, consent.Request)
	}
	return consent, nil
}

// granting runs act for the patient or who acts for them; or for a professional
// of the care team who puts a consent on record that was given on paper or orally
// (Sundhedsloven s. 42).
func (b *Bridge) granting(ctx context.Context, c Caller, n NewGrant, act func(*passage, answer) error) error {
	switch n.Form {
	case "", FormSignedIn:
		return b.ruling(ctx, c, n.Patient, act)
	case FormPaper, FormOral, FormWaived:
	default:
		return BadRequest("form is signed-in, paper, oral or waived")
	}
	if c.Party.Type() != TypePractitionerRole {
		return BadRequest("paper and oral consents are put on record by a professional")
	}
	if n.Form == FormWaived && n.Reason == "" {
		return BadRequest("a waiver says why")
	}
	_, err := b.pass(Essential(ctx), c, n.Patient, func(tx Tx, s *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		return []Question{{Action: ActionSee, From: self, To: self}}, err
	}, func(g *passage) error {
		if !g.inTeam(g.answers[0].From, g.answers[0].Now) {
			return &Error{Code: CodeForbidden, Message: "only the care team puts consents on record"}
		}
		return act(g, g.answers[0])
	})
	b.dropSnapshot(n.Patient)
	return err
}

// inTeam reports whether x is in the care team at now.
func (g *passage) inTeam(x Actor, now time.Time) bool {
	return slices.ContainsFunc(g.snapshot.Team, func(m CareTeamMember) bool {
		return m.Period.Contains(now) && Party{Ref: m.Member}.names(g.snapshot, x, now)
	})
}

// grant writes the consent, and the epoch that it makes, in the gate's transaction
// (I1).
func (b *Bridge) grant(g *passage, c Caller, n NewGrant, a answer, told *pokes) (Consent, error) {
	consent := Consent{
		ID: ConsentID(n.MID), Patient: n.Patient, State: ConsentActive, GrantedBy: c.Party, GrantedAt: a.Now, Request: n.Request,
		Evidence: Evidence{Form: n.Form, Language: n.Language, TextHash: n.TextHash, RecordedBy: c.Party, Reason: n.Reason},
	}
	if n.Form == "" {
		consent.Evidence.Form = FormSignedIn
	}
	if c.Party.Type() == TypePractitionerRole {
		consent.GrantedBy = n.Patient.Ref()
	}
	request, err := g.answering(n)
	if err != nil {
		return consent, err
	}
	if err := b.scope(g, n, request, a, &consent); err != nil {
		return consent, err
	}
	if err := g.supersede(&consent, a); err != nil {
		return consent, err
	}
	if consent.GrantedEpoch, err = g.tx.Patients().Bump(n.Patient); err != nil {
		return consent, err
	}
	if err := g.tx.Consents().Put(consent); err != nil {
		return consent, err
	}
	parties, err := b.concerned(g, consent.Scope, a.Now)
	if err != nil {
		return consent, err
	}
	if request != nil {
		request.State, request.AnsweredAt, request.Consent = RequestGranted, a.Now, consent.ID
		if err := g.tx.Consents().PutRequest(*request); err != nil {
			return consent, err
		}
		parties = union(parties, []Ref{request.By})
	}
	e := Event{Kind: EventConsent, At: a.Now, Patient: n.Patient, Consent: consent.ID, Request: consent.Request, By: c.Party, State: string(ConsentActive)}
	if err := g.tellPatient(e, told, parties...); err != nil {
		return consent, err
	}
	return consent, g.record(ledger.KindGranted, a, consentWords(consent))
}

// answering reads the request that a grant answers, nil when it answers none.
func (g *passage) answering(n NewGrant) (*ConsentRequest, error) {
	if n.Request == "" {
		if n.Scope == nil {
			return nil, BadRequest("a grant names a request or a scope")
		}
		return nil, nil
	}
	r, err := g.tx.Consents().Request(n.Request)
	if errors.Is(err, ErrNotFound) || err == nil && r.Patient != n.Patient {
		return nil, &Error{Code: CodeNotFound, Message: "no such request"}
	}
	if err == nil && r.State != RequestPending {
		return nil, &Error{Code: CodeConflict, Message: "the request has been answered"}
	}
	return &r, err
}

// scope settles what is consented to, under which rule, and that the text shown
// was its text.
func (b *Bridge) scope(g *passage, n NewGrant, request *ConsentRequest, a answer, consent *Consent) error {
	asked := n.Scope
	if asked == nil {
		asked = &request.Scope
	}
	if err := asked.validate(); err != nil {
		return err
	}
	text, err := b.text(g.tx, asked, n.Language)
	if err != nil {
		return err
	}
	if consent.Evidence.Form != FormWaived && text.Hash != n.TextHash {
		return &Error{Code: CodeConflict, Message: "the text that was shown is not the text of this consent"}
	}
	consent.Evidence.Language, consent.Evidence.TextVersion = text.Language, text.Version
	rule, err := b.rule(g.tx, g.snapshot, asked, a.Now)
	if err != nil {
		return err
	}
	if !slices.Contains(rule.Forms, consent.Evidence.Form) {
		return BadRequest("this consent can't be given in that form")
	}
	consent.Basis = rule.Basis
	consent.Scope, err = asked.settle(rule, a.Now)
	return err
}

// supersede ends an active consent of the same scope.
func (g *passage) supersede(consent *Consent, a answer) error {
	for _, old := range g.snapshot.Consents {
		if !sameScope(old.Scope, consent.Scope) {
			continue
		}
		old.State, old.EndedAt, old.EndedEpoch, old.EndedBy = ConsentSuperseded, a.Now, g.snapshot.Epoch+1, a.From.Ref
		consent.Supersedes = old.ID
		if err := g.tx.Consents().Put(old); err != nil {
			return err
		}
	}
	return nil
}

func consentWords(c Consent) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		e.Consents, e.Request, e.Basis = []string{string(c.ID)}, string(c.Request), c.Basis
		e.Topics = words(c.Scope.Topics)
		if len(c.Scope.Purposes) == 1 {
			e.Purpose = string(c.Scope.Purposes[0])
		}
	}
}

// concerned lists whom a scope is about now.
func (b *Bridge) concerned(g *passage, s Scope, now time.Time) ([]Ref, error) {
	all, err := b.resolve(g.tx, g.snapshot, roleParties(g.tx, slices.Concat(s.From, s.To)), now)
	var refs []Ref
	for _, r := range all {
		if r.Ref != "" {
			refs = append(refs, r.Ref)
		}
	}
	return refs, err
}

// roleParties puts practitioners' roles in the place of practitioners.
func roleParties(tx Tx, in []Party) []Party {
	var out []Party
	for _, p := range in {
		if p.Ref.Type() != TypePractitioner {
			out = append(out, p)
			continue
		}
		entries, err := tx.Directory().Find(DirectoryQuery{Practitioner: p.Ref.ID(), ActiveOnly: true})
		if err != nil {
			continue // they are only told; who may do what does not depend on it
		}
		for _, e := range entries {
			out = append(out, Party{Ref: e.Role.Reference()})
		}
	}
	return out
}
