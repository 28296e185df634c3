// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import "github.com/brobygger/brobygger/bridge"

// ConsentRequested answers consent.request.
type ConsentRequested struct {
	Request bridge.ConsentRequest `json:"request"`
}

// ConsentGranted answers consent.grant.
type ConsentGranted struct {
	Consent bridge.Consent `json:"consent"`
}

// ConsentDecline says no to a request.
type ConsentDecline struct {
	Patient bridge.PatientID `json:"patient"`
	Request bridge.RequestID `json:"request"`
}

// ConsentWithdraw takes a consent back.
type ConsentWithdraw struct {
	Patient bridge.PatientID `json:"patient"`
	Consent bridge.ConsentID `json:"consent"`
}

// ConsentPreview asks what a grant or a withdrawal would change. Exactly one is set.
type ConsentPreview struct {
	Grant    *bridge.NewGrant `json:"grant,omitempty"`
	Withdraw *ConsentWithdraw `json:"withdraw,omitempty"`
}

// ConsentPreviewed answers ConsentPreview.
type ConsentPreviewed struct {
	Change bridge.Change `json:"change"`
}

// ConsentList asks for a patient's consents, objections and requests.
type ConsentList struct {
	Patient bridge.PatientID `json:"patient"`
}

// ConsentListed answers ConsentList.
type ConsentListed struct {
	Consents   []bridge.Consent        `json:"consents"`
	Objections []bridge.Objection      `json:"objections"`
	Requests   []bridge.ConsentRequest `json:"requests"`
}

// ConsentTextFor asks for the text of a scope as the patient would read it.
type ConsentTextFor struct {
	Patient  bridge.PatientID `json:"patient"`
	Scope    bridge.Scope     `json:"scope"`
	Language string           `json:"lang"`
}

// ObjectionMake makes an objection. No topics, or no purposes, means all.
type ObjectionMake struct {
	MID      string           `json:"mid"` // the objection's id: objecting again with it changes nothing
	Patient  bridge.PatientID `json:"patient"`
	Parties  []bridge.Party   `json:"parties"`
	Topics   []bridge.Topic   `json:"topics,omitempty"`
	Purposes []bridge.Purpose `json:"purposes,omitempty"`
}

// ObjectionMade answers ObjectionMake.
type ObjectionMade struct {
	Objection bridge.Objection `json:"objection"`
}

// ObjectionLift lifts an objection.
type ObjectionLift struct {
	Patient   bridge.PatientID   `json:"patient"`
	Objection bridge.ObjectionID `json:"objection"`
}

// EmergencyAsk asks for emergency access.
type EmergencyAsk struct {
	MID     string           `json:"mid"` // asking again with it returns the same access
	Patient bridge.PatientID `json:"patient"`
	Reason  string           `json:"reason"`
}

// EmergencyConfirm is the second confirmation.
type EmergencyConfirm struct {
	Patient   bridge.PatientID `json:"patient"`
	Emergency string           `json:"emergency"`
}

// EmergencyState answers both.
type EmergencyState struct {
	Emergency bridge.Emergency `json:"emergency"`
}
