// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// killings is how often the server is killed: 100 times in the suite, and
// BROBYGGER_CYCLES times by make soak.
func killings(t *testing.T) int {
	text := os.Getenv("BROBYGGER_CYCLES")
	if text == "" {
		return 100
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("BROBYGGER_CYCLES is %q, want a number from 1", text)
	}
	return n
}

// A server under load is killed without warning, again and again. Whatever it
// had acknowledged is there afterwards, was shown, and was shown once.
func TestAcknowledgedMessagesSurviveKillNine(t *testing.T) {
	v := newVictim(t)
	v.start()
	crowd := newCrowd(t, v.url)
	start, kills := time.Now(), killings(t)
	for n := range kills {
		crowd.progress(1 + rand.IntN(12)) // it dies in the middle of work, not between two pieces of it
		v.kill()
		v.start()
		if (n+1)%100 == 0 {
			t.Logf("%d kills, %d messages acknowledged, %s", n+1, crowd.acknowledged(), time.Since(start).Round(time.Second))
		}
	}
	crowd.settle()
	t.Logf("%d kills, %d messages acknowledged, %s; the slowest start took %s",
		kills, crowd.acknowledged(), time.Since(start).Round(time.Second), v.slowest.Round(time.Millisecond))
	crowd.reread()
	crowd.leave()
	v.stop()
	store, err := sqlite.Open(filepath.Join(v.data, database), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Check(t.Context()), store.Close()); err != nil {
		t.Errorf("the store after %d kills: %v", kills, err)
	}
}

// victim is a server in a process of its own.
type victim struct {
	t         *testing.T
	url, data string
	address   string
	process   *exec.Cmd
	slowest   time.Duration // start
}

func newVictim(t *testing.T) *victim {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{t: t, address: ln.Addr().String(), data: t.TempDir()}
	v.url = "http://" + v.address
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if v.process != nil {
			_ = v.process.Process.Kill()
			_ = v.process.Wait()
		}
	})
	return v
}

// start starts the server and waits until it serves.
func (v *victim) start() {
	v.t.Helper()
	c := exec.Command("brobygger", "demo", "--json", "--listen", v.address, "--data", v.data)
	var said lockedBuffer
	c.Stderr = &said
	began := time.Now()
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		v.t.Fatal(err)
	}
	v.process = c
	if !bufio.NewScanner(out).Scan() {
		v.t.Fatalf("the server does not start on the data that it left:\n%s", said.text())
	}
	v.slowest = max(v.slowest, time.Since(began))
}

func (v *victim) kill() {
	v.t.Helper()
	if err := v.process.Process.Kill(); err != nil { // SIGKILL
		v.t.Fatal(err)
	}
	_ = v.process.Wait()
	v.process = nil
}

func (v *victim) stop() {
	v.t.Helper()
	if err := v.process.Process.Signal(os.Interrupt); err != nil {
		v.t.Fatal(err)
	}
	if err := v.process.Wait(); err != nil {
		v.t.Errorf("the server ended with %v", err)
	}
	v.process = nil
}

// lockedBuffer holds what a process says to standard error.
type lockedBuffer struct {
	mu   sync.Mutex // guards the following field
	data []byte
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = append(b.data, p...)
	return len(p), nil
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.data)
}

// crowd is people who write to each other all the time.
type crowd struct {
	t      *testing.T
	url    string
	people map[string]*member
	acks   chan struct{}
	stop   context.CancelFunc
	work   sync.WaitGroup

	mu   sync.Mutex                  // guards the following fields
	sent map[bridge.MessageID]string // acknowledged, and to whom
}

// member is one of them.
type member struct {
	crowd  *crowd
	name   string
	client *brobygger.Client

	mu    sync.Mutex // guards the following fields
	shown map[bridge.MessageID]int
	last  uint64 // in the log
	known bool   // whether last is
	news  chan struct{}
}

func newCrowd(t *testing.T, url string) *crowd {
	ctx, stop := context.WithCancel(context.Background())
	c := &crowd{t: t, url: url, people: map[string]*member{}, acks: make(chan struct{}, 1<<16), stop: stop, sent: map[bridge.MessageID]string{}}
	t.Cleanup(c.leave)
	for _, name := range []string{"gp-holm", "psy-lund", "nur-skov"} {
		c.people[name] = c.join(name, nil)
	}
	c.talk(ctx, "gp-holm", bridge.FunctionTreatingPsychiatrist, "psy-lund")
	c.talk(ctx, "gp-holm", bridge.FunctionContactNurse, "nur-skov")
	c.talk(ctx, "psy-lund", bridge.FunctionOwnGP, "gp-holm")
	c.talk(ctx, "nur-skov", bridge.FunctionTreatingPsychiatrist, "psy-lund")
	return c
}

