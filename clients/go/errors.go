// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// ErrClosed is the error of whatever was not done when the client was closed.
var ErrClosed = errors.New("the client is closed")

// errLost is a connection that broke: the outcome of what was asked is unknown.
var errLost = errors.New("the connection was lost")

// errTimeout is an answer that did not come in time.
var errTimeout = errors.New("the bridge did not answer in time")

// RetryableError says that the same may succeed later by itself, or may have been
// done already. Sendings are retried without it.
type RetryableError struct {
	After time.Duration // when to try again, if the bridge said
	Err   error
}

func (e *RetryableError) Error() string { return "try again later: " + e.Err.Error() }
func (e *RetryableError) Unwrap() error { return e.Err }

// AuthError says that somebody has to sign in again. It closes the client.
type AuthError struct {
	Code bridge.Code
	Err  error
}

func (e *AuthError) Error() string {
	text := "signing in: " + string(e.Code)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *AuthError) Unwrap() error { return e.Err }

// CloseError is how the bridge ended a connection (wire.Closes).
type CloseError struct {
	Code   int
	Reason string
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("the bridge closed the connection: %d %s", e.Code, e.Reason)
}

// ConsentError is a no of the gate: of the law, of the patient, or because nobody
// has asked the patient yet. A patient who does not exist gets the same answer.
type ConsentError struct {
	Code     bridge.Code
	Reasons  []bridge.Code   // every one that applies; texts are the policy's
	Remedies []bridge.Remedy // what can be done
	Err      error

	client *Client
	draft  *bridge.Draft // what was to be sent, if it was a message
}

func (e *ConsentError) Error() string {
	text := "not permitted: " + string(e.Code)
	for _, r := range e.Reasons {
		if r != e.Code {
			text += ", " + string(r)
		}
	}
	return text
}

func (e *ConsentError) Unwrap() error { return e.Err }

// Remedy returns the remedy of this kind, if it was offered.
func (e *ConsentError) Remedy(k bridge.RemedyKind) (bridge.Remedy, bool) {
	i := slices.IndexFunc(e.Remedies, func(r bridge.Remedy) bool { return r.Kind == k })
	if i < 0 {
		return bridge.Remedy{}, false
	}
	return e.Remedies[i], true
}

// Ask asks the patient for the consent that is missing, with the scope that the
// refusal names, and lets the message wait for the answer: it goes by itself when
// the patient says yes, and comes back (Handlers.Returned) otherwise. reason is
// shown to the patient. Asking again for the same message is the same request.
func (e *ConsentError) Ask(ctx context.Context, reason string) (bridge.ConsentRequest, error) {
	r, ok := e.Remedy(bridge.RemedyAskPatient)
	if !ok || r.Scope == nil || e.draft == nil {
		return bridge.ConsentRequest{}, fmt.Errorf("asking the patient is no remedy here: %w", e)
	}
	patient, err := e.client.patientOf(ctx, e.draft.Conversation)
	if err != nil {
		return bridge.ConsentRequest{}, fmt.Errorf("finding the conversation's patient: %w", err)
	}
	return e.client.RequestConsent(ctx, bridge.NewRequest{
		MID: askID(e.draft.MID), Patient: patient, Scope: *r.Scope, Reason: reason, Hold: e.draft,
	})
}

// askID is the id of the request that goes with a message: the same each time.
func askID(mid string) string {
	sum := sha256.Sum256([]byte(mid))
	return "ask-" + hex.EncodeToString(sum[:16])
}

// typed gives a refusal of the bridge its type.
func (c *Client) typed(err error, draft *bridge.Draft) error {
	var e *bridge.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case bridge.CodeForbidden, bridge.CodeConsentRequired, bridge.CodeConsentWithdrawn, bridge.CodePurpose:
		denied := &ConsentError{Code: e.Code, Err: e, client: c, draft: draft}
		if e.Decision != nil {
			denied.Reasons, denied.Remedies = e.Decision.Reasons, e.Decision.Remedies
		}
		return denied
	case bridge.CodeUnauthenticated, bridge.CodeAccountDisabled:
		return &AuthError{Code: e.Code, Err: e}
	}
	if bridge.Outcomes[e.Code].Retry || e.Code == bridge.CodeTokenExpired {
		return &RetryableError{After: e.After, Err: e}
	}
	return e
}
