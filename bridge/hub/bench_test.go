// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// How fast messages go from one person to another: each of the pairs has one
// message on its way at a time, which is accepted, delivered and acknowledged
// before the next. The bare relay is the floor.

const pairs = 50

// BenchmarkRelay is gorilla alone: a frame that comes in on one socket goes out
// on another, and the sender is answered.
func BenchmarkRelay(b *testing.B) {
	var mu sync.Mutex
	peers := map[string]*websocket.Conn{}
	locks := map[string]*sync.Mutex{}
	up := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		name, other := r.URL.Query().Get("me"), r.URL.Query().Get("to")
		mu.Lock()
		peers[name], locks[name] = conn, &sync.Mutex{}
		mu.Unlock()
		put := func(to string, m []byte) {
			mu.Lock()
			conn, lock := peers[to], locks[to]
			mu.Unlock()
			lock.Lock()
			defer lock.Unlock()
			_ = conn.WriteMessage(websocket.TextMessage, m)
		}
		put(name, []byte("{}")) // the other may send from now on
		for {
			_, m, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if other != "" {
				put(other, m)
				put(name, []byte(`{"id":1,"ok":{}}`))
			}
		}
	}))
	defer server.Close()
	url := "ws" + strings.TrimPrefix(server.URL, "http")
	text := strings.Repeat("x", 200)
	exchange(b, func(i int) (func(int), func()) {
		to := dialBench(b, fmt.Sprintf("%s/?me=b%d", url, i))
		from := dialBench(b, fmt.Sprintf("%s/?me=a%d&to=b%d", url, i, i))
		read(b, to)
		read(b, from)
		return func(n int) {
			frame, err := wire.EncodeCommand(wire.Command{
				ID: uint32(n), Type: wire.CmdSend, Beat: uint64(n),
				Data: bridge.Draft{MID: "mid-0001", Conversation: "c-1", Parts: []bridge.Part{{Text: text}}},
			})
			if err != nil {
				b.Error(err)
			}
			write(b, from, frame)
			read(b, to)
			read(b, from)
		}, func() { from.Close(); to.Close() }
	})
}

// BenchmarkHub is the hub alone: the gate takes everything and keeps nothing.
func BenchmarkHub(b *testing.B) {
	w := newWorld()
	h := hub.New(hub.Config{Gate: w.gate(), Verifier: w, Log: slog.New(slog.DiscardHandler), Programs: true, Handshakes: -1, PerIP: -1, Rate: -1})
	w.hub = h
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close()
	url := "ws" + strings.TrimPrefix(server.URL, "http")
	exchange(b, func(i int) (func(int), func()) {
		to, from := speakBench(b, url, fmt.Sprint("b", i)), speakBench(b, url, fmt.Sprint("a", i))
		draft := bridge.Draft{
			MID: "mid-0001", Conversation: "c-1", ReplyTo: bridge.MessageID(fmt.Sprint("PractitionerRole/b", i)),
			Parts: []bridge.Part{{Text: strings.Repeat("x", 200)}},
		}
		return func(n int) { relay(b, from, to, draft) }, func() { from.conn.Close(); to.conn.Close() }
	})
}

// relay sends a message and has it shown.
func relay(b *testing.B, from, to *speaker, d bridge.Draft) {
	from.say(wire.CmdSend, d, true)
	got := to.await(func(s wire.Server) bool { return s.Type == wire.PushMessage })
	var e wire.MessageEvent
	if err := got.Event.Into(&e); err != nil || e.Disclosure == "" {
		b.Errorf("got %+v, %v", got, err)
		return
	}
	to.say(wire.CmdAck, wire.Ack{N: got.N, Shown: []bridge.DisclosureID{e.Disclosure}}, false)
	if ok := from.await(func(s wire.Server) bool { return s.ID == from.id }); ok.Err != nil {
		b.Errorf("sent: %+v", ok.Err)
	}
}

// exchange runs b.N messages over the pairs, and reports how long they took.
func exchange(b *testing.B, pair func(i int) (send func(n int), stop func())) {
	b.Helper()
	var sends []func(int)
	for i := range pairs {
		send, stop := pair(i)
		defer stop()
		sends = append(sends, send)
	}
	var mu sync.Mutex
	var all []time.Duration
	var running sync.WaitGroup
	b.ResetTimer()
	for i, send := range sends {
		running.Go(func() {
			var took []time.Duration
			for n := i; n < b.N; n += pairs {
				began := time.Now()
				send(n/pairs + 1)
				took = append(took, time.Since(began))
			}
			mu.Lock()
			all = append(all, took...)
			mu.Unlock()
		})
	}
	running.Wait()
	b.StopTimer()
	slices.Sort(all)
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

// speaker is a client without a goroutine of its own.
type speaker struct {
	b    *testing.B
	conn *websocket.Conn
	id   uint32
	beat uint64
	in   []wire.Server
}

func dialBench(b *testing.B, url string) *websocket.Conn {
	b.Helper()
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	conn, _, err := d.Dial(url, nil)
	if err != nil {
		b.Fatal(err)
	}
	return conn
}

func speakBench(b *testing.B, url, name string) *speaker {
	b.Helper()
	s := &speaker{b: b, conn: dialBench(b, url)}
	s.say(wire.CmdConnect, wire.Connect{Token: name, Fresh: true}, true)
	s.await(func(f wire.Server) bool { return f.ID == s.id })
	return s
}

func (s *speaker) say(t wire.CommandType, d any, answered bool) {
	s.beat++
	c := wire.Command{Type: t, Beat: s.beat, Data: d}
	if answered {
		s.id++
		c.ID = s.id
	}
	frame, err := wire.EncodeCommand(c)
	if err != nil {
		s.b.Error(err)
	}
	write(s.b, s.conn, frame)
}

func (s *speaker) await(match func(wire.Server) bool) wire.Server {
	for {
		for len(s.in) > 0 {
			f := s.in[0]
			s.in = s.in[1:]
			if match(f) {
				return f
			}
			if f.Type == wire.PushPoke || f.Ping() {
				s.say("", nil, false)
			}
		}
		for frame := range wire.Frames(read(s.b, s.conn)) {
			f, err := wire.DecodeServer(frame)
			if err != nil {
				s.b.Error(err)
			}
			s.in = append(s.in, f)
		}
	}
}

func read(b *testing.B, conn *websocket.Conn) []byte {
	_, m, err := conn.ReadMessage()
	if err != nil {
		b.Error(err)
		panic(err) // the others of the pair wait for ever
	}
	return m
}

func write(b *testing.B, conn *websocket.Conn, m []byte) {
	if err := conn.WriteMessage(websocket.TextMessage, m); err != nil {
		b.Error(err)
		panic(err)
	}
}
