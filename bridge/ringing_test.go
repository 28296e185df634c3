// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// board is who takes rings, as a test says it; away, it answers nothing.
type board struct {
	mu       sync.Mutex // guards the following fields
	on       map[bridge.LineID]map[bridge.Ref]bool
	reserved map[bridge.Ref]bridge.RingID
	away     bool
}

func (b *board) err() error {
	if b.away {
		return &bridge.Error{Code: bridge.CodeBusy, Message: "live state is away"}
	}
	return nil
}

func (b *board) SignOn(_ context.Context, signs []bridge.Sign) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range signs {
		if b.on[s.Line] == nil {
			b.on[s.Line] = map[bridge.Ref]bool{}
		}
		b.on[s.Line][s.Party] = true
	}
	return b.err()
}

func (b *board) SignOff(_ context.Context, line bridge.LineID, party bridge.Ref) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.on[line], party)
	return b.err()
}

func (b *board) Available(_ context.Context, lines []bridge.LineID) ([]bridge.Availability, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []bridge.Availability
	for _, l := range lines {
		a := bridge.Availability{Line: l}
		for p := range b.on[l] {
			a.On = append(a.On, p)
		}
		slices.Sort(a.On)
		all = append(all, a)
	}
	return all, b.err()
}

func (b *board) Reserve(_ context.Context, party bridge.Ref, ring bridge.RingID, _ time.Duration) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if had, ok := b.reserved[party]; ok && had != ring {
		return false, b.err()
	}
	b.reserved[party] = ring
	return true, b.err()
}

func (b *board) Release(_ context.Context, party bridge.Ref, ring bridge.RingID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reserved[party] == ring {
		delete(b.reserved, party)
	}
	return b.err()
}

func (b *board) Reserved(context.Context, []bridge.Ref) (map[bridge.Ref]bridge.RingID, error) {
	return nil, b.err()
}

func (b *board) WatchLine(bridge.LineID, func()) func() { return func() {} }

// desk is a region with a line of team 2, and who is there.
type desk struct {
	*bridgetest.World
	t     *testing.T
	board *board
}

func newDesk(t *testing.T, options ...bridgetest.Option) *desk {
	t.Helper()
	b := &board{on: map[bridge.LineID]map[bridge.Ref]bool{}, reserved: map[bridge.Ref]bridge.RingID{}}
	options = append(options, func(c *bridge.Config) { c.Board = b })
	d := &desk{World: bridgetest.New(t, options...), t: t, board: b}
	d.put(bridge.Line{
		ID: "team-2", Organization: "team-2", Name: "Team 2", Active: true, Capacity: 3,
		Tiers:   []bridge.Tier{{Members: []bridge.Ref{bridgetest.Role("nurse")}}, {Members: []bridge.Ref{bridgetest.Role("psy")}}},
		Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, Start: "08:00", End: "16:00"}}},
		Promise: bridge.Promise{AnswerSeconds: 30, CallbackMinutes: 120},
	})
	return d
}

func (d *desk) put(l bridge.Line) {
	d.t.Helper()
	if _, err := d.PutLine(d.t.Context(), d.As("admin"), l); err != nil {
		d.t.Fatalf("putting a line: %v", err)
	}
}

// there connects people: they are online, and sign on to their lines.
func (d *desk) there(names ...string) {
	d.t.Helper()
	for _, name := range names {
		c := bridge.Connection{Party: bridgetest.Role(name), ID: "of-" + name}
		if err := d.Live().Touch(d.t.Context(), []bridge.Connection{c}); err != nil {
			d.t.Fatal(err)
		}
		if err := d.SignOn(d.t.Context(), []bridge.Ref{c.Party}); err != nil {
			d.t.Fatal(err)
		}
	}
}

func newRing(wanted string, topics ...bridge.Topic) bridge.NewRing {
	n := bridge.NewRing{MID: bridgetest.MID(), Patient: "jens", Wanted: bridgetest.Party(wanted), Purpose: bridge.PurposeTreatment, Topics: topics, Note: "he does not sleep", Session: "phone"}
	if len(topics) == 0 {
		n.Topics = []bridge.Topic{bridge.TopicMedication}
	}
	return n
}

func (d *desk) ring(from string, n bridge.NewRing) bridge.RingView {
	d.t.Helper()
	v, err := d.Ring(d.t.Context(), d.As(from), n)
	if err != nil {
		d.t.Fatalf("%s rings: %v", from, err)
	}
	return v
}

