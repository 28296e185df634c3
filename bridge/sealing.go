// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"time"
)

// KeyKind is what a key of a patient seals. Each kind has a time of its own: what
// was said may be erased long before the record of who was told.
type KeyKind string

// The kinds of key.
const (
	KeyContent KeyKind = "content" // messages, files, whatever people wrote
	KeyLog     KeyKind = "log"     // the patient's entries, each with its salt
	KeySpare   KeyKind = "spare"   // the store's own: a public key, for entries that no key could be had for
)

// Place is where sealed bytes stand. They open nowhere else.
type Place struct {
	Patient PatientID
	Kind    KeyKind
	Table   string
	Column  string
	Row     string // id of the row; it never changes
}

// Sealer keeps what is stored unreadable without a patient's keys. Kept by
// bridge/seal. Seal and Open work on keys in memory, in microseconds: they are
// called inside transactions, where nobody may wait for a key server.
type Sealer interface {
	// Ready loads the patients' keys, and makes those that a patient has not got
	// yet. It may ask a key server. The empty patient is the store's own key. An
	// ErrErased means that nothing about the patient is kept any more; CodeBusy
	// that the keys can't be had now.
	Ready(ctx context.Context, patients ...PatientID) error
	// Seal appends the sealed plain to dst. A *NotReadyError asks for Ready.
	Seal(dst []byte, at Place, plain []byte) ([]byte, error)
	// Spare is Seal with the store's public key, for what must be kept while the
	// patient's keys can't be had. It needs no Ready.
	Spare(dst []byte, at Place, plain []byte) ([]byte, error)
	// Open appends to dst what Seal or Spare sealed at this place. ErrErased means
	// that the key was destroyed; a *NotReadyError asks for Ready; any other error
	// that the bytes are not what was sealed there.
	Open(dst []byte, at Place, sealed []byte) ([]byte, error)
	// Whole reports whether everything that is kept has been sealed once. From then
	// on what is not sealed was put there by somebody else, and opens nowhere.
	Whole() bool
	// SetWhole notes that, for good.
	SetWhole(ctx context.Context) error
	// Erase destroys the patient's keys of these kinds for good, and forgets them:
	// those made before then, or all of them for the zero time. Without a log key
	// nothing more is kept about the patient.
	Erase(ctx context.Context, patient PatientID, then time.Time, kinds ...KeyKind) error
}

// SealedPrefix is how many first bytes tell what sealed bytes are: a version, 1
// for a patient's key and 2 for the store's spare one, then the number of the
// key. No JSON, and no file that Attach takes, begins with such a byte.
const SealedPrefix = 5

// Versions of what is sealed, the first byte.
const (
	SealedByKey   = 1
	SealedBySpare = 2
)

// ErrErased says that the keys of what was asked for were destroyed.
var ErrErased = &Error{Code: CodeErased, Message: "its keys were destroyed"}

// NotReadyError is the error of Seal and Open while a patient's keys are not in
// memory.
type NotReadyError struct{ Patient PatientID }

func (e *NotReadyError) Error() string { return "keys are not loaded" }

// WrappedKey is a patient's key, sealed by the key-encryption key.
type WrappedKey struct {
	Patient   PatientID // empty for KeySpare
	Kind      KeyKind
	Number    uint32 // random, never 0; unique for patient and kind
	Wrapped   []byte // empty once destroyed
	Made      time.Time
	Destroyed time.Time // zero while it is there
}

// Keys keeps wrapped keys, apart from the data: a key that was destroyed must not
// come back with a backup of the data. Kept by bridge/store/sqlite. What a method
// wrote is durable when it returns nil.
type Keys interface {
	// Of lists a patient's keys in order of making, destroyed ones included.
	Of(ctx context.Context, patient PatientID) ([]WrappedKey, error)
	// Add keeps new keys, all or none. A number that is taken is CodeConflict.
	Add(ctx context.Context, keys ...WrappedKey) error
	// Rewrap replaces the wrapping of keys, and reports how many still were
	// there to be rewrapped.
	Rewrap(ctx context.Context, keys ...WrappedKey) (int, error)
	// Destroy overwrites the patient's keys of these kinds, on the disk too: those
	// made before then, or all of them for the zero time. Their numbers stay. Doing
	// it again finishes what was interrupted.
	Destroy(ctx context.Context, patient PatientID, then time.Time, kinds ...KeyKind) error
	// After lists at most limit keys in order of patient, kind and number, behind
	// the one given; the zero key is before all.
	After(ctx context.Context, k WrappedKey, limit int) ([]WrappedKey, error)
	// BackedUp is when the keys were last backed up, zero for never.
	BackedUp(ctx context.Context) (time.Time, error)
	// Whole is since when everything in the data has been sealed, zero for not yet.
	// It stands here because whoever can write the data must not take it off.
	Whole(ctx context.Context) (time.Time, error)
	// SetWhole notes that it is so, unless that was noted before.
	SetWhole(ctx context.Context) error
}

// Keeper looks after keys while the bridge runs. Kept by bridge/seal.
type Keeper interface {
	// RotateKEK makes a new version of the key-encryption key and wraps every key
	// with it; it returns how many.
	RotateKEK(ctx context.Context) (int, error)
	// Rotate gives patients new keys, all of them when none is named, and returns
	// how many patients got some. What was sealed before stays readable.
	Rotate(ctx context.Context, patients ...PatientID) (int, error)
	Status(ctx context.Context) (KeyStatus, error)
}

// KeyStatus counts keys.
type KeyStatus struct {
	Patients  int            `json:"patients"`  // who have keys
	Keys      int            `json:"keys"`      // that are there
	Destroyed int            `json:"destroyed"` // by erasure
	Versions  map[string]int `json:"versions"`  // of the key-encryption key, and how many keys each wraps
	BackedUp  time.Time      `json:"backed_up,omitzero"`
	Whole     time.Time      `json:"whole,omitzero"` // since when everything in the data is sealed
}
