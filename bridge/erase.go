// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// ErasureGround is why something is erased, as a code: the record holds no free
// text. The controller's own words belong into its case system.
type ErasureGround string

// The grounds, after GDPR art. 17(1).
const (
	GroundNotNeeded ErasureGround = "no-longer-needed"  // (a): the period of keeping is over
	GroundWithdrawn ErasureGround = "consent-withdrawn" // (b)
	GroundObjection ErasureGround = "objection"         // (c)
	GroundUnlawful  ErasureGround = "unlawful"          // (d): it should not have been there
	GroundDuty      ErasureGround = "legal-duty"        // (e)
)

// ErasureGrounds lists all grounds.
var ErasureGrounds = []ErasureGround{GroundNotNeeded, GroundWithdrawn, GroundObjection, GroundUnlawful, GroundDuty}

// NewErasure asks for an erasure.
type NewErasure struct {
	Patient PatientID `json:"patient"`
	// Confirm repeats the patient's id: there is no way back.
	Confirm PatientID     `json:"confirm"`
	Ground  ErasureGround `json:"ground"`
	// Log: the record too, and who the patient is. Nothing more is kept about the
	// patient then. Without it, what was said goes, and who was told it stays.
	Log bool `json:"log,omitempty"`
}

// Erasure is one patient's, as it is kept. It is a Ruling of the controller's.
type Erasure struct {
	Patient PatientID     `json:"patient"`
	Log     bool          `json:"log,omitempty"`
	Ground  ErasureGround `json:"ground"`
	By      Ref           `json:"by"`
	At      time.Time     `json:"at"`
	Done    bool          `json:"done"` // the keys have been destroyed
}

// About implements Ruling.
func (e Erasure) About() PatientID { return e.Patient }

// kinds are those of the keys that go.
func (e Erasure) kinds() []KeyKind {
	if e.Log {
		return []KeyKind{KeyContent, KeyLog}
	}
	return []KeyKind{KeyContent}
}

// ErasureReceipt is what the controller keeps of an erasure: with the commitment
// the entry can still be found in the tree, where nothing else tells of it.
type ErasureReceipt struct {
	Erasure
	Seq    uint64 `json:"seq"`    // of the entry in the patient's chain
	Commit string `json:"commit"` // of the entry, hex
	// KeysBackedUp is when the keys were last backed up: until that backup is
	// destroyed, whoever has it and a backup of the data can read what was erased.
	KeysBackedUp time.Time `json:"keys_backed_up,omitzero"`
}

// Erase destroys the keys of what was said about a patient, and with Log of the
// patient's record. It first takes away what relied on them: nothing is delivered
// any more, requests end and held messages return. The chain's commitments stay,
// and with them everybody else's proofs. It is answered when what was given out
// before can't be shown any more. It is for an admin.
func (b *Bridge) Erase(ctx context.Context, c Caller, n NewErasure) (ErasureReceipt, error) {
	switch {
	case !c.Admin:
		return ErasureReceipt{}, &Error{Code: CodeForbidden}
	case b.sealer == nil:
		return ErasureReceipt{}, &Error{Code: CodeConflict, Message: "nothing is sealed here, so no key can be destroyed"}
	case ValidateID(string(n.Patient)) != nil || n.Confirm != n.Patient:
		return ErasureReceipt{}, BadRequest("confirm repeats the patient's id")
	case !slices.Contains(ErasureGrounds, n.Ground):
		return ErasureReceipt{}, BadRequest("a ground that does not exist")
	}
	ctx = context.WithoutCancel(ctx)
	e := Erasure{Patient: n.Patient, Log: n.Log, Ground: n.Ground, By: c.Party}
	var told pokes
	var leaf ledger.Leaf
	err := b.store.Update(ctx, n.Patient, func(tx Tx) (err error) {
		told, e.At = nil, b.now()
		leaf, err = b.erase(tx, c, e, &told)
		return err
	})
	if err != nil {
		return ErasureReceipt{}, b.told(err)
	}
	since := time.Now()
	b.dropSnapshot(e.Patient)
	if err := b.shred(ctx, &e); err != nil {
		return ErasureReceipt{}, b.told(err)
	}
	b.poke(told)
	b.tell(func(l Listener) { l.Draining(e.Patient) })
	if err := b.drain(ctx, since, DisclosureQuery{Patient: e.Patient}); err != nil && !errors.Is(err, ErrErased) {
		return ErasureReceipt{}, b.told(err)
	}
	r := ErasureReceipt{Erasure: e, Seq: leaf.Entry.Seq, Commit: hex.EncodeToString(leaf.Commit[:])}
	if b.keeper != nil {
		st, err := b.keeper.Status(ctx)
		if err != nil {
			return r, b.told(err)
		}
		r.KeysBackedUp = st.BackedUp
	}
	return r, nil
}

