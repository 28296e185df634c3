// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
	"github.com/brobygger/brobygger/bridge/live"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	brobygger "github.com/brobygger/brobygger/clients/go"
	"github.com/brobygger/brobygger/policy"
)

type policyCmd struct {
	Explain explainCmd      `cmd:"" help:"Say whether one may write to another about a patient, and why."`
	Show    policyShowCmd   `cmd:"" help:"Which policy decides at a bridge, and what its candidate would, as an admin."`
	Unpack  policyUnpackCmd `cmd:"" help:"Write the built-in policy, with its tests and cases, to a folder to work on."`
	Key     policyKeyCmd    `cmd:"" help:"Make a pair of keys to sign bundles with."`
	Build   policyBuildCmd  `cmd:"" help:"Make a bundle of a policy, and sign it when a key is given."`
	Sign    policySignCmd   `cmd:"" help:"Sign a bundle."`
	Verify  policyVerifyCmd `cmd:"" help:"Do with a bundle all that a bridge does before it decides."`
	Replay  replayCmd       `cmd:"" help:"Ask a bundle what was decided before, and say who would gain and who would lose."`
}

type explainCmd struct {
	From    string   `arg:"" help:"Who would write: gp-holm, jens, ..."`
	To      string   `arg:"" help:"To whom: a role, a function, unit:ID, or patient."`
	Patient string   `help:"About whom." required:"" placeholder:"ID" short:"p"`
	Topic   []string `help:"About what." required:"" placeholder:"TOPIC" short:"t"`
	Purpose string   `help:"Why." required:"" placeholder:"PURPOSE"`
	Case    string   `help:"The receiver's case." placeholder:"CASE"`
	Ring    bool     `help:"Say also whether they may ring each other about it. Nobody is rung." xor:"ring"`
	Bundle  []string `help:"Against this FHIR bundle, in place of the demo region. May be repeated." type:"existingfile" placeholder:"FILE"`
	Data    string   `help:"Against a copy of this data folder." type:"existingdir" placeholder:"FOLDER"`
	Server  string   `help:"Against a running demo, as the one who would write. The patient's record will show it." placeholder:"URL" xor:"ring"`
}

// asked is one question that the gate asked, its answer, and, for a patient who
// is known, what was looked at.
type asked struct {
	Action  bridge.Action       `json:"action"`
	From    bridge.Ref          `json:"from"`
	To      bridge.Ref          `json:"to,omitempty"`
	Purpose bridge.Purpose      `json:"purpose,omitempty"`
	Topics  []bridge.Topic      `json:"topics,omitempty"`
	Answer  bridge.Decision     `json:"answer"`
	Seen    *policy.Explanation `json:"seen,omitempty"`
}

// witness is the policy with somebody listening.
type witness struct {
	*policy.Engine
	rings bool // ask also about ringing

	mu   sync.Mutex // guards the following field
	seen []asked
}

// Decide implements bridge.Decider.
func (w *witness) Decide(ctx context.Context, q *bridge.Question) (bridge.Decision, error) {
	d, err := w.Engine.Decide(ctx, q)
	w.note(ctx, q, d)
	if w.rings && q.Action == bridge.ActionSend && err == nil {
		w.ring(ctx, *q)
	}
	return d, err
}

// ring asks whether the two may ring each other, first what who rings may tell,
// then what they may be told.
func (w *witness) ring(ctx context.Context, q bridge.Question) {
	q.Action = bridge.ActionRing
	answer := q
	answer.From, answer.To = q.To, q.From
	if answer.From.Assurance == "" {
		answer.From.Assurance = bridge.AssuranceSubstantial // whoever answers has signed in
	}
	for _, q := range []bridge.Question{q, answer} {
		if d, err := w.Engine.Decide(ctx, &q); err == nil {
			w.note(ctx, &q, d)
		}
	}
}

// note keeps a question with its answer and what was looked at.
func (w *witness) note(ctx context.Context, q *bridge.Question, d bridge.Decision) {
	a := asked{Action: q.Action, From: q.From.Ref, To: q.To.Ref, Purpose: q.Purpose, Topics: q.Topics, Answer: d}
	if x, explainErr := w.Explain(ctx, q); explainErr == nil {
		a.Seen = &x
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, a)
}

