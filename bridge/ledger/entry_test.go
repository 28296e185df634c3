// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// chain makes n entries of one patient.
func chain(t *testing.T, n int) ([]ledger.Leaf, [32]byte) {
	t.Helper()
	var head [32]byte
	var leaves []ledger.Leaf
	for i := range n {
		e := ledger.Entry{Patient: "p", Seq: uint64(i) + 1, Time: time.Unix(int64(i), 5), Kind: ledger.KindAccepted, Message: "m"}
		l, err := ledger.NewLeaf(head, [32]byte{byte(i)}, e)
		if err != nil {
			t.Fatal(err)
		}
		head = l.Head
		leaves = append(leaves, l)
	}
	return leaves, head
}

func TestVerifyNamesTheWrongEntry(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func([]ledger.Leaf) []ledger.Leaf
		want string // "" is no error
	}{
		{"untouched", func(l []ledger.Leaf) []ledger.Leaf { return l }, ""},
		{"edited", func(l []ledger.Leaf) []ledger.Leaf { l[2].Entry.To = "x"; return l }, "entry 3: changed"},
		{"removed", func(l []ledger.Leaf) []ledger.Leaf { return append(l[:1:1], l[2:]...) }, "entry 3: stands at place 2"},
		{"truncated", func(l []ledger.Leaf) []ledger.Leaf { return l[:4] }, "entry 4: not the last"},
		{"reordered", func(l []ledger.Leaf) []ledger.Leaf { l[0], l[1] = l[1], l[0]; return l }, "entry 2: stands at place 1"},
		{"resalted", func(l []ledger.Leaf) []ledger.Leaf { l[4].Salt[9] = 1; return l }, "entry 5: changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			leaves, head := chain(t, 5)
			err := ledger.Verify(c.harm(leaves), head)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
