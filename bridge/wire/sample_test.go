// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/wire"
)

// One of everything. These become the golden frames, and with them the examples
// of docs/protocol.md.

var (
	at    = time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)
	later = at.Add(7 * 24 * time.Hour)

	gp      = bridge.Ref("PractitionerRole/gp-12")
	psych   = bridge.Ref("PractitionerRole/psychiatrist-3")
	patient = bridge.PatientID("p-81")
	here    = bridge.Position{Log: "lg-5f2c", N: 10421}

	scope = bridge.Scope{
		From:     []bridge.Party{{Ref: "Organization/outpatients-2"}},
		To:       []bridge.Party{{Function: bridge.FunctionCaseworker}},
		Both:     true,
		Topics:   []bridge.Topic{bridge.TopicMentalHealth, bridge.TopicMedication},
		Purposes: []bridge.Purpose{bridge.PurposeCareCoordination},
		Case:     "case-2026-77",
		Period:   bridge.Period{Start: at, End: at.AddDate(0, 6, 0)},
	}
	draft = bridge.Draft{
		MID: "019aa8c4-7f10-7c2e-9f51-0c9d5a3b1e77", Conversation: "c-7",
		Parts:    []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "The dose was raised on Friday."}},
		Priority: bridge.Urgent, AckRequested: true,
	}
	message = bridge.Message{
		ID: "m-301", Conversation: "c-7", Patient: patient, Seq: 12, MID: draft.MID, Sender: psych,
		Parts: draft.Parts, Priority: bridge.Urgent, AckRequested: true, State: bridge.MessageAccepted,
		SentAt: at, Version: 1, Purpose: bridge.PurposeTreatment, Basis: "dk.health-act.41-2-1", Revision: "sha256:1f0c",
	}
	seenBy = bridge.SeenBy{
		Recipient: gp, Allow: true, Basis: "dk.health-act.41-2-1",
		Reachable: &bridge.Reachable{Presence: bridge.PresenceOnline, InHours: true},
	}
	remedy  = bridge.Remedy{Kind: bridge.RemedyAskPatient, Scope: &scope}
	request = bridge.ConsentRequest{
		ID: "r-9", Patient: patient, By: psych, Scope: scope, Reason: "To plan your discharge together.",
		State: bridge.RequestPending, CreatedAt: at, ExpiresAt: later,
	}
	consent = bridge.Consent{
		ID: "k-44", Patient: patient, Scope: scope, Basis: "dk.health-act.43-1", State: bridge.ConsentActive,
		GrantedBy: "Patient/p-81", GrantedAt: at, GrantedEpoch: 6, Request: "r-9",
		Evidence: bridge.Evidence{Form: bridge.FormSignedIn, Language: "da", TextVersion: "2026-11", TextHash: "9f86d081", RecordedBy: "Patient/p-81"},
	}
	objection = bridge.Objection{
		ID: "o-2", Patient: patient, Parties: []bridge.Party{{Ref: "Organization/jobcentre-1"}},
		Topics: []bridge.Topic{bridge.TopicSubstanceUse}, MadeBy: "Patient/p-81", CreatedAt: at,
	}
	change = bridge.Change{
		Conversations: []bridge.ConversationID{"c-7"},
		Lose:          []bridge.Access{{From: psych, To: "PractitionerRole/caseworker-5", Topics: scope.Topics}},
	}
	conversation = bridge.Conversation{
		ID: "c-7", MID: "conv-1b9e", Patient: patient, Purpose: bridge.PurposeTreatment, Subject: "After discharge",
		Members: []bridge.Party{{Ref: psych}, {Function: bridge.FunctionOwnGP}}, OpenedBy: psych, OpenedAt: at, LastSeq: 12, ChangedAt: at,
	}
	emergency = bridge.Emergency{
		MID: "e9d1c0aa-0027",
		ID:  "e-1", Patient: patient, By: psych, Reason: "Unconscious on arrival; medication unknown.", AskedAt: at,
	}
	presence = bridge.Presence{Party: gp, State: bridge.PresenceOnline, Epoch: "pe-7", Rev: 3, AgeMS: 1200}
	grant    = bridge.NewGrant{MID: "grant-0001", Patient: patient, Request: "r-9", Language: "da", TextHash: "9f86d081"}
	entry    = bridge.EntryView{
		Entry: ledger.Entry{
			Patient: "p-81", Seq: 40, Time: at, Kind: ledger.KindDisclosed, By: string(psych), To: string(gp),
			Topics: []string{"medication"}, Message: "m-301", Disclosure: "d-900", Epoch: 6, Basis: "dk.health-act.41-2-1",
		},
		Sentence: "2 March 2026 at 09:12: General practitioner, Clinic Nørregade was shown a message from Consultant psychiatrist, Team 2. Topic: medicine.",
		By:       "Consultant psychiatrist, Team 2", To: "General practitioner, Clinic Nørregade", Why: []string{"Current treatment"},
	}
)

