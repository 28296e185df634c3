// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package ledger is the format of the tamper-evident record: entries, how an
// entry is committed to, and how a patient's entries are chained. It does no I/O.
package ledger

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Kind is what an entry records.
type Kind string

// The kinds of entry.
const (
	KindAccepted   Kind = "accepted"   // a message was taken from its sender
	KindDenied     Kind = "denied"     // something was asked for and refused
	KindDisclosed  Kind = "disclosed"  // content was handed to one recipient
	KindHeld       Kind = "held"       // a message waits for the patient
	KindReturned   Kind = "returned"   // a held message went back
	KindReleased   Kind = "released"   // what was withheld from a recipient may be shown after all
	KindAmended    Kind = "amended"    // a message was edited or retracted
	KindAttached   Kind = "attached"   // a file was put in for a later message
	KindOpened     Kind = "opened"     // a conversation was opened
	KindSeen       Kind = "seen"       // the care team, presence or conversations were shown
	KindRequested  Kind = "requested"  // a consent was asked for
	KindGranted    Kind = "granted"    // a consent was given
	KindDeclined   Kind = "declined"   // a request was declined
	KindWithdrawn  Kind = "withdrawn"  // a consent was taken back
	KindExpired    Kind = "expired"    // a consent or request ran out
	KindObjected   Kind = "objected"   // an objection was made
	KindLifted     Kind = "lifted"     // an objection was lifted
	KindEmergency  Kind = "emergency"  // the glass was broken
	KindReviewed   Kind = "reviewed"   // an emergency access was looked into
	KindErased     Kind = "erased"     // keys were destroyed; Action says of what
	KindRung       Kind = "rung"       // somebody was rung about the patient
	KindUnanswered Kind = "unanswered" // a ring that nobody answered, or its caller gave up; Action says which
	KindTalked     Kind = "talked"     // a talk ended; Seconds says how long it was
	KindCallback   Kind = "callback"   // ringing back was asked for, taken, or closed; Action says which
	KindRegistered Kind = "registered" // patient, care team or representatives changed
)

// Entry is one line of a patient's record. It holds no free text, no content and
// no national identifier. Fields are ids, codes and times only.
type Entry struct {
	Patient      string    `json:"patient"`
	Seq          uint64    `json:"seq"`
	Time         time.Time `json:"time"`
	Kind         Kind      `json:"kind"`
	Action       string    `json:"action,omitempty"`
	By           string    `json:"by,omitempty"` // who acted, or whose information it is
	ByRole       string    `json:"by_role,omitempty"`
	ByOrg        string    `json:"by_org,omitempty"`
	To           string    `json:"to,omitempty"` // who got it, or would have
	ToRole       string    `json:"to_role,omitempty"`
	ToOrg        string    `json:"to_org,omitempty"`
	Purpose      string    `json:"purpose,omitempty"`
	Topics       []string  `json:"topics,omitempty"`
	Redacted     []string  `json:"redacted,omitempty"`
	Conversation string    `json:"conversation,omitempty"`
	Message      string    `json:"message,omitempty"`
	Disclosure   string    `json:"disclosure,omitempty"`
	Request      string    `json:"request,omitempty"`
	Objection    string    `json:"objection,omitempty"`
	Emergency    string    `json:"emergency,omitempty"`
	Consents     []string  `json:"consents,omitempty"`
	Epoch        uint64    `json:"epoch"`
	Basis        string    `json:"basis,omitempty"`
	Reasons      []string  `json:"reasons,omitempty"`
	Revision     string    `json:"revision,omitempty"`
	Line         string    `json:"line,omitempty"`
	Ring         string    `json:"ring,omitempty"`
	Callback     string    `json:"callback,omitempty"`
	Seconds      uint64    `json:"seconds,omitempty"`
}

// Leaf is an entry in its place in the chain.
type Leaf struct {
	Entry  Entry
	Salt   [32]byte // random; destroying it makes the commitment say nothing
	Prev   [32]byte // head before this leaf
	Commit [32]byte // Commitment(Salt, Entry)
	Head   [32]byte // Link(Prev, Commit)
	// Erased: entry and salt were destroyed, and only Patient and Seq of the entry
	// are known. The commitment stands, so that the chain and the tree do.
	Erased bool
}

// Commitment is SHA-256(salt || canonical).
func Commitment(salt [32]byte, canonical []byte) [32]byte {
	h := sha256.New()
	h.Write(salt[:])
	h.Write(canonical)
	return [32]byte(h.Sum(nil))
}

// Link is the head of a chain after one more leaf.
func Link(prev, commit [32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("brobygger chain v1\n"))
	h.Write(prev[:])
	h.Write(commit[:])
	return [32]byte(h.Sum(nil))
}

// NewLeaf puts e behind the head prev.
func NewLeaf(prev, salt [32]byte, e Entry) (Leaf, error) {
	canonical, err := e.Canonical()
	if err != nil {
		return Leaf{}, err
	}
	l := Leaf{Entry: e, Salt: salt, Prev: prev, Commit: Commitment(salt, canonical)}
	l.Head = Link(prev, l.Commit)
	return l, nil
}

// Verify checks that leaves are the entries 1, 2, 3, … of one patient, unbroken,
// and end at head. It names the first entry that is wrong.
func Verify(leaves []Leaf, head [32]byte) error {
	var prev [32]byte
	for i, l := range leaves {
		if l.Entry.Seq != uint64(i)+1 {
			return fmt.Errorf("entry %d: stands at place %d", l.Entry.Seq, i+1)
		}
		again := Leaf{Commit: l.Commit, Head: Link(prev, l.Commit)}
		if !l.Erased {
			var err error
			if again, err = NewLeaf(prev, l.Salt, l.Entry); err != nil {
				return fmt.Errorf("entry %d: %w", l.Entry.Seq, err)
			}
		}
		if again.Commit != l.Commit || l.Prev != prev || again.Head != l.Head {
			return fmt.Errorf("entry %d: changed", l.Entry.Seq)
		}
		prev = l.Head
	}
	if prev != head {
		return fmt.Errorf("entry %d: not the last, the chain ends elsewhere", len(leaves))
	}
	return nil
}
