// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/brobygger/brobygger/bridge"
)

func TestErrorsAreComparedByCode(t *testing.T) {
	unknown := fmt.Errorf("committing: %w", bridge.ErrOutcomeUnknown)
	internal := fmt.Errorf("doing: %w", &bridge.Error{Code: bridge.CodeInternal})
	for _, c := range []struct {
		name        string
		err, target error
		want        bool
	}{
		{"the same code", fmt.Errorf("x: %w", &bridge.Error{Code: bridge.CodeNotFound, Message: "m"}), bridge.ErrNotFound, true},
		{"another code", internal, bridge.ErrNotFound, false},
		{"an unknown outcome", unknown, bridge.ErrOutcomeUnknown, true},
		{"an unknown outcome is internal", unknown, &bridge.Error{Code: bridge.CodeInternal}, true},
		{"an internal error with a known outcome", internal, bridge.ErrOutcomeUnknown, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := errors.Is(c.err, c.target); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
