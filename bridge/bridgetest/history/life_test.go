// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest/history"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// life is a patient, and somebody who writes about them. What they do is noted.
type life struct {
	s       *siege
	i       int
	id      bridge.PatientID
	rng     *rand.Rand
	patient *brobygger.Client
	sender  *brobygger.Client
	conv    bridge.ConversationID
	given   []bridge.ConsentID // what is active now, behind those that it superseded
	grants  int
}

func (s *siege) born(i int) *life {
	l := &life{s: s, i: i, id: patientOf(i), rng: rand.New(rand.NewPCG(s.seed, uint64(i)))}
	l.patient = s.dial(string(l.id), brobygger.Handlers{})
	l.sender = s.dial(senderOf(i), brobygger.Handlers{
		Message:      l.own,
		Receipt:      func(v brobygger.Receipt) { l.count(v.N) },
		Conversation: func(v brobygger.Conversation) { l.count(v.N) },
		Consent:      func(v brobygger.Consent) { l.count(v.N) },
		Resync: func(v wire.Resync) {
			s.rec.Add(history.Op{Kind: history.Lost, Who: senderOf(i), Note: string(v.Reason)})
		},
	})
	return l
}

// own notes what an acceptance relied on.
func (l *life) own(m brobygger.Message) {
	o := history.Op{Kind: history.Own, Who: senderOf(l.i), Patient: l.id, Message: m.ID, N: m.N}
	if m.Message != nil {
		o.Consents = m.Message.Consents
	}
	l.s.rec.Add(o)
}

func (l *life) count(n uint64) {
	l.s.rec.Add(history.Op{Kind: history.Event, Who: senderOf(l.i), N: n})
}

// insist repeats what is harmless to repeat until it is answered.
func (l *life) insist(what string, f func(context.Context) error) {
	for {
		err := f(l.s.ctx)
		if err == nil || l.s.ctx.Err() != nil {
			return
		}
		var later *brobygger.RetryableError
		if !errors.As(err, &later) {
			l.s.t.Errorf("%s of %s: %v", what, l.id, err)
			l.s.cancel()
			return
		}
		pause(l.s.ctx, max(later.After, 20*time.Millisecond))
	}
}

// begin gives the first consent and opens the conversation.
func (l *life) begin() {
	l.grant()
	l.insist("opening", func(ctx context.Context) error {
		conv, err := l.sender.Open(ctx, bridge.NewConversation{
			MID: fmt.Sprintf("conv-%04d", l.i), Patient: l.id, Purpose: bridge.PurposeSocialCasework, Case: matter,
			Members: []bridge.Party{{Ref: role(readerOf(l.i))}},
		})
		l.conv = conv.ID
		return err
	})
}

func role(id string) bridge.Ref { return bridge.Ref(bridge.TypePractitionerRole + "/" + id) }

// grant gives a consent; over one that is active, it supersedes it.
func (l *life) grant() {
	l.grants++
	id := bridge.ConsentID(fmt.Sprintf("%s-grant-%05d", l.id, l.grants))
	scope := bridge.Scope{
		From: []bridge.Party{{Ref: role(senderOf(l.i))}}, To: []bridge.Party{{Ref: role(readerOf(l.i))}}, Both: true,
		Topics: []bridge.Topic{bridge.TopicMedication}, Purposes: []bridge.Purpose{bridge.PurposeSocialCasework}, Case: matter,
		Period: bridge.Period{End: time.Now().AddDate(0, 1, 0).UTC().Truncate(time.Hour)},
	}
	o := history.Op{Kind: history.Grant, Who: string(l.id), Patient: l.id, Consents: []bridge.ConsentID{id}, Line: id, Call: history.Now(), Result: history.Unknown}
	if len(l.given) > 0 {
		o.Line = l.given[0]
	}
	l.insist("granting", func(ctx context.Context) error {
		text, err := l.patient.ConsentText(ctx, l.id, scope, "da")
		if err != nil {
			return err
		}
		_, err = l.patient.Grant(ctx, bridge.NewGrant{MID: string(id), Patient: l.id, Scope: &scope, Language: "da", TextHash: text.Hash})
		if err == nil {
			o.Result = history.OK
		}
		return err
	})
	o.Return = history.Now()
	l.s.rec.Add(o)
	l.given = append(l.given, id)
}