// exchange is a command and what answers it; OK is nil for what is not answered.
type exchange struct {
	Type     wire.CommandType
	Data, OK any
	content  bool // the answer carries content, and so a beat
}

var exchanges = slices.Concat(mainExchanges, lineExchanges)

var mainExchanges = []exchange{
	{
		Type: wire.CmdConnect,
		Data: &wire.Connect{Token: "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln", Role: psych, Device: "ward tablet", App: "example/1.0", Language: "da", Fresh: true, Resume: &here},
		OK: &wire.Connected{
			Session: "s-6b1", Party: psych, Person: "Practitioner/prac-3", TTLMS: 900_000, PingMS: wire.PingEvery.Milliseconds(), TimeMS: at.UnixMilli(),
			Log: here.Log, N: here.N, Resumed: true,
			Limits: wire.Limits{
				MaxMessage: wire.MaxMessage, MaxFrames: wire.MaxFrames, MaxBody: bridge.MaxBody, MaxParts: bridge.MaxParts,
				MaxAttachment: bridge.MaxAttachment, MaxMembers: bridge.MaxMembers, Rate: wire.MaxRate, Burst: wire.MaxBurst, FreshMS: wire.Fresh.Milliseconds(),
			},
		},
	},
	{Type: wire.CmdRefresh, Data: &wire.Refresh{Token: "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.bmV3"}, OK: &wire.Refreshed{TTLMS: 900_000}},
	{Type: wire.CmdBye, Data: &wire.Bye{}},
	{Type: wire.CmdAck, Data: &wire.Ack{N: 10422, Shown: []bridge.DisclosureID{"d-900"}, Stale: []bridge.DisclosureID{"d-901"}}},
	{Type: wire.CmdSync, Data: &wire.Sync{Since: here, Limit: 100}, content: true, OK: &wire.Synced{
		N:      10422,
		Events: []wire.Event{{Type: wire.PushMessage, N: 10422, Data: encode(messageEvent)}},
	}},
	{Type: wire.CmdSend, Data: &draft, OK: &bridge.Sent{
		Message: "m-301", Seq: 12, State: bridge.MessageAccepted, At: at,
		Recipients: []bridge.SeenBy{{Recipient: gp, Allow: true, Basis: "dk.health-act.41-2-1"}},
	}},
	{Type: wire.CmdPreview, Data: &draft, OK: &wire.Previewed{Recipients: []bridge.SeenBy{
		seenBy,
		{Via: bridge.Party{Function: bridge.FunctionCaseworker}, Reasons: []bridge.Code{bridge.CodeConsentRequired}, Remedies: []bridge.Remedy{remedy}},
	}}},
	{
		Type: wire.CmdAmend, Data: &bridge.Amendment{Message: "m-301", Retract: true, Reason: "Sent in the wrong conversation."},
		OK: &wire.Amended{Message: bridge.Message{
			ID: "m-301", Conversation: "c-7", Patient: patient, Seq: 12, MID: draft.MID, Sender: psych,
			Priority: bridge.Urgent, State: bridge.MessageAccepted, SentAt: at, Version: 2, Retracted: true, Purpose: bridge.PurposeTreatment,
		}},
	},
	{Type: wire.CmdRead, Data: &wire.Read{Conversation: "c-7", Seq: 12}, OK: &wire.ReadDone{ReadSeq: 12}},
	{Type: wire.CmdAcknowledge, Data: &wire.Acknowledge{Message: "m-301"}, OK: &wire.Acknowledged{At: at}},
	{Type: wire.CmdTyping, Data: &wire.Typing{Conversation: "c-7", On: true}},
	{
		Type: wire.CmdPresenceSub, Data: &wire.PresenceSub{Patient: patient, Members: []bridge.Party{{Ref: gp}, {Function: bridge.FunctionContactNurse}}},
		OK: &wire.PresenceSeen{Presence: []bridge.Presence{presence}},
	},
	{Type: wire.CmdPresenceUnsub, Data: &wire.PresenceUnsub{Patient: patient}, OK: &wire.Empty{}},
	{Type: wire.CmdPresenceSet, Data: &wire.PresenceSet{Mode: wire.ModeDND, Until: at.Add(time.Hour)}, OK: &wire.PresenceSet{Mode: wire.ModeDND, Until: at.Add(time.Hour)}},
	{
		Type: wire.CmdConsentRequest, Data: &bridge.NewRequest{MID: "request-01", Patient: patient, Scope: scope, Reason: request.Reason, Hold: &draft},
		OK: &wire.ConsentRequested{Request: request},
	},
	{Type: wire.CmdConsentGrant, Data: &grant, OK: &wire.ConsentGranted{Consent: consent}},
	{Type: wire.CmdConsentDecline, Data: &wire.ConsentDecline{Patient: patient, Request: "r-9"}, OK: &wire.Empty{}},
	{
		Type: wire.CmdConsentWithdraw, Data: &wire.ConsentWithdraw{Patient: patient, Consent: "k-44"},
		OK: &bridge.Withdrawal{Consent: "k-44", At: at, Disclosures: 3, Affected: change},
	},
	{
		Type: wire.CmdConsentPreview, Data: &wire.ConsentPreview{Withdraw: &wire.ConsentWithdraw{Patient: patient, Consent: "k-44"}},
		OK: &wire.ConsentPreviewed{Change: change},
	},
	{
		Type: wire.CmdConsentList, Data: &wire.ConsentList{Patient: patient},
		OK: &wire.ConsentListed{Consents: []bridge.Consent{consent}, Objections: []bridge.Objection{objection}, Requests: []bridge.ConsentRequest{request}},
	},
	{
		Type: wire.CmdConsentText, Data: &wire.ConsentTextFor{Patient: patient, Scope: scope, Language: "da"},
		OK: &bridge.ConsentText{Language: "da", Version: "2026-11", Body: "Jeg giver samtykke til ...", Hash: "9f86d081"},
	},
	{
		Type: wire.CmdObjectionMake, Data: &wire.ObjectionMake{MID: "objection-0001", Patient: patient, Parties: objection.Parties, Topics: objection.Topics},
		OK: &wire.ObjectionMade{Objection: objection},
	},
	{Type: wire.CmdObjectionLift, Data: &wire.ObjectionLift{Patient: patient, Objection: "o-2"}, OK: &wire.Empty{}},
	{Type: wire.CmdConvOpen, Data: &bridge.NewConversation{
		MID: "conv-1b9e", Patient: patient, Purpose: bridge.PurposeTreatment, Subject: "After discharge",
		Members: []bridge.Party{{Function: bridge.FunctionOwnGP}},
	}, OK: &wire.ConvOpened{Conversation: conversation}},
	{Type: wire.CmdConvList, Data: &wire.ConvList{Limit: 50}, OK: &wire.ConvListed{
		At:    here,
		Items: []bridge.ConversationView{{Conversation: conversation, ReadSeq: 11, Unread: 1, Urgent: true}},
	}},
	{
		Type: wire.CmdHistory, Data: &bridge.HistoryQuery{Conversation: "c-7", Before: 13, Limit: 50}, content: true,
		OK: &wire.HistoryRead{Items: []bridge.HistoryItem{{Message: message, Disclosure: "d-902"}}, Complete: true},
	},
	{Type: wire.CmdEmergencyAsk, Data: &wire.EmergencyAsk{MID: emergency.MID, Patient: patient, Reason: emergency.Reason}, OK: &wire.EmergencyState{Emergency: emergency}},
	{Type: wire.CmdEmergencyConfirm, Data: &wire.EmergencyConfirm{Patient: patient, Emergency: "e-1"}, OK: &wire.EmergencyState{Emergency: bridge.Emergency{
		ID: "e-1", Patient: patient, By: psych, Reason: emergency.Reason, AskedAt: at, ConfirmedAt: at.Add(time.Minute), ExpiresAt: at.Add(16 * time.Minute),
	}}},
	{Type: wire.CmdTeam, Data: &wire.TeamOf{Patient: patient}, OK: &wire.TeamSeen{Members: []bridge.MemberView{{
		Function: bridge.FunctionOwnGP, Member: gp, Name: "(name)", Title: "General practitioner", Organization: "(clinic)", Reachable: *seenBy.Reachable,
	}}}},
	{Type: wire.CmdDirectory, Data: &wire.DirectoryFor{Text: "psych", Limit: 20}, OK: &wire.DirectoryFound{Roles: []bridge.RoleEntry{{
		Role: bridge.PractitionerRole{ID: "psychiatrist-3", Practitioner: "prac-3", Organization: "outpatients-2", Code: "overlaege", Active: true},
		Name: "(name)", Organization: bridge.Organization{ID: "outpatients-2", Name: "Outpatients 2", Sector: bridge.SectorHospitalPsychiatry, Active: true},
	}}}},
	{Type: wire.CmdEntries, Data: &wire.EntriesAfter{Patient: patient, After: 39, Limit: 100}, OK: &wire.EntriesRead{Entries: []bridge.EntryView{entry}}},
	{Type: wire.CmdSignOut, Data: &wire.SignOut{}, OK: &wire.Empty{}},
	{
		Type: wire.CmdLineSignal, Data: &wire.LineSignal{Ring: "r-5c01", Kind: wire.SignalCandidate, Candidate: hostCandidate, Mid: "0"},
		OK: &wire.Empty{},
	},
	{Type: wire.CmdLineTurn, Data: &wire.LineTurn{Ring: "r-5c01"}, OK: &wire.TurnGiven{
		URLs: []string{"turns:relay.example.org:5349?transport=tcp"}, Username: "1795425300:7QK3C2ZJ5T", Credential: "uTr6oX2h8DGlDqsLlAMbGc4pjbs=",
		TTLMS: 600_000,
	}},
}

