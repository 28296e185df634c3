// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// ringOmar is how Berg rings the support worker about Amira.
var ringOmar = wire.LineRing{
	MID: "ring-omar-1", Patient: amira, Wanted: bridge.Party{Ref: "PractitionerRole/" + omar}, Purpose: bridge.PurposeCareCoordination,
	Case: "NS-2041", Topics: []bridge.Topic{bridge.TopicMentalHealth}, Note: "She did not come today.",
}

// ringEvent reads up to a push of the type, answering pokes as a client does.
func (c *client) ringEvent(t wire.PushType) wire.RingEvent {
	c.t.Helper()
	push := c.until(func(s wire.Server) bool {
		if s.Type == wire.PushPoke || s.Ping() {
			c.say("", nil)
		}
		return s.Type == t
	})
	var e wire.RingEvent
	if err := push.Event.Into(&e); err != nil {
		c.t.Fatal(err)
	}
	if t == wire.PushLineRinging && (strings.Contains(string(push.Event.Data), "amira") || strings.Contains(string(push.Event.Data), "did not come")) {
		c.t.Errorf("the push says what it is about: %s", push.Event.Data)
	}
	return e
}

func ring(t *testing.T, c *client, cmd wire.CommandType, d any) bridge.RingView {
	t.Helper()
	var a wire.RingAnswer
	if err := c.ask(cmd, d).Into(&a); err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	return a.Ring
}

func TestEveryDeviceRingsOneAnswersAndTheOthersStop(t *testing.T) {
	r := newRegion(t)
	doctor, phone, desk := r.login(berg), r.login(omar), r.login(omar)
	r.present(ringOmar.Wanted.Ref)
	made := ring(t, doctor, wire.CmdLineRing, ringOmar)
	if made.State != bridge.RingRinging || !slices.Contains(made.Ringing, ringOmar.Wanted.Ref) {
		t.Fatalf("rang: %+v", made)
	}
	for _, device := range []*client{phone, desk} {
		if e := device.ringEvent(wire.PushLineRinging); e.Ring != made.ID || e.View == nil || e.View.LeftMS <= 0 {
			t.Fatalf("a device was told %+v", e)
		}
	}
	late := r.dial()
	late.start()
	if again := late.hello(omar); len(again.Rings) != 1 || again.Rings[0].ID != made.ID || again.Rings[0].Patient != "" {
		t.Fatalf("who connects while it rings is told %+v", again.Rings)
	}
	late.conn.Close()
	for range late.in {
	}
	about := desk.ask(wire.CmdLineShow, wire.RingOf{Ring: made.ID})
	var claim bridge.RingClaim
	if err := about.Into(&claim); err != nil || claim.Patient != amira || claim.Note != ringOmar.Note || claim.Disclosure == "" || about.Beat == 0 {
		t.Fatalf("claimed %+v behind beat %d, %v", claim, about.Beat, err)
	}
	desk.say(wire.CmdAck, wire.Ack{Shown: []bridge.DisclosureID{claim.Disclosure}})
	won := ring(t, desk, wire.CmdLineAccept, wire.RingOf{Ring: made.ID})
	if won.State != bridge.RingAccepted || won.Conversation == "" || won.Mine != bridge.SideTalker {
		t.Fatalf("answered: %+v", won)
	}
	if e := doctor.ringEvent(wire.PushLineState); e.View == nil || e.View.By != ringOmar.Wanted.Ref || e.View.Conversation != won.Conversation {
		t.Fatalf("who rang was told %+v", e)
	}
	if e := phone.ringEvent(wire.PushLineState); e.Ring != made.ID || e.View == nil || e.View.Device != won.Device || won.Device == "" {
		t.Fatalf("the other device was told %+v", e) // that another device of theirs answered
	}
	if lost := phone.ask(wire.CmdLineAccept, wire.RingOf{Ring: made.ID}); lost.Err == nil || lost.Err.Code != bridge.CodeRingTaken {
		t.Fatalf("the other device answers too: %+v", lost)
	}
	if over := ring(t, doctor, wire.CmdLineEnd, wire.RingOf{Ring: made.ID}); over.State != bridge.RingEnded {
		t.Fatalf("ended: %+v", over)
	}
}

