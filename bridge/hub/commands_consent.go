// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var consentCommands = map[wire.CommandType]command{
	wire.CmdConsentRequest: does(func(s *session, c bridge.Caller, d *bridge.NewRequest) (any, error) {
		r, err := s.hub.Gate.Consents.RequestConsent(s.ctx, c, *d)
		return wire.ConsentRequested{Request: r}, err
	}),
	wire.CmdConsentGrant: does(func(s *session, c bridge.Caller, d *bridge.NewGrant) (any, error) {
		consent, err := s.hub.Gate.Consents.Grant(s.ctx, c, *d)
		return wire.ConsentGranted{Consent: consent}, err
	}),
	wire.CmdConsentDecline: does(func(s *session, c bridge.Caller, d *wire.ConsentDecline) (any, error) {
		return wire.Empty{}, s.hub.Gate.Consents.Decline(s.ctx, c, d.Patient, d.Request)
	}),
	wire.CmdConsentWithdraw: does(func(s *session, c bridge.Caller, d *wire.ConsentWithdraw) (any, error) {
		// A no that was spoken counts, also when the speaker's connection breaks.
		return s.hub.Gate.Consents.Withdraw(context.WithoutCancel(s.ctx), c, d.Patient, d.Consent)
	}),
	wire.CmdConsentPreview: does(func(s *session, c bridge.Caller, d *wire.ConsentPreview) (any, error) {
		var change bridge.Change
		var err error
		if d.Grant != nil {
			change, err = s.hub.Gate.Consents.PreviewGrant(s.ctx, c, *d.Grant)
		} else {
			change, err = s.hub.Gate.Consents.PreviewWithdrawal(s.ctx, c, d.Withdraw.Patient, d.Withdraw.Consent)
		}
		return wire.ConsentPreviewed{Change: change}, err
	}),
	wire.CmdConsentList: does(func(s *session, c bridge.Caller, d *wire.ConsentList) (any, error) {
		consents, objections, err := s.hub.Gate.Rights.Consents(s.ctx, c, d.Patient)
		if err != nil {
			return nil, err
		}
		requests, err := s.hub.Gate.Consents.Requests(s.ctx, c, bridge.RequestQuery{Patient: d.Patient})
		return wire.ConsentListed{Consents: consents, Objections: objections, Requests: requests}, err
	}),
	wire.CmdConsentText: does(func(s *session, c bridge.Caller, d *wire.ConsentTextFor) (any, error) {
		return s.hub.Gate.Consents.ConsentText(s.ctx, c, d.Patient, d.Scope, d.Language)
	}),
	wire.CmdObjectionMake: does(func(s *session, c bridge.Caller, d *wire.ObjectionMake) (any, error) {
		o, err := s.hub.Gate.Rights.Object(s.ctx, c, bridge.Objection{
			ID: bridge.ObjectionID(d.MID), Patient: d.Patient, Parties: d.Parties, Topics: d.Topics, Purposes: d.Purposes,
		})
		return wire.ObjectionMade{Objection: o}, err
	}),
	wire.CmdObjectionLift: does(func(s *session, c bridge.Caller, d *wire.ObjectionLift) (any, error) {
		return wire.Empty{}, s.hub.Gate.Rights.Lift(s.ctx, c, d.Patient, d.Objection)
	}),
	wire.CmdEmergencyAsk: does(func(s *session, c bridge.Caller, d *wire.EmergencyAsk) (any, error) {
		e, err := s.hub.Gate.Rights.BreakGlass(s.ctx, c, bridge.NewEmergency{MID: d.MID, Patient: d.Patient, Reason: d.Reason})
		return wire.EmergencyState{Emergency: e}, err
	}),
	wire.CmdEmergencyConfirm: does(func(s *session, c bridge.Caller, d *wire.EmergencyConfirm) (any, error) {
		e, err := s.hub.Gate.Rights.ConfirmGlass(s.ctx, c, d.Patient, d.Emergency)
		return wire.EmergencyState{Emergency: e}, err
	}),
}
