// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type storyCmd struct {
	Server  string        `help:"Address of a running demo." env:"BROBYGGER_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL"`
	Timeout time.Duration `help:"How long each step may take." default:"15s"`
}

// Run plays the story with four people of the demo, and fails when a step comes
// out otherwise. It may be played again and again.
func (s *storyCmd) Run(ctx context.Context, out *printer) error {
	st := &story{cmd: s, out: out, run: strings.ToLower(rand.Text()[:8])}
	defer st.leave()
	for n, scene := range scenes {
		st.step = playedStep{Number: n + 1, Title: out.say(fmt.Sprintf("story %d", n+1))}
		if !out.json {
			out.printf("\n%s %s\n", out.bold(fmt.Sprintf("%2d.", n+1)), out.bold(st.step.Title))
		}
		err := st.play(ctx, scene)
		st.step.OK = err == nil
		st.played = append(st.played, st.step)
		if err != nil {
			out.value(st.played)
			return fmt.Errorf("step %d came out otherwise: %w", n+1, out.plain(err))
		}
	}
	if !out.value(st.played) {
		out.printf("\n%s %s\n", out.bold(out.say("the end")), out.say("all well"))
	}
	return nil
}

// playedStep is one step for scripts.
type playedStep struct {
	Number int      `json:"step"`
	Title  string   `json:"title"`
	OK     bool     `json:"ok"`
	Lines  []string `json:"lines"`
}

// story is one performance: its people, and what one step leaves for another.
type story struct {
	cmd    *storyCmd
	out    *printer
	run    string // marks what belongs to this performance
	step   playedStep
	played []playedStep

	gp, psychiatrist, worker, jens *player
	second, nurse                  *player // the psychiatrist's other device, and who is handed the talk

	treatment bridge.ConversationID // between GP and psychiatrist
	social    bridge.ConversationID // between support worker and GP
	question  bridge.Draft          // the support worker's
	refusal   *brobygger.ConsentError
	request   bridge.ConsentRequest
	consent   bridge.Consent
	asked     bridge.MessageID // the question once it went
	ring      bridge.RingID    // of the GP
	before    uint64           // entries in the record before this performance
}

func (s *story) play(ctx context.Context, scene func(*story, context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.cmd.Timeout, fmt.Errorf("it took more than %s", s.cmd.Timeout))
	defer cancel()
	err := scene(s, ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

// say tells what happened, in the words of the table.
func (s *story) say(key string, pairs ...any) { s.tell(s.out.say(key, pairs...)) }

// who is the name of a player.
func (s *story) who(p *player) string { return s.out.name(p.client.Session().Party) }

// tell tells what others have worded.
func (s *story) tell(text string) {
	s.step.Lines = append(s.step.Lines, text)
	if !s.out.json {
		s.out.printf("%s\n", indent("    ", text))
	}
}

// ground tells why somebody gets a message.
func (s *story) ground(sent []bridge.SeenBy) {
	for _, r := range sent {
		s.say("ground", "why", s.out.texts().Basis(r.Basis, s.out.language))
	}
}

// player is one person with a client that listens.
type player struct {
	name     string
	people   *people
	client   *brobygger.Client
	messages chan brobygger.Message
	consents chan brobygger.Consent
	rings    chan brobygger.Ringing
	stops    chan brobygger.Ringing
}

// enter connects somebody.
func (s *story) enter(ctx context.Context, name string) (*player, error) {
	p := &player{name: name, messages: make(chan brobygger.Message, 256), consents: make(chan brobygger.Consent, 256)}
	p.rings, p.stops = make(chan brobygger.Ringing, 256), make(chan brobygger.Ringing, 256)
	r := remote{Server: s.cmd.Server, As: name, Timeout: s.cmd.Timeout}
	c, err := r.dial(ctx, s.out, brobygger.Handlers{
		Prepare: func(bridge.PatientID, []bridge.Ref) {}, // everybody is known
		Message: func(m brobygger.Message) { offer(p.messages, m) },
		Consent: func(c brobygger.Consent) { offer(p.consents, c) },

		Ringing:     func(r brobygger.Ringing) { offer(p.rings, r) },
		RingStopped: func(r brobygger.Ringing) { offer(p.stops, r) },
	})
	if err != nil {
		return nil, fmt.Errorf("signing in as %s: %w", name, err)
	}
	p.client, p.people = c, s.out.people
	return p, nil
}

// offer leaves out what nobody waits for, rather than hold the client up.
func offer[T any](ch chan<- T, v T) {
	select {
	case ch <- v:
	default:
	}
}

func (s *story) leave() {
	for _, p := range []*player{s.gp, s.psychiatrist, s.worker, s.jens, s.second, s.nurse} {
		if p != nil {
			_ = p.client.Close()
		}
	}
}

// message waits for the one with this id.
func (p *player) message(ctx context.Context, is func(brobygger.Message) bool) (brobygger.Message, error) {
	return next(ctx, p.messages, p.name+" waits for a message", is)
}

func next[T any](ctx context.Context, ch <-chan T, what string, is func(T) bool) (T, error) {
	for {
		select {
		case v := <-ch:
			if is(v) {
				return v, nil
			}
		case <-ctx.Done():
			var none T
			return none, fmt.Errorf("%s: %w", what, context.Cause(ctx))
		}
	}
}

// send sends one part and waits for the outcome.
func (p *player) send(ctx context.Context, d bridge.Draft) (bridge.Sent, error) {
	sending, err := p.client.Send(d)
	if err != nil {
		return bridge.Sent{}, err
	}
	return sending.Wait(ctx)
}

// text is what a message says.
func text(m brobygger.Message) string {
	if m.Message == nil || len(m.Message.Parts) == 0 {
		return ""
	}
	return m.Message.Parts[0].Text
}

// draft is a message of this performance.
func (s *story) draft(id string, conv bridge.ConversationID, topic bridge.Topic, text string) bridge.Draft {
	return bridge.Draft{
		MID: "story-" + s.run + "-" + id, Conversation: conv,
		Parts: []bridge.Part{{Topics: []bridge.Topic{topic}, Text: text}},
	}
}

// refused takes a no for what it has to be.
func (s *story) refused(err error, what string) (*brobygger.ConsentError, error) {
	var denied *brobygger.ConsentError
	switch {
	case errors.As(err, &denied):
	case err == nil:
		return nil, fmt.Errorf("%s was not refused", what)
	default:
		return nil, err
	}
	for _, r := range denied.Reasons {
		s.say("refused", "why", s.out.texts().Reason(r, s.out.language), "code", r)
	}
	return denied, nil
}
