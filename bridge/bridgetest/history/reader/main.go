// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Command reader is several readers in a process of its own, which can be stopped
// and continued as a whole. It is told by its standard input what to do, and says
// on its standard output what was shown, each with the instant at which it was: a
// line of JSON each way.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

// crew is whom the first line of input names.
type crew struct {
	Server  string   `json:"server"` // as the readers reach it
	Issuer  string   `json:"issuer"` // who gives them tokens
	Device  string   `json:"device"`
	Readers []string `json:"readers"`
	Chatty  bool     `json:"chatty"` // they give a sign of life again and again
}

// order is every further line.
type order struct {
	Reader       string                `json:"reader"`
	Conversation bridge.ConversationID `json:"conv"` // to read again
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "reader:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	var c crew
	if err := in.Decode(&c); err != nil {
		return fmt.Errorf("reading who we are: %w", err)
	}
	out := &report{e: json.NewEncoder(os.Stdout)}
	readers := map[string]*reader{}
	for _, name := range c.Readers {
		r, err := c.hire(ctx, name, out)
		if err != nil {
			return err
		}
		readers[name] = r
	}
	for _, r := range readers {
		if err := r.arrive(ctx); err != nil {
			return err
		}
	}
	out.say(history.Op{Kind: history.Event, Note: "ready"})
	for {
		var o order
		if in.Decode(&o) != nil { // whoever started us is gone
			return nil
		}
		if r := readers[o.Reader]; r != nil && o.Conversation != "" {
			go r.reread(ctx, o.Conversation)
		}
	}
}

// report is the way out, for one operation at a time.
type report struct {
	mu sync.Mutex
	e  *json.Encoder
}

func (r *report) say(o history.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.e.Encode(o) != nil {
		os.Exit(1) // nobody listens
	}
}
