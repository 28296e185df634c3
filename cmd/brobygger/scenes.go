// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// scenes are the steps of the story, in order.
var scenes = []func(*story, context.Context) error{
	(*story).signIn,
	(*story).toThePsychiatrist,
	(*story).refusedQuestion,
	(*story).askJens,
	(*story).sayYes,
	(*story).answer,
	(*story).ringTheOneWhoKnows,
	(*story).handOver,
	(*story).nobodyAnswers,
	(*story).lookAhead,
	(*story).takeBack,
	(*story).nothingPasses,
	(*story).readLog,
	(*story).unknownPatient,
}

const (
	patient  = bridge.PatientID("jens")
	caseNo   = "SOC-2026-17"
	question = "Which tablets does Jens take in the morning? I help him with the box."
)

func (s *story) signIn(ctx context.Context) error {
	for name, p := range map[string]**player{"gp-holm": &s.gp, "psy-lund": &s.psychiatrist, "sw-hanne": &s.worker, "jens": &s.jens} {
		entered, err := s.enter(ctx, name)
		if err != nil {
			return err
		}
		*p = entered
	}
	// What an earlier performance left behind goes first.
	list, err := s.jens.client.Consents(ctx, patient)
	if err != nil {
		return err
	}
	for _, c := range list.Consents {
		if c.State == bridge.ConsentActive {
			if _, err := s.jens.client.Withdraw(ctx, patient, c.ID); err != nil {
				return err
			}
		}
	}
	entries, err := allEntries(ctx, s.jens.client, patient, 0)
	if err == nil && len(entries) > 0 {
		s.before = entries[len(entries)-1].Entry.Seq
	}
	s.out.people = s.gp.people // who knows everybody of these
	s.out.learn(ctx, patient, s.gp.client.Session().Party, s.psychiatrist.client.Session().Party, s.worker.client.Session().Party)
	s.say("they are here", "gp", s.who(s.gp), "psychiatrist", s.who(s.psychiatrist), "worker", s.who(s.worker))
	return err
}

func (s *story) toThePsychiatrist(ctx context.Context) error {
	conv, err := s.gp.client.Open(ctx, bridge.NewConversation{
		MID: "story-" + s.run + "-treatment", Patient: patient, Purpose: bridge.PurposeTreatment,
		Members: []bridge.Party{{Function: bridge.FunctionTreatingPsychiatrist}},
	})
	if err != nil {
		return err
	}
	s.treatment = conv.ID
	d := s.draft("to-psychiatrist", conv.ID, bridge.TopicMedication, "Who follows the blood tests up after the discharge?")
	start := time.Now()
	sent, err := s.gp.send(ctx, d)
	if err != nil {
		return err
	}
	got, err := s.psychiatrist.message(ctx, func(m brobygger.Message) bool { return m.ID == sent.Message })
	if err != nil {
		return err
	}
	if text(got) != d.Parts[0].Text {
		return fmt.Errorf("the psychiatrist was shown %q", text(got))
	}
	s.say("wrote", "who", s.who(s.gp), "text", d.Parts[0].Text)
	s.say("was shown", "who", s.who(s.psychiatrist), "n", time.Since(start).Milliseconds())
	s.ground(sent.Recipients)
	return nil
}

func (s *story) refusedQuestion(ctx context.Context) error {
	conv, err := s.worker.client.Open(ctx, bridge.NewConversation{
		MID: "story-" + s.run + "-social", Patient: patient, Purpose: bridge.PurposeSocialCasework, Case: caseNo,
		Members: []bridge.Party{{Function: bridge.FunctionOwnGP}},
	})
	if err != nil {
		return err
	}
	s.social = conv.ID
	s.question = s.draft("question", conv.ID, bridge.TopicMedication, question)
	s.say("wants to ask", "who", s.who(s.worker), "text", question)
	_, err = s.worker.send(ctx, s.question)
	if s.refusal, err = s.refused(err, "the question"); err != nil {
		return err
	}
	if _, ok := s.refusal.Remedy(bridge.RemedyAskPatient); !ok {
		return errors.New("asking the patient is not among the remedies")
	}
	for _, r := range s.refusal.Remedies {
		s.say("way out", "remedy", s.out.texts().Remedy(r.Kind, s.out.language))
	}
	return nil
}

func (s *story) askJens(ctx context.Context) error {
	r, err := s.refusal.Ask(ctx, "So that I can help you with the tablet box in the morning.")
	if err != nil {
		return err
	}
	s.request = r
	if _, err := next(ctx, s.jens.consents, "jens waits for the request", func(c brobygger.Consent) bool { return c.Request == r.ID }); err != nil {
		return err
	}
	s.say("jens is told", "when", s.out.when(r.ExpiresAt))
	return nil
}

func (s *story) sayYes(ctx context.Context) error {
	text, err := s.jens.client.ConsentText(ctx, patient, s.request.Scope, "da")
	if err != nil {
		return err
	}
	s.tell(indent("| ", text.Body))
	s.consent, err = s.jens.client.Grant(ctx, bridge.NewGrant{Patient: patient, Request: s.request.ID, Language: "da", TextHash: text.Hash})
	if err != nil {
		return err
	}
	s.say("jens said yes", "when", s.out.when(s.consent.Scope.Period.End))
	return nil
}