func TestAWithdrawalEndsTheTalkBeforeItIsAnswered(t *testing.T) {
	r := newRegion(t)
	doctor, worker, patient := r.login(berg), r.login(omar), r.login("amira")
	r.present(ringOmar.Wanted.Ref)
	made := ring(t, doctor, wire.CmdLineRing, ringOmar)
	ring(t, worker, wire.CmdLineAccept, wire.RingOf{Ring: made.ID})
	withdraw := wire.ConsentWithdraw{Patient: amira, Consent: consentOf(t, patient)}
	if got := patient.ask(wire.CmdConsentWithdraw, withdraw); got.Err != nil {
		t.Fatalf("%+v", got.Err)
	}
	for _, c := range []*client{doctor, worker} {
		for {
			if e := c.ringEvent(wire.PushLineState); e.View != nil && e.View.State == bridge.RingEnded {
				if c == worker && len(e.View.Topics) > 0 {
					t.Errorf("what it was about is told again: %+v", e.View)
				}
				break
			}
		}
	}
	// Behind the events: who waits for an answer does not keep what comes before it.
	if show := worker.ask(wire.CmdLineShow, wire.RingOf{Ring: made.ID}); show.Err == nil && strings.Contains(string(show.OK), ringOmar.Note) {
		t.Errorf("what it was about is still told: %s", show.OK)
	}
}

func TestARingThatIsRefusedSaysWhatCanBeDone(t *testing.T) {
	r := newRegion(t)
	doctor, patient := r.login(berg), r.login("amira")
	withdraw := wire.ConsentWithdraw{Patient: amira, Consent: consentOf(t, patient)}
	if got := patient.ask(wire.CmdConsentWithdraw, withdraw); got.Err != nil {
		t.Fatalf("%+v", got.Err)
	}
	refused := doctor.ask(wire.CmdLineRing, ringOmar)
	if refused.Err == nil || len(refused.Err.Reasons) == 0 || len(refused.Err.Remedies) == 0 {
		t.Fatalf("rang without a consent: %+v", refused)
	}
}

func TestAQueueIsSeenFromBothItsEnds(t *testing.T) {
	r := newRegion(t)
	worker := bridge.Ref("PractitionerRole/" + omar)
	line := bridge.Line{
		ID: "support-line", Organization: r.employer(omar), Name: "Support, professionals' line", Active: true, Capacity: 1,
		Tiers:   []bridge.Tier{{Members: []bridge.Ref{worker}}},
		Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Start: "00:00", End: "24:00"}}},
	}
	if _, err := r.bridge.PutLine(t.Context(), bridge.Caller{Admin: true}, line); err != nil {
		t.Fatal(err)
	}
	doctor := r.login(berg)
	viaLine := ringOmar
	viaLine.MID, viaLine.Wanted, viaLine.Line = "ring-line-1", bridge.Party{}, line.ID
	made := ring(t, doctor, wire.CmdLineRing, viaLine) // nobody of it is there
	for made.State == bridge.RingRinging {
		e := doctor.ringEvent(wire.PushLineState)
		made = *e.View
	}
	if made.State != bridge.RingUnanswered || made.Fallback == nil || made.Fallback.Line != line.ID {
		t.Fatalf("nobody was there: %+v", made)
	}
	var asked wire.CallbackAnswer
	if err := doctor.ask(wire.CmdCallbackAsk, bridge.NewCallback{MID: "callback-1", Ring: made.ID}).Into(&asked); err != nil {
		t.Fatal(err)
	}
	support := r.login(omar)
	var queue wire.CallbacksListed
	if err := support.ask(wire.CmdCallbackList, wire.CallbackList{Line: line.ID}).Into(&queue); err != nil || len(queue.Callbacks) != 1 {
		t.Fatalf("the queue is %+v, %v", queue, err)
	}
	var taken wire.CallbackAnswer
	if err := support.ask(wire.CmdCallbackTake, wire.CallbackOf{Callback: asked.Callback.ID}).Into(&taken); err != nil || taken.Callback.Taker != worker {
		t.Fatalf("took %+v, %v", taken, err)
	}
	closed := wire.CallbackEnd{Callback: asked.Callback.ID, Outcome: bridge.CallbackTalked}
	if err := support.ask(wire.CmdCallbackClose, closed).Into(&taken); err != nil || taken.Callback.State != bridge.CallbackClosed {
		t.Fatalf("closed %+v, %v", taken, err)
	}
	var mine wire.CallbacksListed
	if err := doctor.ask(wire.CmdCallbackList, wire.CallbackList{}).Into(&mine); err != nil {
		t.Fatal(err)
	}
}

// present waits until live state knows that somebody is there: before, they can't
// be rung.
func (r *region) present(party bridge.Ref) {
	online := make(chan struct{}, 1)
	defer r.bridge.Live().Watch(party, func(p bridge.Presence) {
		if p.State == bridge.PresenceOnline {
			select {
			case online <- struct{}{}:
			default:
			}
		}
	})()
	<-online
}

// employer is the organization of somebody of the demo region.
func (r *region) employer(name string) string {
	r.t.Helper()
	var id string
	err := r.bridge.Store().View(r.t.Context(), func(tx bridge.Tx) error {
		role, err := tx.Directory().Role(name)
		id = role.Organization
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}
