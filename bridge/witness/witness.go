// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package witness lets authorities watch each other's ledgers: it cosigns the
// checkpoints of other logs, as long as each begins with the one before, and asks
// other witnesses to cosign ours (https://c2sp.org/tlog-witness). What it carries
// are hashes; nothing of anybody passes here.
package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// State remembers the newest checkpoint of each log that was cosigned.
type State interface {
	// Last returns it with its cosignature; nil: none was.
	Last(ctx context.Context, origin string) (note []byte, err error)
	// Advance keeps a newer one in the place of that of old leaves, 0 for none, and
	// returns ErrMoved when another is there by now. It is durable when it returns.
	Advance(ctx context.Context, origin string, old uint64, note []byte) error
}

// ErrMoved says that another checkpoint was cosigned meanwhile.
var ErrMoved = errors.New("another checkpoint was cosigned meanwhile")

// Witness cosigns the logs that it knows.
type Witness struct {
	key     *ledger.Signer
	logs    map[string][]*ledger.Verifier // by origin
	state   State
	log     *slog.Logger
	refused atomic.Uint64
}

// New returns a witness for logs, whose keys bear their origins as names.
func New(key *ledger.Signer, logs []*ledger.Verifier, state State, log *slog.Logger) (*Witness, error) {
	if !key.Verifier().Witness() {
		return nil, errors.New("a witness needs a witness's key")
	}
	w := &Witness{key: key, logs: map[string][]*ledger.Verifier{}, state: state, log: log}
	for _, v := range logs {
		if v.Witness() {
			return nil, fmt.Errorf("%s is the key of a witness, not of a log", v.Name())
		}
		w.logs[v.Name()] = append(w.logs[v.Name()], v)
	}
	return w, nil
}

// Key is the witness's verifier key, to give to the logs.
func (w *Witness) Key() string { return w.key.VerifierKey() }

// Refused is how many forks were refused since the start.
func (w *Witness) Refused() uint64 { return w.refused.Load() }

// maxBody is the longest request that is read.
const maxBody = 64 << 10

// Handler serves POST add-checkpoint and GET <hex SHA-256 of origin>/checkpoint
// below prefix, which has no slash at its end.
func (w *Witness) Handler(prefix string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+prefix+"/add-checkpoint", w.addCheckpoint)
	mux.HandleFunc("GET "+prefix+"/{origin}/checkpoint", w.checkpoint)
	return mux
}

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, "the body can't be read", http.StatusBadRequest)
		return
	}
	a := w.add(r.Context(), body)
	rw.Header().Set("Content-Type", a.form)
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body) // it is text, and whoever asked has gone
}

// answer is an answer of add-checkpoint.
type answer struct {
	status int
	form   string
	body   []byte
}

func says(status int, text string) answer {
	return answer{status, "text/plain; charset=utf-8", []byte(text + "\n")}
}

// add is add-checkpoint, with the status codes of the specification.
func (w *Witness) add(ctx context.Context, body []byte) answer {
	s, err := ledger.ParseSubmission(body)
	if err != nil {
		return says(http.StatusBadRequest, err.Error())
	}
	next, err := ledger.ReadCheckpoint(s.Checkpoint)
	if err != nil {
		return says(http.StatusBadRequest, err.Error())
	}
	keys, known := w.logs[next.Origin]
	if !known {
		return says(http.StatusNotFound, "this log is not known here")
	}
	if !signed(s.Checkpoint, keys) {
		return says(http.StatusForbidden, ledger.ErrSignature.Error())
	}
	last, err := w.last(ctx, next.Origin)
	if err != nil {
		w.log.ErrorContext(ctx, "witness can't read its state", slog.Any("error", err))
		return says(http.StatusInternalServerError, "the state can't be read")
	}
	switch err := s.Extends(last, next); {
	case errors.Is(err, ledger.ErrBackwards):
		return says(http.StatusBadRequest, err.Error())
	case errors.Is(err, ledger.ErrStale):
		return moved(last.Size)
	case err != nil:
		w.refused.Add(1)
		w.log.ErrorContext(ctx, "witness refuses a fork", slog.String("origin", next.Origin), slog.Uint64("had", last.Size), slog.Uint64("has", next.Size))
		return says(http.StatusUnprocessableEntity, ledger.ErrFork.Error())
	}
	return w.cosign(ctx, s, next.Origin, keys)
}

// cosign signs, remembers, and only then answers.
func (w *Witness) cosign(ctx context.Context, s ledger.Submission, origin string, keys []*ledger.Verifier) answer {
	line, err := ledger.Cosign(w.key, s.Checkpoint)
	if err != nil {
		return says(http.StatusBadRequest, err.Error())
	}
	note, err := withLine(s.Checkpoint, line, keys, w.key.Verifier())
	if err != nil {
		return says(http.StatusForbidden, err.Error())
	}
	switch err := w.state.Advance(ctx, origin, s.Old, note); {
	case errors.Is(err, ErrMoved):
		last, err := w.last(ctx, origin)
		if err != nil {
			return says(http.StatusInternalServerError, "the state can't be read")
		}
		return moved(last.Size)
	case err != nil:
		w.log.ErrorContext(ctx, "witness can't keep its state", slog.Any("error", err))
		return says(http.StatusInternalServerError, "the state can't be kept")
	}
	return answer{http.StatusOK, "text/plain; charset=utf-8", line}
}

func moved(size uint64) answer {
	return answer{http.StatusConflict, "text/x.tlog.size", fmt.Appendf(nil, "%d\n", size)}
}

// signed reports whether one of the log's keys has signed, and none wrongly.
func signed(note []byte, keys []*ledger.Verifier) bool {
	for _, k := range keys {
		if _, err := ledger.OpenCheckpoint(note, k); err == nil {
			return true
		}
	}
	return false
}

func withLine(note, line []byte, keys []*ledger.Verifier, self *ledger.Verifier) (out []byte, err error) {
	for _, k := range keys {
		if out, err = ledger.WithCosignatures(note, line, k, self); err == nil {
			return out, nil
		}
	}
	return nil, err
}

// last is the newest checkpoint that was cosigned, the zero Checkpoint for none.
func (w *Witness) last(ctx context.Context, origin string) (ledger.Checkpoint, error) {
	note, err := w.state.Last(ctx, origin)
	if err != nil || note == nil {
		return ledger.Checkpoint{}, err
	}
	return ledger.ReadCheckpoint(note)
}

// checkpoint serves the newest checkpoint of a log that was cosigned, so that who
// has one of the log's can compare.
func (w *Witness) checkpoint(rw http.ResponseWriter, r *http.Request) {
	for origin := range w.logs {
		if OriginHash(origin) != strings.ToLower(r.PathValue("origin")) {
			continue
		}
		note, err := w.state.Last(r.Context(), origin)
		if err != nil {
			http.Error(rw, "the state can't be read", http.StatusInternalServerError)
			return
		}
		if note != nil {
			rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = rw.Write(note) // whoever asked has gone
			return
		}
	}
	http.NotFound(rw, r)
}

// OriginHash is how a log is named in an address.
func OriginHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}