func (s *story) answer(ctx context.Context) error {
	got, err := s.gp.message(ctx, func(m brobygger.Message) bool { return m.Conversation == s.social })
	if err != nil {
		return err
	}
	if text(got) != question {
		return fmt.Errorf("the GP was shown %q", text(got))
	}
	s.asked = got.ID
	s.say("shown by itself", "who", s.who(s.gp))
	d := s.draft("answer", s.social, bridge.TopicMedication, "Sertraline 100 mg and his vitamin D. Nothing else in the morning.")
	sent, err := s.gp.send(ctx, d)
	if err != nil {
		return err
	}
	answer, err := s.worker.message(ctx, func(m brobygger.Message) bool { return m.ID == sent.Message })
	if err != nil {
		return err
	}
	if text(answer) != d.Parts[0].Text {
		return fmt.Errorf("the support worker was shown %q", text(answer))
	}
	s.say("answered", "gp", s.who(s.gp), "worker", s.who(s.worker), "text", text(answer))
	s.ground(sent.Recipients)
	return nil
}

func (s *story) lookAhead(ctx context.Context) error {
	change, err := s.jens.client.PreviewWithdrawal(ctx, patient, s.consent.ID)
	if err != nil {
		return err
	}
	if len(change.Lose) == 0 || len(change.Conversations) == 0 {
		return fmt.Errorf("it would change nothing: %+v", change)
	}
	for _, a := range change.Lose {
		s.out.learn(ctx, patient, a.From, a.To)
		s.say("could not", "from", s.out.name(a.From), "to", s.out.name(a.To), "topics", s.out.topics(a.Topics))
	}
	s.say("would close", "n", len(change.Conversations))
	return nil
}

func (s *story) takeBack(ctx context.Context) error {
	w, err := s.jens.client.Withdraw(ctx, patient, s.consent.ID)
	if err != nil {
		return err
	}
	if w.Disclosures < 2 {
		return fmt.Errorf("%d messages were shared under the consent, want question and answer", w.Disclosures)
	}
	s.say("done", "clock", clock(w.At), "n", w.Disclosures)
	return nil
}

func (s *story) nothingPasses(ctx context.Context) error {
	_, err := s.worker.send(ctx, s.draft("too-late", s.social, bridge.TopicMedication, "And in the evening?"))
	if _, err := s.refused(err, "the support worker's next question"); err != nil {
		return err
	}
	_, err = s.gp.send(ctx, s.draft("too-late-too", s.social, bridge.TopicMedication, "And one in the evening."))
	if _, err := s.refused(err, "the GP's next answer"); err != nil {
		return err
	}
	got, err := s.gp.client.History(ctx, bridge.HistoryQuery{Conversation: s.social})
	if err != nil {
		return err
	}
	for _, it := range got.Items {
		if it.Message.Sender == s.gp.client.Session().Party {
			continue // one's own words
		}
		if len(it.Withheld) == 0 || len(it.Message.Parts) > 0 {
			return errors.New("the GP can still read the question")
		}
		s.say("history says", "who", s.who(s.gp), "why", s.out.first(it.Withheld))
	}
	return nil
}

func (s *story) readLog(ctx context.Context) error {
	entries, err := allEntries(ctx, s.jens.client, patient, s.before)
	if err != nil {
		return err
	}
	count := map[ledger.Kind]int{}
	for _, e := range entries {
		count[e.Entry.Kind]++
		s.tell(e.Sentence)
	}
	for kind, least := range map[ledger.Kind]int{
		ledger.KindAccepted: 3, ledger.KindDisclosed: 3, ledger.KindDenied: 3, ledger.KindRequested: 1, ledger.KindHeld: 1,
		ledger.KindGranted: 1, ledger.KindWithdrawn: 1, ledger.KindRung: 2, ledger.KindTalked: 2, ledger.KindUnanswered: 1,
		ledger.KindCallback: 3,
	} {
		if count[kind] < least {
			return fmt.Errorf("the record has %d entries of kind %s, want %d or more", count[kind], kind, least)
		}
	}
	return nil
}

func (s *story) unknownPatient(ctx context.Context) error {
	about := func(p bridge.PatientID) (*brobygger.ConsentError, error) {
		_, err := s.worker.client.CareTeam(ctx, p)
		var denied *brobygger.ConsentError
		if !errors.As(err, &denied) {
			return nil, fmt.Errorf("asking about a patient of others was answered: %w", errors.Join(err, errTold))
		}
		return denied, nil
	}
	other, err := about("lone") // is somebody else's patient
	if err != nil {
		return err
	}
	nobody, err := about(bridge.PatientID("nobody-" + s.run))
	if err != nil {
		return err
	}
	if other.Code != nobody.Code || !reflect.DeepEqual(other.Reasons, nobody.Reasons) || !reflect.DeepEqual(other.Remedies, nobody.Remedies) {
		return fmt.Errorf("the answers differ: %v and %v", other.Code, nobody.Code)
	}
	s.say("same answer", "why", s.out.first(append(other.Reasons, other.Code)))
	return nil
}
