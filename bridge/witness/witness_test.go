// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package witness_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/witness"
)

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// authority is a bridge that is a witness too.
type authority struct {
	*bridgetest.World
	key     *ledger.Signer // to cosign with
	witness *witness.Witness
	url     string
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func witnessKey(t *testing.T, name string) *ledger.Signer {
	t.Helper()
	return must(ledger.NewWitness(name, ledger.NewSeed(), func() time.Time { return bridgetest.Noon }))(t)
}

// open opens an authority whose ledger has the name, and that believes the witnesses.
func open(t *testing.T, name string, witnesses ...*ledger.Verifier) *authority {
	t.Helper()
	log := must(ledger.NewSigner(name+".test/log", ledger.NewSeed()))(t)
	a := &authority{World: bridgetest.New(t, func(c *bridge.Config) { c.Ledger, c.Witnesses = log, witnesses })}
	a.Log = log
	return a
}

// watch makes the authority a witness of the logs, on a server of its own.
func (a *authority) watch(t *testing.T, key *ledger.Signer, state witness.State, logs ...*ledger.Verifier) {
	t.Helper()
	a.key = key
	a.witness = must(witness.New(key, logs, state, quiet))(t)
	server := httptest.NewServer(a.witness.Handler("/witness"))
	t.Cleanup(server.Close)
	a.url = server.URL + "/witness"
}

func (a *authority) ask(t *testing.T, of *authority) *witness.Gatherer {
	t.Helper()
	return witness.NewGatherer(a, a.Log.Verifier(), []witness.Peer{{URL: of.url + "/", Key: of.key.Verifier()}}, nil, quiet)
}

// talk makes entries, and has them signed.
func (a *authority) talk(t *testing.T, n int) {
	t.Helper()
	conv := a.Talk(bridge.PurposeTreatment, "gp", "treating-psychiatrist")
	for range n {
		a.MustSend("gp", bridgetest.Draft(conv, "Again", bridge.TopicMedication))
	}
	if err := a.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// cosigned lists who has cosigned jens's exported record.
func (a *authority) cosigned(t *testing.T, witnesses ...*ledger.Verifier) []ledger.Cosignature {
	t.Helper()
	var out bytes.Buffer
	if err := a.Export(t.Context(), a.As("jens"), "jens", 0, &out); err != nil {
		t.Fatal(err)
	}
	r := must(ledger.VerifyExport(&out, ledger.Trust{Log: a.Log.Verifier(), Witnesses: witnesses}))(t)
	if !r.Whole() {
		t.Error(r.Findings)
	}
	return r.Cosigned
}

// The region cosigns for the municipality, and the reverse; each patient's export
// bears the other's signature.
func TestTwoAuthoritiesWatchEachOther(t *testing.T) {
	keyA, keyB := witnessKey(t, "region.test/witness"), witnessKey(t, "municipality.test/witness")
	a, b := open(t, "region", keyB.Verifier()), open(t, "municipality", keyA.Verifier())
	a.watch(t, keyA, witness.InStore(a.Store(), time.Now), b.Log.Verifier())
	b.watch(t, keyB, witness.InStore(b.Store(), time.Now), a.Log.Verifier())
	asksB, asksA := a.ask(t, b), b.ask(t, a)
	for range 3 {
		a.talk(t, 2)
		b.talk(t, 1)
		if err := errors.Join(asksB.Gather(t.Context()), asksA.Gather(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.cosigned(t, keyB.Verifier()); len(got) != 1 || got[0].Witness != "municipality.test/witness" {
		t.Errorf("the region's is cosigned by %+v", got)
	}
	if got := b.cosigned(t, keyA.Verifier()); len(got) != 1 || got[0].Witness != "region.test/witness" {
		t.Errorf("the municipality's is cosigned by %+v", got)
	}
	// A gatherer that starts afresh asks where the witness stands.
	a.talk(t, 1)
	if err := a.ask(t, b).Gather(t.Context()); err != nil {
		t.Error(err)
	}
	if got := len(a.cosigned(t, keyB.Verifier())); got != 1 {
		t.Errorf("cosigned by %d", got)
	}
	served(t, b.url, a.Log.Name(), keyB.Verifier(), a.Log.Verifier())
}

// served wants the witness to show what it cosigned, so that anybody can compare.
func served(t *testing.T, url, origin string, key, log *ledger.Verifier) {
	t.Helper()
	res := must(http.Get(url + "/" + witness.OriginHash(origin) + "/checkpoint"))(t)
	defer res.Body.Close()
	note := must(io.ReadAll(res.Body))(t)
	c, err := ledger.OpenCheckpoint(note, log, key)
	if err != nil || len(c.Cosigned) != 1 {
		t.Errorf("%s: %+v, %v", res.Status, c, err)
	}
	none := must(http.Get(url + "/" + witness.OriginHash("nobody") + "/checkpoint"))(t)
	none.Body.Close()
	if none.StatusCode != http.StatusNotFound {
		t.Errorf("of a log that is not known: %s", none.Status)
	}
}

// A ledger that tells two stories gets one of them cosigned.
func TestAForkedLedgerIsRefused(t *testing.T) {
	key := witnessKey(t, "municipality.test/witness")
	a, b := open(t, "region", key.Verifier()), open(t, "municipality")
	state := must(witness.InFile(filepath.Join(t.TempDir(), "witness.json")))(t)
	b.watch(t, key, state, a.Log.Verifier())
	a.talk(t, 4)
	if err := a.ask(t, b).Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"longer": 20, "shorter": 1} {
		forked := open(t, "region", key.Verifier()) // by its key the same log, with another history
		forked.World = bridgetest.New(t, func(c *bridge.Config) { c.Ledger, c.Witnesses = a.Log, []*ledger.Verifier{key.Verifier()} })
		forked.Log = a.Log
		forked.talk(t, n)
		g := forked.ask(t, b)
		if err := g.Gather(t.Context()); !errors.Is(err, ledger.ErrFork) {
			t.Errorf("%s: %v, want a fork", name, err)
		}
		if silent, forks := g.Failures(); silent != 0 || forks != 1 {
			t.Errorf("%s: counted %d silent, %d forks", name, silent, forks)
		}
		if got := forked.cosigned(t, key.Verifier()); len(got) != 0 {
			t.Errorf("%s: cosigned by %+v", name, got)
		}
	}
	if b.witness.Refused() != 1 { // the shorter was not submitted
		t.Errorf("%d refused", b.witness.Refused())
	}
	a.talk(t, 1)
	if err := a.ask(t, b).Gather(t.Context()); err != nil {
		t.Errorf("the first story does not go on: %v", err)
	}
}

func TestAWitnessThatIsAwayKeepsNobody(t *testing.T) {
	key := witnessKey(t, "municipality.test/witness")
	a, b := open(t, "region", key.Verifier()), open(t, "municipality")
	b.watch(t, key, witness.InStore(b.Store(), time.Now), a.Log.Verifier())
	a.talk(t, 1)
	away := httptest.NewServer(http.NotFoundHandler())
	gone := away.URL
	away.Close()
	g := witness.NewGatherer(a, a.Log.Verifier(), []witness.Peer{{URL: gone, Key: key.Verifier()}, {URL: b.url, Key: key.Verifier()}}, nil, quiet)
	if err := g.Gather(t.Context()); err == nil {
		t.Error("nobody noticed")
	}
	if silent, forks := g.Failures(); silent != 1 || forks != 0 {
		t.Errorf("counted %d silent, %d forks", silent, forks)
	}
	if len(a.cosigned(t, key.Verifier())) != 1 {
		t.Error("the other was not asked")
	}
}

// submitted asks a witness over HTTP.
func submitted(t *testing.T, url string, body []byte) (int, string, string) {
	t.Helper()
	res := must(http.Post(url+"/add-checkpoint", "text/plain", bytes.NewReader(body)))(t)
	defer res.Body.Close()
	text := must(io.ReadAll(res.Body))(t)
	return res.StatusCode, res.Header.Get("Content-Type"), string(text)
}

// The status codes are those of c2sp.org/tlog-witness.
func TestWhatAWitnessAnswers(t *testing.T) {
	key := witnessKey(t, "municipality.test/witness")
	a, b := open(t, "region"), open(t, "municipality")
	b.watch(t, key, witness.InStore(b.Store(), time.Now), a.Log.Verifier())
	a.talk(t, 3)
	note := must(a.Checkpoint(t.Context(), false))(t)
	size := must(ledger.ReadCheckpoint(note))(t).Size
	impostor := must(ledger.NewSigner(a.Log.Name(), ledger.NewSeed()))(t)
	sign := func(s *ledger.Signer, size uint64, root ledger.Hash) []byte {
		return must(ledger.SignCheckpoint(s, size, root))(t)
	}
	stranger := must(ledger.NewSigner("stranger.test/log", ledger.NewSeed()))(t)
	body := func(old uint64, note []byte, proof ...ledger.Hash) []byte {
		return ledger.Submission{Old: old, Proof: proof, Checkpoint: note}.Format()
	}
	bent := bytes.Replace(note, []byte("\n"+strconv.FormatUint(size, 10)+"\n"), []byte("\n99\n"), 1)
	for _, c := range []struct {
		name string
		body []byte
		want int
	}{
		{"nonsense", []byte("hello"), http.StatusBadRequest},
		{"no checkpoint", body(0, []byte("hello")), http.StatusBadRequest},
		{"endless", bytes.Repeat([]byte("x"), 1<<20), http.StatusBadRequest},
		{"another log", body(0, sign(stranger, 1, ledger.EmptyRoot)), http.StatusNotFound},
		{"another key", body(0, sign(impostor, 1, ledger.EmptyRoot)), http.StatusForbidden},
		{"another size than was signed", body(0, bent), http.StatusForbidden},
		{"an old tree that is larger", body(size+1, note), http.StatusBadRequest},
		{"a proof of nothing", body(0, note, ledger.EmptyRoot), http.StatusUnprocessableEntity},
		{"nothing, with a root", body(0, sign(a.Log, 0, ledger.Hash{1})), http.StatusUnprocessableEntity},
		{"from where it does not stand", body(1, note), http.StatusConflict},
		{"the first", body(0, note), http.StatusOK},
		{"the first again", body(0, note), http.StatusConflict},
		{"the same again", body(size, note), http.StatusOK},
		{"the same size, another tree", body(size, sign(a.Log, size, ledger.Hash{1})), http.StatusUnprocessableEntity},
		{"a longer tree, not proved", body(size, sign(a.Log, size+1, ledger.Hash{1})), http.StatusUnprocessableEntity},
	} {
		status, form, text := submitted(t, b.url, c.body)
		if status != c.want {
			t.Errorf("%s: %d %q, want %d", c.name, status, text, c.want)
		}
		if status == http.StatusConflict && (form != "text/x.tlog.size" || !strings.HasSuffix(text, "\n")) {
			t.Errorf("%s: %s %q", c.name, form, text)
		}
		if status == http.StatusOK {
			if _, err := ledger.WithCosignatures(note, []byte(text), a.Log.Verifier(), key.Verifier()); err != nil {
				t.Errorf("%s: %q: %v", c.name, text, err)
			}
		}
	}
}

// What was cosigned is on the disk before it is answered, and a witness that
// starts again knows it.
func TestAWitnessRemembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "witness.json")
	key := witnessKey(t, "municipality.test/witness")
	a, b := open(t, "region"), open(t, "municipality")
	b.watch(t, key, must(witness.InFile(path))(t), a.Log.Verifier())
	a.talk(t, 2)
	note := must(a.Checkpoint(t.Context(), false))(t)
	first := ledger.Submission{Checkpoint: note}.Format()
	if status, _, text := submitted(t, b.url, first); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	again := must(witness.InFile(path))(t)
	b.watch(t, key, again, a.Log.Verifier())
	if status, _, _ := submitted(t, b.url, first); status != http.StatusConflict {
		t.Errorf("a witness that started again answered %d", status)
	}
	if info := must(os.Stat(path))(t); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %s", info.Mode())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil { // it can't be replaced
		t.Fatal(err)
	}
	if err := again.Advance(t.Context(), a.Log.Name(), 0, note); !errors.Is(err, witness.ErrMoved) {
		t.Errorf("from elsewhere: %v", err)
	}
	size := must(ledger.ReadCheckpoint(note))(t).Size
	if err := again.Advance(t.Context(), a.Log.Name(), size, note); err == nil {
		t.Error("kept what could not be written")
	}
	for _, text := range []string{"{", `{"x":"y"}`} {
		wrong := filepath.Join(t.TempDir(), "wrong.json")
		if err := os.WriteFile(wrong, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := witness.InFile(wrong); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// Of two that ask at once one is told to look again: the tree never goes back.
func TestSubmissionsAtOnce(t *testing.T) {
	key := witnessKey(t, "municipality.test/witness")
	a, b := open(t, "region"), open(t, "municipality")
	for _, state := range []witness.State{witness.InStore(b.Store(), time.Now), must(witness.InFile(filepath.Join(t.TempDir(), "w.json")))(t)} {
		b.watch(t, key, state, a.Log.Verifier())
		a.talk(t, 1)
		body := ledger.Submission{Checkpoint: must(a.Checkpoint(t.Context(), false))(t)}.Format()
		var mu sync.Mutex
		count := map[int]int{}
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				res, err := http.Post(b.url+"/add-checkpoint", "text/plain", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				mu.Lock()
				defer mu.Unlock()
				count[res.StatusCode]++
			})
		}
		wait.Wait()
		if count[http.StatusOK] != 1 || count[http.StatusConflict] != 7 {
			t.Errorf("answers: %v", count)
		}
	}
}

func TestKeysAreNotMixedUp(t *testing.T) {
	log := must(ledger.NewSigner("log.test", ledger.NewSeed()))(t)
	key := witnessKey(t, "witness.test")
	if _, err := witness.New(log, nil, nil, quiet); err == nil {
		t.Error("a log cosigns")
	}
	if _, err := witness.New(key, []*ledger.Verifier{key.Verifier()}, nil, quiet); err == nil {
		t.Error("a witness is a log")
	}
	if w := must(witness.New(key, []*ledger.Verifier{log.Verifier()}, nil, quiet))(t); w.Key() != key.VerifierKey() {
		t.Error("its key is another")
	}
}

// public serves what anybody may ask of a log.
func (a *authority) public(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ledger/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(must(a.Checkpoint(r.Context(), false))(t))
	})
	mux.HandleFunc("GET /ledger/consistency", func(w http.ResponseWriter, r *http.Request) {
		old := must(strconv.ParseUint(r.URL.Query().Get("old"), 10, 62))(t)
		size := must(strconv.ParseUint(r.URL.Query().Get("size"), 10, 62))(t)
		for _, h := range must(a.ProvePrefix(r.Context(), old, size))(t) {
			_, _ = io.WriteString(w, h.String()+"\n")
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// A witness that nobody can reach fetches by itself, and keeps the one history.
func TestAWitnessThatPulls(t *testing.T) {
	log := must(ledger.NewSigner("region.test/log", ledger.NewSeed()))(t)
	world := func() *authority {
		a := &authority{World: bridgetest.New(t, func(c *bridge.Config) { c.Ledger = log })}
		a.Log = log
		return a
	}
	region, other := world(), world()
	key := witnessKey(t, "town.test/witness")
	state := must(witness.InFile(filepath.Join(t.TempDir(), "state.json")))(t)
	w := must(witness.New(key, []*ledger.Verifier{log.Verifier()}, state, quiet))(t)
	pull := witness.NewPuller(w, []string{region.public(t) + "/"}, nil).Pull
	var last uint64
	for range 3 {
		region.talk(t, 2)
		if err := errors.Join(pull(t.Context()), pull(t.Context())); err != nil { // the second finds nothing new
			t.Fatal(err)
		}
		c := must(ledger.OpenCheckpoint(must(state.Last(t.Context(), log.Verifier().Name()))(t), log.Verifier(), key.Verifier()))(t)
		if len(c.Cosigned) != 1 || c.Size <= last {
			t.Fatalf("cosigned %+v behind %d leaves", c, last)
		}
		last = c.Size
	}

	other.talk(t, 1) // the same key, and another history: first a shorter one, then a longer one
	fork := witness.NewPuller(w, []string{other.public(t)}, nil).Pull
	if err := fork(t.Context()); !errors.Is(err, ledger.ErrBackwards) {
		t.Errorf("a shorter history: %v", err)
	}
	other.talk(t, 20)
	if err := fork(t.Context()); !errors.Is(err, ledger.ErrFork) || w.Refused() != 1 {
		t.Errorf("another history: %v, refused %d", err, w.Refused())
	}

	stranger := open(t, "stranger")
	stranger.talk(t, 1)
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	both := witness.NewPuller(w, []string{gone.URL, stranger.public(t)}, nil).Pull(t.Context())
	if both == nil || !strings.Contains(both.Error(), "it answered 404") || !strings.Contains(both.Error(), "not known here") {
		t.Errorf("nobody and a stranger: %v", both)
	}
}
