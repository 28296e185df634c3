// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// mostLacking bounds how many patients' keys one Update finds lacking, one after
// the other. Who knows better calls Ready for all of them before.
const mostLacking = 100

var (
	errShort   = errors.New("sealed bytes are too short")
	errKeyless = &bridge.Error{Code: bridge.CodeInternal, Message: "without its keys a sealed database is only read"}
	// ErrOtherKeys is returned by Open for a database that other keys have sealed.
	ErrOtherKeys = errors.New("the database was sealed with other keys: restore them beside it, or see restore --without-keys")
)

// unsealing loads the keys of the patient that an Update is about. What is
// essential goes on without them, but not for a patient who was erased. For a
// patient who is not there no keys are made.
func (s *Store) unsealing(ctx context.Context, patient bridge.PatientID) error {
	if s.options.Sealer == nil || patient == "" {
		return nil
	}
	if !s.known.has(patient) {
		switch err := s.View(ctx, func(t bridge.Tx) error { _, err := t.Patients().Head(patient); return err }); {
		case errors.Is(err, bridge.ErrNotFound):
			return nil // and fn will find that out
		case err != nil:
			return err
		}
		s.known.add(patient)
	}
	err := s.options.Sealer.Ready(ctx, patient)
	if bridge.NeedOf(ctx) == bridge.NeedEssential && !errors.Is(err, bridge.ErrErased) {
		return nil
	}
	return err
}

// isSealed reports whether b is what a Sealer made. No JSON begins like that, and
// no file that is taken.
func isSealed(b []byte) bool {
	return len(b) > 0 && (b[0] == bridge.SealedByKey || b[0] == bridge.SealedBySpare)
}

// seal returns plain as it is kept at the place.
func (t *tx) seal(at bridge.Place, plain []byte) ([]byte, error) {
	s := t.store.options.Sealer
	if s == nil {
		return plain, nil
	}
	sealed, err := s.Seal(nil, at, plain)
	var lack *bridge.NotReadyError
	if t.spare && errors.As(err, &lack) {
		sealed, err = s.Spare(nil, at, plain)
	}
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return sealed, nil
}

// open returns what is kept in a column at the place as it was.
func (t *tx) open(at bridge.Place, column driver.Value) ([]byte, error) {
	kept := blob(column)
	s := t.store.options.Sealer
	switch {
	case !isSealed(kept) && t.whole:
		return nil, t.plain(at)
	case !isSealed(kept):
		return kept, nil
	case s == nil:
		return nil, bridge.ErrErased
	}
	plain, err := s.Open(nil, at, kept)
	for again := 0; again < 2 && t.ctx != nil && lacks(err); again++ { // a key, then a number of it
		var lack *bridge.NotReadyError
		errors.As(err, &lack)
		if err := s.Ready(t.ctx, lack.Patient); err != nil && !errors.Is(err, bridge.ErrErased) {
			return nil, err
		}
		plain, err = s.Open(nil, at, kept)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", at.Table, err)
	}
	return plain, nil
}

// whole reports whether everything was sealed.
func (s *Store) whole() bool { return s.options.Sealer != nil && s.options.Sealer.Whole() }

// plain refuses what is not sealed and should be, and tells the operator.
func (t *tx) plain(at bridge.Place) error {
	t.store.log.Error("something that is not sealed was put into the database", slog.String("table", at.Table), slog.String("row", at.Row))
	return fmt.Errorf("opening %s %s: %w", at.Table, at.Row, ErrPlain)
}

func lacks(err error) bool {
	var lack *bridge.NotReadyError
	return errors.As(err, &lack)
}

// encode is v as a document for the place.
func (t *tx) encode(at bridge.Place, v any) ([]byte, error) {
	doc, err := encode(v)
	if err != nil {
		return nil, err
	}
	return t.seal(at, doc)
}

// decode reads a document of a place into v.
func (t *tx) decode(at bridge.Place, column driver.Value, v any) error {
	doc, err := t.open(at, column)
	if err != nil {
		return err
	}
	return decode(doc, v)
}

// pair makes sure that the database and the keys belong together.
func (s *Store) pair(c *conn) error {
	row, err := c.one(`SELECT value FROM meta WHERE key = 'keys'`)
	if s.options.Sealer == nil {
		// What is written without keys is plain, and would be taken for somebody else's.
		if s.keyless = err == nil; s.keyless {
			return nil
		}
		_, err = c.exec(`DELETE FROM meta WHERE key LIKE 'sealed:%'`) // it has to be found again
		return err
	}
	if s.options.Keys == "" {
		return nil
	}
	if errors.Is(err, bridge.ErrNotFound) {
		_, err = c.exec(`INSERT INTO meta (key, value) VALUES ('keys', ?)`, s.options.Keys)
		return err
	}
	if err == nil && text(row[0]) != s.options.Keys {
		err = ErrOtherKeys
	}
	return err
}

// known remembers patients who are there.
type known struct {
	mu  sync.Mutex // guards the following field
	all map[bridge.PatientID]struct{}
}

func (k *known) has(p bridge.PatientID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.all[p]
	return ok
}

func (k *known) add(p bridge.PatientID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= mostKept {
		k.all = map[bridge.PatientID]struct{}{}
	}
	k.all[p] = struct{}{}
}