// Run explains. It exits as a send would: 3 when nobody would get the message.
func (e *explainCmd) Run(ctx context.Context, out *printer) error {
	open, draft, err := e.question()
	if err != nil {
		return err
	}
	if e.Server != "" {
		return e.remotely(ctx, open, draft, out)
	}
	folder, err := os.MkdirTemp("", "brobygger-explain-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	seen, err := e.locally(ctx, filepath.Join(folder, database), open, draft)
	if len(seen) == 0 {
		return err
	}
	allowed := false
	for _, a := range seen {
		allowed = allowed || a.Action == bridge.ActionSend && a.Answer.Allow
	}
	if !out.value(seen) {
		out.explain(seen)
	}
	if !allowed {
		return errDenied
	}
	return nil
}

// question words what is asked as the opening of a conversation and a message.
func (e *explainCmd) question() (bridge.NewConversation, bridge.Draft, error) {
	open, err := about{Patient: e.Patient, To: []string{e.To}, Purpose: e.Purpose, Case: e.Case}.opening()
	if err != nil {
		return open, bridge.Draft{}, err
	}
	ts, err := topics(e.Topic)
	open.MID = "explain-" + open.MID[4:]
	return open, bridge.Draft{MID: open.MID, Parts: []bridge.Part{{Topics: ts, Text: "-"}}}, err
}

// locally asks a bridge of its own, of which nobody else knows.
func (e *explainCmd) locally(ctx context.Context, path string, open bridge.NewConversation, draft bridge.Draft) (_ []asked, err error) {
	o := sqlite.Options{Reserve: -1}
	if e.Data != "" {
		var keys *sealed
		if keys, err = e.copied(ctx, filepath.Dir(path)); err != nil {
			return nil, err
		}
		if keys != nil {
			defer func() { err = errors.Join(err, keys.close()) }()
			o.Sealer, o.Keys = keys.sealer, keys.keys.ID()
		}
	}
	store, err := sqlite.Open(path, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine, err := policy.New(policy.Options{})
	if err != nil {
		return nil, err
	}
	here, err := live.Open(live.Options{Embedded: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, here.Close()) }()
	w := &witness{Engine: engine, rings: e.Ring}
	b, err := bridge.New(bridge.Config{Store: store, Decider: w, Texts: engine, Live: here, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if e.Data == "" {
		if err := e.load(ctx, b); err != nil {
			return nil, err
		}
	}
	c, err := caller(ctx, store, e.From, open.Patient)
	if err != nil {
		return nil, err
	}
	conv, err := b.Open(ctx, c, open)
	if err == nil {
		w.seen = nil // that the conversation may be opened is of no interest
		draft.Conversation = conv.ID
		_, err = b.Preview(ctx, c, draft)
	}
	if len(w.seen) > 0 {
		err = nil // it is said in what was seen
	}
	return w.seen, err
}

// copied copies the data folder's database, and its keys where it is sealed: what
// is asked is written into the copy.
func (e *explainCmd) copied(ctx context.Context, folder string) (*sealed, error) {
	if err := sqlite.Backup(ctx, filepath.Join(e.Data, database), filepath.Join(folder, database)); err != nil {
		return nil, err
	}
	_, err := os.Stat(filepath.Join(e.Data, keysFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err := errors.Join(err, sqlite.Backup(ctx, filepath.Join(e.Data, keysFile), filepath.Join(folder, keysFile))); err != nil {
		return nil, err
	}
	k := keysConfig{File: filepath.Join(e.Data, "kek.json")}
	s, err := openSealed(ctx, folder, k, slog.New(slog.DiscardHandler))
	return &s, err
}

// load imports the bundles, or the demo region.
func (e *explainCmd) load(ctx context.Context, b *bridge.Bridge) error {
	batch, err := region(time.Now())
	if len(e.Bundle) > 0 {
		var r fhir.Reader
		for _, path := range e.Bundle {
			f, openErr := os.Open(path)
			if openErr != nil {
				return openErr
			}
			addErr := r.Add(filepath.Base(path), f)
			if err := errors.Join(addErr, f.Close()); err != nil {
				return fmt.Errorf("reading %s: %w", path, err)
			}
		}
		batch, _, err = r.Batch()
	}
	if err != nil {
		return err
	}
	_, err = b.Import(ctx, bridge.Caller{Admin: true}, batch)
	return err
}

// caller is the one who would write, signed in at the usual level. It is made by
// hand: nobody signs in to a copy.
func caller(ctx context.Context, store bridge.Store, name string, patient bridge.PatientID) (bridge.Caller, error) {
	p, err := party(name, patient)
	if err != nil {
		return bridge.Caller{}, err
	}
	c := bridge.Caller{Party: p.Ref, Person: p.Ref, Assurance: bridge.AssuranceSubstantial}
	err = store.View(ctx, func(tx bridge.Tx) error {
		if p.Function != "" {
			return usagef("%s would be several people; name one", name)
		}
		if p.Ref.Type() != bridge.TypePractitionerRole {
			return nil
		}
		role, err := tx.Directory().Role(p.Ref.ID())
		c.Person = bridge.Ref(bridge.TypePractitioner + "/" + role.Practitioner)
		if errors.Is(err, bridge.ErrNotFound) {
			return usagef("%s is nobody in this data", name)
		}
		return err
	})
	return c, err
}

// remotely asks a running demo, as the one who would write.
func (e *explainCmd) remotely(ctx context.Context, open bridge.NewConversation, draft bridge.Draft, out *printer) error {
	r := remote{Server: e.Server, As: e.From, Timeout: 15 * time.Second}
	return r.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		conv, err := c.Open(ctx, open)
		if err != nil {
			return err
		}
		draft.Conversation = conv.ID
		views, err := c.Preview(ctx, draft)
		if err != nil || out.value(views) {
			return err
		}
		allowed := false
		for _, v := range views {
			allowed = allowed || v.Allow
			out.seenBy(v)
		}
		if !allowed {
			return errDenied
		}
		return nil
	})
}
