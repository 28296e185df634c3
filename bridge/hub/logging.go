// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"
	"errors"
	"log/slog"

	"github.com/brobygger/brobygger/bridge"
)

// levelOf is debug for what only says that the session is over.
func levelOf(ctx context.Context, err error) slog.Level {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return slog.LevelDebug
	}
	return slog.LevelError
}

// attrError is the error for the log. Errors hold no content (bridge.Error).
func attrError(err error) slog.Attr { return slog.String("error", err.Error()) }

func attrSession(s *session) slog.Attr { return slog.String("session", s.id) }

func attrCode(err error) slog.Attr { return slog.String("code", string(bridge.CodeOf(err))) }
