// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import "testing"

func TestWhoHasTalkedCanBeRungAgain(t *testing.T) {
	d := newDesk(t)
	d.there("psy", "nurse")
	v := d.ring("gp", newRing("treating-psychiatrist"))
	if _, err := d.AcceptRing(t.Context(), d.As("psy"), "x", v.ID); err != nil {
		t.Fatal(err)
	}
	if len(d.board.reserved) == 0 {
		t.Fatal("who talks can be rung by others")
	}
	if _, err := d.EndRing(t.Context(), d.As("gp"), v.ID); err != nil {
		t.Fatal(err)
	}
	if len(d.board.reserved) != 0 {
		t.Errorf("behind the talk are taken: %v", d.board.reserved)
	}
}