var messageEvent = wire.MessageEvent{At: at, Patient: patient, Conversation: "c-7", ID: "m-301", By: psych, Message: &message, Disclosure: "d-900"}

const hostCandidate = "candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host"

// lineState is a duty line in the morning, as one of its people sees it.
var lineState = bridge.LineState{
	LineView: bridge.LineView{
		Line: "outpatients-2", Name: "Outpatients 2, duty", Organization: "outpatients-2", Owner: "Outpatients 2", Open: true,
		Until: at.Add(6 * time.Hour), Promise: bridge.Promise{AnswerSeconds: 30}, Waiting: 1, Mine: true,
	},
	People:  []bridge.OnDuty{{Party: psych, Name: "(name)", Via: "rota", Busy: true}, {Party: gp, Name: "(name)", Via: "tier-1"}},
	Ringing: 1,
}

// push is one push, with n and b where it has them.
type push struct {
	Type    wire.PushType
	N, Beat uint64
	Data    any
}

var pushes = slices.Concat(mainPushes, linePushes)

var mainPushes = []push{
	{wire.PushMessage, 10422, 41, &messageEvent},
	{wire.PushAmended, 10423, 41, &wire.MessageEvent{At: at, Patient: patient, Conversation: "c-7", ID: "m-301", By: psych, Withheld: []bridge.Code{bridge.CodeConsentWithdrawn}}},
	{wire.PushReturned, 10424, 0, &wire.ReturnedEvent{At: at, Patient: patient, Conversation: "c-7", ID: "m-302", Request: "r-9", State: "declined"}},
	{wire.PushReceipt, 10425, 0, &wire.ReceiptEvent{At: at, Patient: patient, Conversation: "c-7", ID: "m-301", By: gp, Kind: bridge.ReceiptAcked}},
	{wire.PushConvAdded, 10426, 0, &wire.ConvEvent{At: at, Patient: patient, Conversation: "c-8", By: psych}},
	{wire.PushConvUpdated, 10427, 0, &wire.ConvEvent{At: at, Patient: patient, Conversation: "c-7", By: psych, State: "read"}},
	{wire.PushConvLocked, 10428, 0, &wire.ConvEvent{At: at, Patient: patient, Conversation: "c-7"}},
	{wire.PushConvUnlocked, 10429, 0, &wire.ConvEvent{At: at, Patient: patient, Conversation: "c-7"}},
	{wire.PushConsent, 10430, 0, &wire.ConsentEvent{At: at, Patient: patient, Consent: "k-44", By: "Patient/p-81", State: "withdrawn"}},
	{wire.PushWelcome, 0, 0, &wire.Welcome{Protocol: wire.Subprotocol, AuthMS: wire.AuthTimeout.Milliseconds()}},
	{wire.PushPoke, 10431, 0, nil},
	{wire.PushResync, 0, 0, &wire.Resync{Reason: wire.ResyncLog, At: bridge.Position{Log: "lg-77a0", N: 12}}},
	{wire.PushAuthz, 0, 0, &wire.Authz{TTLMS: 60_000}},
	{wire.PushTyping, 0, 0, &wire.TypingSeen{Conversation: "c-7", By: gp, On: true, LeftMS: wire.TypingLifetime.Milliseconds()}},
	{wire.PushPresence, 0, 0, &presence},
	{wire.PushLineAvail, 0, 0, &lineState},
	{wire.PushLineSignal, 0, 0, &wire.LineSignal{Ring: "r-5c01", Kind: wire.SignalCandidate, Candidate: hostCandidate, Mid: "0"}},
	{wire.PushGoingAway, 0, 0, &wire.GoingAway{InMS: 1000, JitterMS: 10_000}},
	{wire.PushDisconnect, 0, 0, &wire.Disconnect{Code: bridge.CloseAccountDisabled, Reason: bridge.CodeAccountDisabled}},
}

// refusals has one error of each code.
func refusals() []*bridge.Error {
	var all []*bridge.Error
	for _, code := range codes() {
		e := &bridge.Error{Code: code}
		switch code {
		case bridge.CodeBadRequest:
			e.Message = "command needs an id from 1"
		case bridge.CodeConsentRequired:
			e.Decision = &bridge.Decision{Reasons: []bridge.Code{bridge.CodeConsentRequired}, Remedies: []bridge.Remedy{remedy}}
		case bridge.CodeRateLimited:
			e.After = 50 * time.Millisecond
		case bridge.CodeBusy:
			e.After = time.Second
		}
		all = append(all, e)
	}
	return all
}