// withdraw takes the consent back, and notes when that was answered.
func (l *life) withdraw() history.Op {
	id := l.given[len(l.given)-1]
	o := history.Op{Kind: history.Withdraw, Who: string(l.id), Patient: l.id, Consents: l.given, Call: history.Now(), Result: history.Unknown}
	l.insist("withdrawing", func(ctx context.Context) error {
		w, err := l.patient.Withdraw(ctx, l.id, id)
		if err == nil {
			o.Result = history.OK
			o.Note = fmt.Sprintf("%d disclosures before, %d of them not confirmed; answered %s after it took effect",
				w.Disclosures, len(w.Unconfirmed), time.Since(w.At).Round(time.Millisecond))
		}
		return err
	})
	o.Return = history.Now()
	l.s.rec.Add(o)
	l.given = nil
	return o
}

// send sends a message and notes whether it was taken.
func (l *life) send(files ...bridge.Attachment) history.Op {
	return l.sendText("The dose stays as it is.", files...)
}

func (l *life) sendText(text string, files ...bridge.Attachment) history.Op {
	d := bridge.Draft{Conversation: l.conv, Parts: []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: text}}}
	for _, a := range files {
		d.Attachments = append(d.Attachments, a.ID)
	}
	o := history.Op{Kind: history.Send, Who: senderOf(l.i), Patient: l.id, Call: history.Now(), Result: history.Unknown}
	if s, err := l.sender.Send(d); err != nil {
		l.s.t.Errorf("sending: %v", err)
	} else {
		sent, err := s.Wait(l.s.ctx)
		var denied *brobygger.ConsentError
		switch {
		case err == nil && sent.State == bridge.MessageAccepted:
			o.Result, o.Message = history.OK, sent.Message
		case errors.As(err, &denied):
			o.Result = history.Denied
		case l.s.ctx.Err() == nil:
			l.s.t.Errorf("sending about %s: %v", l.id, err)
		}
	}
	o.Return = history.Now()
	l.s.rec.Add(o)
	return o
}

// attach uploads a file for a message; that it fails now and then is no news.
func (l *life) attach() []bridge.Attachment {
	token, _, err := l.s.server.issuer.Token(senderOf(l.i))
	if err != nil {
		l.s.t.Error(err)
		return nil
	}
	ctx, cancel := context.WithTimeout(l.s.ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		l.s.server.url+"/api/v1/attachments?patient="+string(l.id)+"&topics=medication", bytes.NewReader([]byte("a list of doses\n")))
	if err != nil {
		l.s.t.Error(err)
		return nil
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Content-Disposition", `attachment; filename="doses.txt"`)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil
	}
	defer func() { _ = res.Body.Close() }()
	var a bridge.Attachment
	if res.StatusCode != http.StatusCreated || json.NewDecoder(res.Body).Decode(&a) != nil {
		return nil
	}
	return []bridge.Attachment{a}
}

// round is one consent's life: given, relied on, taken back, and tried after that.
func (l *life) round() {
	if len(l.given) == 0 {
		l.grant()
	}
	for range 1 + l.rng.IntN(3) {
		if l.rng.IntN(8) == 0 {
			l.send(l.attach()...)
		} else {
			l.send()
		}
	}
	if l.rng.IntN(6) == 0 {
		l.grant()
		l.send()
	}
	pause(l.s.ctx, time.Duration(l.rng.IntN(600))*time.Millisecond)
	if l.rng.IntN(3) == 0 {
		l.reread()
	}
	done := make(chan struct{})
	burst := l.rng.IntN(3)
	go func() {
		defer close(done)
		for range burst {
			l.send()
		}
	}()
	pause(l.s.ctx, time.Duration(l.rng.IntN(20))*time.Millisecond)
	l.withdraw()
	if l.rng.IntN(2) == 0 {
		l.reread()
	}
	<-done
	l.send()
}

// reread has the reader read the conversation again, on every device.
func (l *life) reread() {
	for _, k := range l.s.crewsOf(l.i) {
		k.order(readerOf(l.i), l.conv)
	}
}