// pass moves the clock and does what is due.
func (d *desk) pass(by time.Duration) {
	d.t.Helper()
	d.Clock.Advance(by)
	if err := d.Advance(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// seen is how a ring stands for its caller.
func (d *desk) seen(from string, id bridge.RingID) bridge.RingView {
	d.t.Helper()
	c, err := d.ShowRing(d.t.Context(), d.As(from), fresh, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return c.Ring
}

func (d *desk) kinds(p bridge.PatientID) []ledger.Kind {
	d.t.Helper()
	views, err := d.Entries(d.t.Context(), d.As(string(p)), p, 0, 500, "en")
	if err != nil {
		d.t.Fatal(err)
	}
	var all []ledger.Kind
	for _, v := range views {
		all = append(all, v.Entry.Kind)
	}
	return all
}

// lineStates are what the events of lines say, of somebody's log.
func lineStates(events []bridge.Delivered) []string {
	var all []string
	for _, d := range events {
		if d.Event.Kind == bridge.EventLineRinging || d.Event.Kind == bridge.EventLineStop || d.Event.Kind == bridge.EventLineState || d.Event.Kind == bridge.EventLineCallback {
			all = append(all, string(d.Event.Kind)+" "+d.Event.State)
		}
	}
	return all
}

func TestAGPRingsThePsychiatristAndTheNurseAnswers(t *testing.T) {
	d := newDesk(t)
	d.there("psy", "nurse")
	ctx := t.Context()
	v := d.ring("gp", newRing("treating-psychiatrist"))
	if v.State != bridge.RingRinging || v.Via != "treating-psychiatrist" || !slices.Equal(v.Ringing, []bridge.Ref{bridgetest.Role("psy")}) || v.Line != "team-2" {
		t.Fatalf("rings as %+v", v)
	}
	psy := d.Reader("psy")
	got := psy.Fetch()
	if len(got) != 1 || got[0].Event.Kind != bridge.EventLineRinging || got[0].Event.Patient != "" || got[0].Event.By != "" || got[0].Ring == nil || got[0].Ring.LeftMS < 24_000 {
		t.Fatalf("the psychiatrist is told %+v", got)
	}
	if p := got[0].Ring; p.Patient != "" || p.Caller != "" || p.Topics != nil {
		t.Errorf("before anything is claimed the psychiatrist knows %+v", p)
	}
	claim, err := d.ShowRing(ctx, d.As("psy"), fresh, v.ID)
	if err != nil || claim.Note != "he does not sleep" || claim.Patient != "jens" || claim.Name != "Name of jens" || claim.Disclosure == "" {
		t.Fatalf("claimed %+v, %v", claim, err)
	}
	if err := d.Close(ctx, d.As("psy"), []bridge.DisclosureID{claim.Disclosure}, bridge.DisclosureShown); err != nil {
		t.Fatal(err)
	}
	d.pass(24 * time.Second)
	if s := d.seen("gp", v.ID); s.Via != "treating-psychiatrist" {
		t.Fatalf("after 24 s %+v", s)
	}
	d.pass(2 * time.Second)
	if s := d.seen("gp", v.ID); s.Via != "contact-nurse" || !slices.Equal(s.Ringing, []bridge.Ref{bridgetest.Role("nurse")}) {
		t.Fatalf("after 26 s %+v", s)
	}
	if d := cmp.Diff([]string{"line.stop missed"}, lineStates(psy.Fetch())); d != "" {
		t.Error(d)
	}
	a, err := d.AcceptRing(ctx, d.As("nurse"), "desk", v.ID)
	if err != nil || a.State != bridge.RingAccepted || a.Mine != bridge.SideTalker || a.Conversation == "" || a.Patient != "jens" {
		t.Fatalf("answered as %+v, %v", a, err)
	}
	late, err := d.AcceptRing(ctx, d.As("psy"), "desk", v.ID)
	bridgetest.MustDeny(t, err, bridge.CodeRingTaken)
	if late.By != bridgetest.Role("nurse") || late.Patient != "" {
		t.Errorf("who came too late is told %+v", late)
	}
	conv := bridge.Conversation{ID: a.Conversation}
	d.MustSend("gp", bridgetest.Draft(conv, "thank you", bridge.TopicMedication))
	peer, err := d.Talking(ctx, d.As("gp"), "phone", v.ID)
	if err != nil || peer.Party != bridgetest.Role("nurse") || peer.Session != "desk" {
		t.Fatalf("talks with %+v, %v", peer, err)
	}
	d.Clock.Advance(90 * time.Second)
	e, err := d.EndRing(ctx, d.As("gp"), v.ID)
	if err != nil || e.State != bridge.RingEnded {
		t.Fatalf("ended as %+v, %v", e, err)
	}
	if len(d.board.reserved) != 0 {
		t.Errorf("after the talk taken are %v", d.board.reserved)
	}
	want := []ledger.Kind{ledger.KindRung, ledger.KindDisclosed, ledger.KindRung, ledger.KindOpened, ledger.KindAccepted, ledger.KindTalked}
	if d := cmp.Diff(want, d.kinds("jens")); d != "" {
		t.Error(d)
	}
	wantStates := []string{"line.state ringing", "line.state ringing", "line.state accepted", "line.state ended"}
	if d := cmp.Diff(wantStates, lineStates(d.Reader("gp").Fetch())); d != "" {
		t.Error(d)
	}
}

func TestNobodyAnswersAndTheCallerIsRungBack(t *testing.T) {
	d := newDesk(t)
	d.there("nurse", "psy")
	ctx := t.Context()
	v := d.ring("gp", newRing("treating-psychiatrist"))
	if _, err := d.DeclineRing(ctx, d.As("psy"), v.ID, "in a talk", "after two"); err != nil {
		t.Fatal(err)
	}
	if s := d.seen("gp", v.ID); s.Via != "contact-nurse" || s.State != bridge.RingRinging {
		t.Fatalf("after the no %+v", s)
	}
	claim, err := d.ShowRing(ctx, d.As("gp"), fresh, v.ID)
	if err != nil || len(claim.Declines) != 1 || claim.Declines[0].Suggest != "after two" || claim.Disclosure == "" {
		t.Fatalf("the GP is told %+v, %v", claim, err)
	}
	if err := d.Close(ctx, d.As("gp"), []bridge.DisclosureID{claim.Disclosure}, bridge.DisclosureShown); err != nil {
		t.Fatal(err)
	}
	d.pass(bridge.RingTime - time.Second)
	if s := d.seen("gp", v.ID); s.State != bridge.RingRinging {
		t.Fatalf("it rings for 90 s, and is %+v", s)
	}
	d.pass(2 * time.Second)
	s := d.seen("gp", v.ID)
	if f := s.Fallback; s.State != bridge.RingUnanswered || f == nil || f.Line != "team-2" || f.Inbox != "Organization/team-2" || f.Promise.CallbackMinutes != 120 || len(f.Windows) != 3 {
		t.Fatalf("unanswered as %+v, %+v", s, s.Fallback)
	}
	_, err = d.AcceptRing(ctx, d.As("nurse"), "desk", v.ID)
	bridgetest.MustDeny(t, err, bridge.CodeRingExpired)

	ask := bridge.NewCallback{MID: bridgetest.MID(), Ring: v.ID}
	_, err = d.AskCallback(ctx, d.As("nurse"), ask)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	cb, err := d.AskCallback(ctx, d.As("gp"), ask)
	if err != nil || cb.State != bridge.CallbackWaiting || cb.Before != 0 || cb.All != 1 || cb.DueAt.Sub(cb.AskedAt) != 2*time.Hour {
		t.Fatalf("asked for %+v, %v", cb, err)
	}
	if again, err := d.AskCallback(ctx, d.As("gp"), ask); err != nil || again.ID != cb.ID {
		t.Errorf("asked again %+v, %v", again, err)
	}
	_, err = d.Callbacks(ctx, d.As("sw"), "team-2")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	queue, err := d.Callbacks(ctx, d.As("nurse"), "team-2")
	if err != nil || len(queue) != 1 || queue[0].Patient != "jens" || queue[0].CallerName != "Name of gp, Clinic" {
		t.Fatalf("the queue is %+v, %v", queue, err)
	}
	nurse := d.Reader("nurse")
	nurse.Fetch()
	d.pass(106 * time.Minute) // 15 minutes before it is due
	if d := cmp.Diff([]string{"line.callback reminded"}, lineStates(nurse.Fetch())); d != "" {
		t.Error(d)
	}
	if _, err := d.TakeCallback(ctx, d.As("nurse"), cb.ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.TakeCallback(ctx, d.As("psy"), cb.ID)
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
	_, err = d.CloseCallback(ctx, d.As("nurse"), cb.ID, bridge.CallbackNotReached)
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	if _, err := d.RetryCallback(ctx, d.As("nurse"), cb.ID); err != nil {
		t.Fatal(err)
	}
	d.pass(15 * time.Minute)
	if d := cmp.Diff([]string{"line.callback taken", "line.callback retry", "line.callback broken"}, lineStates(nurse.Fetch())); d != "" {
		t.Error(d)
	}
	if _, err := d.TakeCallback(ctx, d.As("nurse"), cb.ID); err != nil {
		t.Fatal(err)
	}
	done, err := d.CloseCallback(ctx, d.As("nurse"), cb.ID, bridge.CallbackTalked)
	if err != nil || done.State != bridge.CallbackClosed || done.Tries != 2 {
		t.Fatalf("closed as %+v, %v", done, err)
	}
	if mine, err := d.MyCallbacks(ctx, d.As("gp")); err != nil || len(mine) != 1 || mine[0].Outcome != bridge.CallbackTalked {
		t.Errorf("the GP sees %+v, %v", mine, err)
	}
	r, err := d.LineReport(ctx, d.As("nurse"), "team-2", bridge.Period{Start: bridgetest.Noon, End: bridgetest.Noon.AddDate(0, 0, 1)})
	if err != nil || r.Calls != 1 || r.Unanswered != 1 || r.Callbacks != 1 || r.Broken != 1 {
		t.Errorf("the report says %+v, %v", r, err)
	}
}

func TestNobodyThereIsToldAtOnce(t *testing.T) {
	d := newDesk(t)
	v := d.ring("gp", newRing("treating-psychiatrist"))
	// Live state that does not know is no reason not to ring the person.
	for v.State == bridge.RingRinging {
		d.pass(bridge.RingTime)
		v = d.seen("gp", v.ID)
	}
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	v = d.ring("gp", n)
	if v.State != bridge.RingUnanswered || v.Fallback == nil || v.Fallback.DueAt.IsZero() {
		t.Errorf("a line with nobody there rings as %+v", v)
	}
	d.there("nurse")
	n.MID = bridgetest.MID()
	if v = d.ring("gp", n); v.Via != "tier-1" {
		t.Errorf("with the nurse there %+v", v)
	}
	if again := d.ring("gp", n); again.ID != v.ID {
		t.Errorf("the same mid rings again: %+v", again)
	}
	n.MID, n.Line = bridgetest.MID(), "none"
	_, err := d.Ring(t.Context(), d.As("gp"), n)
	bridgetest.MustDeny(t, err, bridge.CodeNotFound)
}

func TestAnOutsiderLearnsNothing(t *testing.T) {
	d := newDesk(t)
	d.there("nurse", "psy")
	ctx := t.Context()
	for _, p := range []bridge.PatientID{"jens", "nobody"} {
		n := newRing("treating-psychiatrist")
		n.Patient = p
		_, err := d.Ring(ctx, d.As("gp-other"), n)
		bridgetest.MustDeny(t, err, bridge.CodeForbidden, "no_relation")
		_, err = d.WhoCanBeRung(ctx, d.As("gp-other"), bridge.WhoQuery{Patient: p, Wanted: n.Wanted, Purpose: n.Purpose})
		bridgetest.MustDeny(t, err, bridge.CodeForbidden, "no_relation")
	}
	v := d.ring("gp", newRing("treating-psychiatrist"))
	for _, who := range []string{"gp-other", "nurse"} {
		_, err := d.ShowRing(ctx, d.As(who), fresh, v.ID)
		bridgetest.MustDeny(t, err, bridge.CodeForbidden)
		_, err = d.AcceptRing(ctx, d.As(who), "x", v.ID)
		bridgetest.MustDeny(t, err, bridge.CodeForbidden)
		_, err = d.CancelRing(ctx, d.As(who), v.ID)
		bridgetest.MustDeny(t, err, bridge.CodeForbidden)
		_, err = d.Talking(ctx, d.As(who), "x", v.ID)
		bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	}
	_, err := d.CancelRing(ctx, d.As("psy"), v.ID)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	n := newRing("treating-psychiatrist", bridge.TopicMedication)
	n.Purpose, n.Case = bridge.PurposeSocialCasework, "c-1"
	_, err = d.Ring(ctx, d.As("sw"), n)
	e := bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	i := slices.IndexFunc(e.Decision.Remedies, func(r bridge.Remedy) bool { return r.Kind == bridge.RemedyAskPatient })
	if i < 0 || e.Decision.Remedies[i].Scope.To[0] != n.Wanted {
		t.Errorf("the way out is %+v", e.Decision.Remedies)
	}
}