// erase writes what an erasure changes, and its entry, while there still are keys.
func (b *Bridge) erase(tx Tx, c Caller, e Erasure, told *pokes) (leaf ledger.Leaf, err error) {
	if err := sameAccount(tx, c); err != nil {
		return leaf, err
	}
	s, err := tx.Patients().Snapshot(e.Patient)
	if err != nil {
		return leaf, err
	}
	if s.Epoch, err = tx.Patients().Bump(e.Patient); err != nil { // what was decided before counts no more (I1)
		return leaf, err
	}
	g := &passage{tx: tx, snapshot: s}
	a := answer{Question: Question{Now: e.At, From: Actor{Ref: c.Party}}}
	if err := b.silence(tx, e.Patient, e.At, told); err != nil {
		return leaf, err
	}
	pending, err := tx.Consents().Requests(RequestQuery{Patient: e.Patient, State: RequestPending, Limit: 1000})
	if err != nil {
		return leaf, err
	}
	for _, r := range pending {
		if err := g.refuse(r, RequestExpired, a, told); err != nil {
			return leaf, err
		}
	}
	if e.Log {
		for _, consent := range s.Consents {
			if _, err := b.end(g, consent, ConsentExpired, a, told); err != nil {
				return leaf, err
			}
		}
	}
	if leaf, err = g.recordLeaf(ledger.KindErased, a, func(x *ledger.Entry) {
		x.Action, x.Reasons = "content", []string{string(e.Ground)}
		if e.Log {
			x.Action = "all"
		}
	}); err != nil {
		return leaf, err
	}
	return leaf, tx.Consents().Put(e)
}

// forget drops what is in memory of a patient.
func (b *Bridge) forget(p PatientID) {
	b.dropSnapshot(p)
	b.talks.dropIf(func(c Conversation) bool { return c.Patient == p })
	b.claims.dropIf(func(c openClaim) bool { return c.disclosure.Patient == p })
}

// shred destroys the keys, and notes that it is done.
func (b *Bridge) shred(ctx context.Context, e *Erasure) error {
	var then time.Time // all keys
	if e.Done {
		then = e.At // an old backup's; those of what came later stay
	}
	if err := b.sealer.Erase(ctx, e.Patient, then, e.kinds()...); err != nil {
		return err
	}
	b.forget(e.Patient)
	e.Done = true
	done := *e
	return b.store.Update(ctx, "", func(tx Tx) error { return tx.Consents().Put(done) })
}

// FinishErasures destroys the keys of every patient who was erased, where they are
// still or again there: after a crash in the middle, or with keys from an older
// backup. It is called at start.
func (b *Bridge) FinishErasures(ctx context.Context) error {
	if b.sealer == nil {
		return nil
	}
	var all []Erasure
	err := b.store.View(ctx, func(tx Tx) (err error) {
		all, err = tx.Consents().Erasures()
		return err
	})
	for _, e := range all {
		err = errors.Join(err, b.shred(ctx, &e))
	}
	if err != nil {
		return b.told(err)
	}
	return nil
}

// RotateKeys gives patients new keys, all of them when none is named. RotateKEK
// wraps every key with a new version of the key-encryption key. Keys counts them.
// They are for an admin.
func (b *Bridge) RotateKeys(ctx context.Context, c Caller, patients ...PatientID) (int, error) {
	return keyWork(b, c, func(k Keeper) (int, error) { return k.Rotate(context.WithoutCancel(ctx), patients...) })
}

// RotateKEK is described at RotateKeys.
func (b *Bridge) RotateKEK(ctx context.Context, c Caller) (int, error) {
	return keyWork(b, c, func(k Keeper) (int, error) { return k.RotateKEK(context.WithoutCancel(ctx)) })
}

// Keys is described at RotateKeys.
func (b *Bridge) Keys(ctx context.Context, c Caller) (KeyStatus, error) {
	return keyWork(b, c, func(k Keeper) (KeyStatus, error) { return k.Status(ctx) })
}

func keyWork[T any](b *Bridge, c Caller, work func(Keeper) (T, error)) (out T, err error) {
	switch {
	case !c.Admin:
		return out, &Error{Code: CodeForbidden}
	case b.keeper == nil:
		return out, &Error{Code: CodeConflict, Message: "nothing is sealed here"}
	}
	if out, err = work(b.keeper); err != nil {
		return out, b.told(err)
	}
	return out, nil
}