func (c *crowd) join(name string, from *bridge.Position) *member {
	c.t.Helper()
	m := &member{crowd: c, name: name, shown: map[bridge.MessageID]int{}, news: make(chan struct{}, 1)}
	if from != nil {
		m.last, m.known = from.N, true
	}
	client, err := brobygger.New(brobygger.Options{
		URL: c.url, Token: func(ctx context.Context) (string, error) { return demoToken(ctx, c.url, name) },
		Resume: from, FirstDelay: 5 * time.Millisecond, LongestDelay: 100 * time.Millisecond,
		On: brobygger.Handlers{
			Message:      m.see,
			Receipt:      func(r brobygger.Receipt) { m.count(r.N) },
			Conversation: func(v brobygger.Conversation) { m.count(v.N) },
			Consent:      func(v brobygger.Consent) { m.count(v.N) },
			Resync:       func(r wire.Resync) { c.t.Errorf("%s lost the place: %s", name, r.Reason) },
		},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	m.client = client
	return m
}

// see notes what was shown.
func (m *member) see(e brobygger.Message) {
	m.count(e.N)
	if e.Message == nil {
		m.crowd.t.Errorf("%s: message %s is withheld: %v", m.name, e.ID, e.Withheld)
	}
	m.mu.Lock()
	m.shown[e.ID]++
	m.mu.Unlock()
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// count sees that the log goes on one by one.
func (m *member) count(n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known && n != m.last+1 {
		m.crowd.t.Errorf("%s: event %d came behind %d", m.name, n, m.last)
	}
	m.last, m.known = n, true
}

// talk lets somebody write to another until the end, a few messages at a time.
func (c *crowd) talk(ctx context.Context, from string, to bridge.CareFunction, who string) {
	client := c.people[from].client
	conv, err := client.Open(ctx, bridge.NewConversation{
		Patient: "jens", Purpose: bridge.PurposeTreatment, Members: []bridge.Party{{Function: to}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	for range 3 {
		c.work.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				c.say(client, conv.ID, fmt.Sprintf("%s to %s, %d", from, who, n), who)
			}
		})
	}
}

// say sends one message and waits for its outcome, however often the server dies.
func (c *crowd) say(client *brobygger.Client, conv bridge.ConversationID, text, who string) {
	s, err := client.Send(bridge.Draft{Conversation: conv, Parts: []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: text}}})
	if err != nil {
		c.t.Errorf("sending: %v", err)
		return
	}
	sent, err := s.Wait(context.Background())
	if err != nil {
		c.t.Errorf("outcome: %v", err)
		return
	}
	c.mu.Lock()
	c.sent[sent.Message] = who
	c.mu.Unlock()
	c.acks <- struct{}{}
}

func (c *crowd) acknowledged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sent)
}

// progress waits for n more messages to be acknowledged.
func (c *crowd) progress(n int) {
	c.t.Helper()
	for len(c.acks) > 0 { // of before the server died
		<-c.acks
	}
	limit := time.After(patience)
	for range n {
		select {
		case <-c.acks:
		case <-limit:
			c.t.Fatal("nothing is acknowledged any more")
		}
	}
}

// settle lets everybody finish their sentence, and waits until all of it was shown.
func (c *crowd) settle() {
	c.t.Helper()
	c.stop()
	c.work.Wait()
	for id, who := range c.sent {
		c.people[who].await(id)
	}
	for name, m := range c.people {
		m.mu.Lock()
		for id, times := range m.shown {
			if times != 1 {
				c.t.Errorf("%s was shown message %s %d times", name, id, times)
			}
		}
		m.mu.Unlock()
	}
}

// await waits until the message was shown.
func (m *member) await(id bridge.MessageID) {
	m.crowd.t.Helper()
	limit := time.After(patience)
	for {
		m.mu.Lock()
		times := m.shown[id]
		m.mu.Unlock()
		if times > 0 {
			return
		}
		select {
		case <-m.news:
		case <-limit:
			m.crowd.t.Fatalf("%s was never shown message %s, which was acknowledged", m.name, id)
		}
	}
}

// reread reads each log from its beginning, on a connection that knows nothing:
// it has no gap, and every acknowledged message once.
func (c *crowd) reread() {
	c.t.Helper()
	for name, m := range c.people {
		end, _ := m.client.Position()
		again := c.join(name, &bridge.Position{Log: end.Log})
		for id, who := range c.sent {
			if who == name {
				again.await(id)
			}
		}
		_ = again.client.Close()
		for id, times := range again.shown {
			if times != 1 {
				c.t.Errorf("the log of %s holds message %s %d times", name, id, times)
			}
		}
	}
}

func (c *crowd) leave() {
	c.stop()
	for _, m := range c.people {
		_ = m.client.Close()
	}
	c.work.Wait()
}
