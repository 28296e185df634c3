// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

const clinicLine = bridge.LineID("noerregade-fagfolk")

func (s *story) ringTheOneWhoKnows(ctx context.Context) (err error) {
	if s.second, err = s.enter(ctx, "psy-lund"); err != nil {
		return err
	}
	if s.nurse, err = s.enter(ctx, "nur-skov"); err != nil {
		return err
	}
	for _, who := range []bridge.CareFunction{bridge.FunctionTreatingPsychiatrist, bridge.FunctionContactNurse} {
		if err := s.reachable(ctx, bridge.WhoQuery{Patient: patient, Wanted: bridge.Party{Function: who}, Purpose: bridge.PurposeTreatment}); err != nil {
			return err
		}
	}
	v, err := s.gp.client.Ring(ctx, wire.LineRing{
		MID: "story-" + s.run + "-ring", Patient: patient, Wanted: bridge.Party{Function: bridge.FunctionTreatingPsychiatrist},
		Purpose: bridge.PurposeTreatment, Topics: []bridge.Topic{bridge.TopicMedication}, Note: "He has not come for his blood tests.",
	})
	if err != nil {
		return err
	}
	s.ring = v.ID
	for _, device := range []*player{s.psychiatrist, s.second} {
		if err := device.hears(ctx, device.rings, v.ID); err != nil {
			return err
		}
	}
	s.say("rings both", "gp", s.who(s.gp), "psychiatrist", s.who(s.psychiatrist))
	if err := s.reads(ctx, s.psychiatrist); err != nil {
		return err
	}
	if v, err = s.psychiatrist.client.AcceptRing(ctx, v.ID); err != nil {
		return err
	}
	if err := s.second.hears(ctx, s.second.stops, v.ID); err != nil {
		return err
	}
	s.say("one answers", "who", s.who(s.psychiatrist))
	sent, err := s.gp.send(ctx, s.draft("talk", v.Conversation, bridge.TopicMedication, "Can somebody fetch him on Thursday?"))
	if err != nil {
		return err
	}
	_, err = s.psychiatrist.message(ctx, func(m brobygger.Message) bool { return m.ID == sent.Message })
	return err
}

func (s *story) handOver(ctx context.Context) error {
	h := wire.RingHandOver{Ring: s.ring, To: bridge.HandTo{Party: s.nurse.client.Session().Party}, Note: "You know when he is at home."}
	if _, err := s.psychiatrist.client.HandOver(ctx, h); err != nil {
		return err
	}
	if err := s.nurse.hears(ctx, s.nurse.rings, s.ring); err != nil {
		return err
	}
	if err := s.reads(ctx, s.nurse); err != nil {
		return err
	}
	if _, err := s.nurse.client.AcceptRing(ctx, s.ring); err != nil {
		return err
	}
	s.out.learn(ctx, patient, h.To.Party)
	s.say("was handed over", "from", s.who(s.psychiatrist), "to", s.who(s.nurse))
	v, err := s.nurse.client.EndRing(ctx, s.ring)
	if err != nil {
		return err
	}
	if v.State != bridge.RingEnded {
		return fmt.Errorf("the talk is %s", v.State)
	}
	s.say("talk over")
	return nil
}

func (s *story) nobodyAnswers(ctx context.Context) error {
	off := bridge.NewSwitch{Line: clinicLine, Until: time.Now().Add(time.Hour), Reason: "in the consulting room"}
	if err := s.gp.client.SwitchMe(ctx, off); err != nil {
		return err
	}
	v, err := s.worker.client.Ring(ctx, wire.LineRing{
		MID: "story-" + s.run + "-line", Patient: patient, Line: clinicLine, Purpose: bridge.PurposeSocialCasework, Case: caseNo,
		Topics: []bridge.Topic{bridge.TopicMedication},
	})
	if err := errors.Join(err, s.gp.client.SwitchMe(ctx, bridge.NewSwitch{Line: clinicLine, On: true, Until: off.Until})); err != nil {
		return err
	}
	if v.State != bridge.RingUnanswered || v.Fallback == nil || v.Fallback.Line != clinicLine {
		return fmt.Errorf("the line should be unanswered at once, and is %s", v.State)
	}
	s.say("rang the line", "who", s.who(s.worker), "line", v.LineName)
	c, err := s.worker.client.AskCallback(ctx, bridge.NewCallback{MID: "story-" + s.run + "-back", Ring: v.ID})
	if err != nil {
		return err
	}
	s.say("in the queue", "n", c.Before, "when", s.out.when(c.DueAt))
	if c, err = s.gp.client.TakeCallback(ctx, c.ID); err != nil {
		return err
	}
	s.say("takes it", "who", s.who(s.gp))
	if c, err = s.gp.client.CloseCallback(ctx, c.ID, bridge.CallbackTalked); err != nil {
		return err
	}
	if !c.Kept() {
		return fmt.Errorf("the callback is %s, and not kept", c.State)
	}
	s.say("rang back")
	return nil
}

// reachable waits until live state has heard of who has just connected.
func (s *story) reachable(ctx context.Context, q bridge.WhoQuery) error {
	for {
		got, err := s.gp.client.WhoCanBeRung(ctx, q)
		if err != nil || got.State == bridge.WhoAvailable {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the %s can't be rung (%s): %w", q.Wanted.Function, got.State, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// reads shows somebody what a ring is about.
func (s *story) reads(ctx context.Context, p *player) error {
	var claim bridge.RingClaim
	if err := p.client.ShowRing(ctx, s.ring, func(c bridge.RingClaim) { claim = c }); err != nil {
		return err
	}
	if claim.Patient != patient || claim.Note == "" {
		return fmt.Errorf("%s is not shown what the ring is about: %v", p.name, claim.Withheld)
	}
	for _, note := range []string{claim.Note, claim.HandedNote} {
		if note != "" {
			s.say("reads", "who", s.who(p), "text", note)
		}
	}
	return nil
}

// hears waits for an event of the ring.
func (p *player) hears(ctx context.Context, ch <-chan brobygger.Ringing, id bridge.RingID) error {
	_, err := next(ctx, ch, p.name+" waits for a ring", func(r brobygger.Ringing) bool { return r.Ring == id })
	return err
}
