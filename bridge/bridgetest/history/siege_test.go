// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest/history"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// siege is a server, its clients, and what they saw.
type siege struct {
	t      *testing.T
	seed   uint64
	ctx    context.Context // ends the run
	cancel context.CancelFunc
	rec    *history.Recorder
	server *server
	redis  *redis
	crews  []*crew
	lives  []*life
	came   arrivals
}

// shape is how big a siege is.
type shape struct {
	patients, crews int
	strangers       int // who are imported, and have accounts, beside the patients and theirs
	redis           bool
	chatty          bool // readers give signs of life again and again
	tags            []string
	readerTags      []string
	environ         []string // of the server
}

// lay starts everything and has every patient give a first consent.
func lay(t *testing.T, seed uint64, of shape) *siege {
	t.Helper()
	s := &siege{t: t, seed: seed, rec: &history.Recorder{}}
	s.ctx, s.cancel = context.WithCancel(t.Context())
	t.Cleanup(s.cancel)
	s.came.init()
	s.rec.Watch(s.came.note)
	program, reader := brobyggerProgram(t, of.tags...), readerProgram(t, of.readerTags...)
	live := ""
	if of.redis {
		s.redis = startRedis(t)
		live = s.redis.address
	}
	s.server = newServer(t, s.rec, program, live, of.patients+of.strangers)
	s.server.environ = append(s.server.environ, of.environ...)
	s.server.start()
	readers := make([][]string, of.crews)
	for i := range of.patients {
		for _, k := range devices(i, of.crews) {
			readers[k] = append(readers[k], readerOf(i))
		}
	}
	for k := range of.crews {
		s.crews = append(s.crews, startCrew(t, reader, s.server, fmt.Sprintf("device-%d", k), of.chatty, readers[k]...))
	}
	s.lives = make([]*life, of.patients)
	s.each(func(i int) {
		s.lives[i] = s.born(i)
		s.lives[i].begin()
	})
	t.Cleanup(s.leave)
	if s.ctx.Err() != nil { // which has been told
		t.FailNow()
	}
	return s
}

// devices are the crews that reader i is in: one, and for each fifth reader two.
func devices(i, crews int) []int {
	if i%5 == 4 && crews > 1 {
		return []int{i % crews, (i + 1) % crews}
	}
	return []int{i % crews}
}

func (s *siege) crewsOf(i int) []*crew {
	var all []*crew
	for _, k := range devices(i, len(s.crews)) {
		all = append(all, s.crews[k])
	}
	return all
}

// each does something for every patient at once.
func (s *siege) each(f func(i int)) {
	var all sync.WaitGroup
	for i := range s.lives {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

func (s *siege) dial(name string, on brobygger.Handlers) *brobygger.Client {
	c, err := brobygger.New(brobygger.Options{
		URL: s.server.url, FirstDelay: 20 * time.Millisecond, LongestDelay: 500 * time.Millisecond, On: on,
		Token: func(context.Context) (string, error) {
			token, _, err := s.server.issuer.Token(name)
			return token, err
		},
	})
	if err != nil {
		s.t.Error(err)
		s.cancel()
	}
	return c
}

func (s *siege) leave() {
	s.cancel()
	for _, l := range s.lives {
		if l != nil {
			_, _ = l.patient.Close(), l.sender.Close()
		}
	}
}

// arrivals is which messages came to which clients, in a form that can be waited
// for.
type arrivals struct {
	mu   sync.Mutex // guards the following fields
	came map[string]map[bridge.MessageID]bool
	news chan struct{}
}

func (a *arrivals) init() {
	a.came, a.news = map[string]map[bridge.MessageID]bool{}, make(chan struct{})
}

func (a *arrivals) note(o history.Op) {
	if o.N == 0 || o.Message == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.came[o.Who] == nil {
		a.came[o.Who] = map[bridge.MessageID]bool{}
	}
	a.came[o.Who][o.Message] = true
	close(a.news)
	a.news = make(chan struct{})
}

// await waits until the message came to the client, and reports whether it did.
func (a *arrivals) await(ctx context.Context, who string, m bridge.MessageID) bool {
	for {
		a.mu.Lock()
		came, news := a.came[who][m], a.news
		a.mu.Unlock()
		if came {
			return true
		}
		select {
		case <-news:
		case <-ctx.Done():
			return false
		}
	}
}

// settle waits until every acknowledged message has come to its reader and to its
// sender. What never comes, the history tells.
func (s *siege) settle() {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	for _, o := range s.rec.Ops() {
		if o.Kind != history.Send || o.Result != history.OK {
			continue
		}
		var i int
		if _, err := fmt.Sscanf(o.Who, "s%d", &i); err != nil {
			s.t.Fatal(err)
		}
		s.came.await(ctx, o.Who, o.Message)
		for _, k := range s.crewsOf(i) {
			s.came.await(ctx, readerOf(i)+"/"+k.device, o.Message)
		}
	}
}

// record compares what was shown with what each patient reads of it: one entry for
// each disclosure (I9), entries without a gap.
func (s *siege) record() []history.Violation {
	shows := map[bridge.PatientID]map[bridge.DisclosureID][]history.Op{}
	for _, o := range s.rec.Ops() {
		if o.Kind == history.Show {
			if shows[o.Patient] == nil {
				shows[o.Patient] = map[bridge.DisclosureID][]history.Op{}
			}
			shows[o.Patient][o.Disclosure] = append(shows[o.Patient][o.Disclosure], o)
		}
	}
	var found []history.Violation
	for _, l := range s.lives {
		entered, seq := map[bridge.DisclosureID]int{}, uint64(0)
		for more := true; more; {
			var entries []bridge.EntryView
			var err error
			entries, more, err = l.patient.Entries(s.ctx, wire.EntriesAfter{Patient: l.id, After: seq, Limit: wire.MaxEntries})
			if err != nil {
				s.t.Fatalf("reading the record of %s: %v", l.id, err)
			}
			for _, e := range entries {
				if e.Entry.Seq != seq+1 {
					found = append(found, history.Violation{Rule: "the record has no gap", What: fmt.Sprintf("entry %d of %s came behind %d", e.Entry.Seq, l.id, seq)})
				}
				if seq = e.Entry.Seq; e.Entry.Kind == ledger.KindDisclosed {
					entered[bridge.DisclosureID(e.Entry.Disclosure)]++
				}
			}
		}
		for _, id := range slices.Sorted(maps.Keys(shows[l.id])) {
			if n := entered[id]; n != 1 {
				found = append(found, history.Violation{
					Rule: "what was shown is on record", What: fmt.Sprintf("disclosure %s has %d entries", id, n), Ops: shows[l.id][id],
				})
			}
		}
	}
	return found
}

// judge checks everything, after the last fault, and ends the server.
func (s *siege) judge(name string) {
	s.t.Helper()
	s.settle()
	ops := s.rec.Ops()
	found := append(history.Check(ops), s.record()...)
	s.leave()
	s.server.stop()
	s.server.check()
	for i, v := range found {
		if i == 10 {
			s.t.Errorf("and %d more", len(found)-i)
			break
		}
		s.t.Errorf("seed %d: %s", s.seed, v)
	}
	keep(s.t, name, ops)
}
