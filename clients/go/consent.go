// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// RequestConsent asks the patient for a consent; with Hold, a message waits for
// the answer. An empty MID is replaced by a fresh one.
func (c *Client) RequestConsent(ctx context.Context, n bridge.NewRequest) (bridge.ConsentRequest, error) {
	if n.MID == "" {
		n.MID = newID()
	}
	out, err := ask[wire.ConsentRequested](ctx, c, wire.CmdConsentRequest, n)
	return out.Request, err
}

// Grant gives a consent. TextHash is that of the text which was shown (see
// ConsentText). An empty MID is replaced by a fresh one.
func (c *Client) Grant(ctx context.Context, n bridge.NewGrant) (bridge.Consent, error) {
	if n.MID == "" {
		n.MID = newID()
	}
	out, err := ask[wire.ConsentGranted](ctx, c, wire.CmdConsentGrant, n)
	return out.Consent, err
}

// Decline says no to a request. What waited for it goes back to its sender.
func (c *Client) Decline(ctx context.Context, p bridge.PatientID, id bridge.RequestID) error {
	_, err := ask[wire.Empty](ctx, c, wire.CmdConsentDecline, wire.ConsentDecline{Patient: p, Request: id})
	return err
}

// Withdraw takes a consent back. When it returns nil, nothing that relied on the
// consent can be shown any more, anywhere; that takes four seconds at the most.
func (c *Client) Withdraw(ctx context.Context, p bridge.PatientID, id bridge.ConsentID) (bridge.Withdrawal, error) {
	return ask[bridge.Withdrawal](ctx, c, wire.CmdConsentWithdraw, wire.ConsentWithdraw{Patient: p, Consent: id})
}

// PreviewGrant says what a grant would change.
func (c *Client) PreviewGrant(ctx context.Context, n bridge.NewGrant) (bridge.Change, error) {
	if n.MID == "" {
		n.MID = newID()
	}
	out, err := ask[wire.ConsentPreviewed](ctx, c, wire.CmdConsentPreview, wire.ConsentPreview{Grant: &n})
	return out.Change, err
}

// PreviewWithdrawal says what a withdrawal would change.
func (c *Client) PreviewWithdrawal(ctx context.Context, p bridge.PatientID, id bridge.ConsentID) (bridge.Change, error) {
	w := &wire.ConsentWithdraw{Patient: p, Consent: id}
	out, err := ask[wire.ConsentPreviewed](ctx, c, wire.CmdConsentPreview, wire.ConsentPreview{Withdraw: w})
	return out.Change, err
}

// Consents lists a patient's consents, objections and requests: all of them for
// the patient, and for others those that name them.
func (c *Client) Consents(ctx context.Context, p bridge.PatientID) (wire.ConsentListed, error) {
	return ask[wire.ConsentListed](ctx, c, wire.CmdConsentList, wire.ConsentList{Patient: p})
}

// ConsentText is the text of a scope as the patient would read it.
func (c *Client) ConsentText(ctx context.Context, p bridge.PatientID, s bridge.Scope, language string) (bridge.ConsentText, error) {
	return ask[bridge.ConsentText](ctx, c, wire.CmdConsentText, wire.ConsentTextFor{Patient: p, Scope: s, Language: language})
}

// Object makes an objection. An empty MID is replaced by a fresh one.
func (c *Client) Object(ctx context.Context, o wire.ObjectionMake) (bridge.Objection, error) {
	if o.MID == "" {
		o.MID = newID()
	}
	out, err := ask[wire.ObjectionMade](ctx, c, wire.CmdObjectionMake, o)
	return out.Objection, err
}

// Lift lifts an objection.
func (c *Client) Lift(ctx context.Context, p bridge.PatientID, id bridge.ObjectionID) error {
	_, err := ask[wire.Empty](ctx, c, wire.CmdObjectionLift, wire.ObjectionLift{Patient: p, Objection: id})
	return err
}

// BreakGlass asks for emergency access, with the reason in writing. An empty MID
// is replaced by a fresh one; asking again with one returns the same access.
func (c *Client) BreakGlass(ctx context.Context, n bridge.NewEmergency) (bridge.Emergency, error) {
	if n.MID == "" {
		n.MID = newID()
	}
	out, err := ask[wire.EmergencyState](ctx, c, wire.CmdEmergencyAsk, wire.EmergencyAsk{MID: n.MID, Patient: n.Patient, Reason: n.Reason})
	return out.Emergency, err
}

// ConfirmGlass is the second confirmation, within bridge.EmergencyConfirm. It
// opens the access for bridge.EmergencyLifetime.
func (c *Client) ConfirmGlass(ctx context.Context, p bridge.PatientID, id string) (bridge.Emergency, error) {
	out, err := ask[wire.EmergencyState](ctx, c, wire.CmdEmergencyConfirm, wire.EmergencyConfirm{Patient: p, Emergency: id})
	return out.Emergency, err
}
