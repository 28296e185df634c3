// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest/history"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// reader is one person on one device.
type reader struct {
	crew   crew
	name   string
	out    *report
	client *brobygger.Client
	talks  chan bridge.ConversationID // one's that there was a message in
}

var web = &http.Client{Timeout: 30 * time.Second}

// hire connects somebody.
func (c crew) hire(ctx context.Context, name string, out *report) (*reader, error) {
	r := &reader{crew: c, name: name, out: out, talks: make(chan bridge.ConversationID, 1)}
	var err error
	r.client, err = brobygger.New(brobygger.Options{
		URL: c.Server, Token: r.token, Device: c.Device, FirstDelay: 20 * time.Millisecond, LongestDelay: 500 * time.Millisecond,
		On: brobygger.Handlers{
			Message:      r.show,
			Receipt:      func(v brobygger.Receipt) { r.count(v.N) },
			Conversation: func(v brobygger.Conversation) { r.count(v.N) },
			Consent:      func(v brobygger.Consent) { r.count(v.N) },
			Amended:      func(v brobygger.Message) { r.count(v.N) },
			Returned:     func(v brobygger.Returned) { r.count(v.N) },
			Resync:       func(v wire.Resync) { r.say(history.Op{Kind: history.Lost, Note: string(v.Reason)}) },
		},
	})
	if err == nil && c.Chatty {
		go r.chat(ctx)
	}
	return r, err
}

// token asks the issuer.
func (r *reader) token(ctx context.Context) (string, error) {
	body, err := json.Marshal(map[string]string{"subject": r.name})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.crew.Issuer+"/demo/token", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := web.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Token == "" {
		return "", fmt.Errorf("no token for %s: HTTP %d", r.name, res.StatusCode)
	}
	return got.Token, nil
}

// arrive waits for the first connection.
func (r *reader) arrive(ctx context.Context) error {
	_, err := r.client.Conversations(ctx, wire.ConvList{Limit: 1})
	return err
}

// say reports what just happened.
func (r *reader) say(o history.Op) {
	o.Who = r.name + "/" + r.crew.Device
	if o.Call == 0 {
		o.Call = history.Now()
	}
	if o.Return == 0 {
		o.Return = o.Call
	}
	r.out.say(o)
}

func (r *reader) count(n uint64) { r.say(history.Op{Kind: history.Event, N: n}) }

// show shows a message: it is shown at the instant that is noted first.
func (r *reader) show(m brobygger.Message) {
	o := history.Op{Call: history.Now(), Kind: history.Show, Way: history.ByLog, Patient: m.Patient, Message: m.ID, Disclosure: m.Disclosure, N: m.N}
	if m.Message == nil {
		o.Kind, o.Note = history.Blank, fmt.Sprint(m.Withheld)
		r.say(o)
		return
	}
	o.Consents = m.Message.Consents
	r.say(o)
	select {
	case r.talks <- m.Conversation:
	default:
	}
	for _, a := range m.Message.Attachments {
		if !a.Withheld {
			go r.fetch(*m.Message, a.ID)
		}
	}
}

// reread reads a conversation again: each message is shown anew.
func (r *reader) reread(ctx context.Context, id bridge.ConversationID) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	// That it fails, on a bridge that is down or after a withdrawal, is no news.
	_ = r.client.ReadHistory(ctx, bridge.HistoryQuery{Conversation: id, Limit: 10}, func(got wire.HistoryRead) {
		at := history.Now()
		for _, i := range got.Items {
			if i.Disclosure != "" {
				r.say(history.Op{
					Kind: history.Show, Call: at, Way: history.ByHistory, Patient: i.Message.Patient, Message: i.Message.ID,
					Disclosure: i.Disclosure, Consents: i.Message.Consents,
				})
			}
		}
	})
}

// fetch downloads a file over HTTP, where the request is the beat: it is shown
// while at most wire.Fresh has passed since that was sent.
func (r *reader) fetch(m bridge.Message, id bridge.AttachmentID) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	began := time.Now()
	res, err := r.call(ctx, http.MethodGet, "/api/v1/attachments/"+string(id), nil)
	if err != nil {
		return
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	claim := bridge.DisclosureID(res.Header.Get("Brobygger-Disclosure"))
	if err != nil || res.StatusCode != http.StatusOK || claim == "" {
		return
	}
	state := bridge.DisclosureStale
	if time.Since(began) <= wire.Fresh {
		state = bridge.DisclosureShown
		r.say(history.Op{Kind: history.Show, Way: history.ByAttachment, Patient: m.Patient, Message: m.ID, Disclosure: claim, Consents: m.Consents})
	}
	body, err := json.Marshal(map[string]any{"claims": []bridge.DisclosureID{claim}, "state": state})
	if err != nil {
		return
	}
	if res, err = r.call(ctx, http.MethodPost, "/api/v1/disclosures/close", body); err == nil {
		_ = res.Body.Close()
	}
}

func (r *reader) call(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	token, err := r.token(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.crew.Server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Brobygger-Fresh", "1")
	res, err := web.Do(req)
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return res, nil
}

// chat gives signs of life: each frame carries a newer beat.
func (r *reader) chat(ctx context.Context) {
	id := <-r.talks
	for on := true; ; on = !on {
		r.client.SetTyping(id, on)
		t := time.NewTimer(200 * time.Millisecond)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}
