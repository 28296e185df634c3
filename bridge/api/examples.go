// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"maps"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// example is what a call and its answer look like. They are values of the types
// that are really used, so they stay true.
type example struct{ call, answer any }

var examples = merged(exampleConsents(), exampleRequests(), exampleMessages(), exampleReading(), examplePatients(), exampleLines(), exampleRest())

func merged(all ...map[string]example) map[string]example {
	out := map[string]example{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// What the examples share: a social worker asks a general practitioner about the
// medication of a patient of both.
const (
	exPatient      = bridge.PatientID("jens")
	exGP           = bridge.Ref("PractitionerRole/holm-noerregade")
	exWorker       = bridge.Ref("PractitionerRole/lund-socialcenter")
	exConversation = bridge.ConversationID("c-01")
	exMessage      = bridge.MessageID("m-01")
	exConsent      = bridge.ConsentID("k-01")
	exRequest      = bridge.RequestID("r-01")
	exDisclosure   = bridge.DisclosureID("d-01")
	exHash         = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
)

var (
	exTime  = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	exScope = bridge.Scope{
		From: []bridge.Party{{Ref: exGP}}, To: []bridge.Party{{Ref: exWorker}}, Both: true,
		Topics:   []bridge.Topic{bridge.TopicMedication},
		Purposes: []bridge.Purpose{bridge.PurposeCareCoordination}, Case: "2026-1204",
		Period: bridge.Period{Start: exTime, End: exTime.AddDate(0, 6, 0)},
	}
	exParts   = []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "Is the new dose known to the home care?"}}
	exGranted = bridge.Consent{
		ID: exConsent, Patient: exPatient, Scope: exScope, Basis: "dk.health-act.43-1", State: bridge.ConsentActive,
		GrantedBy: exPatient.Ref(), GrantedAt: exTime, GrantedEpoch: 7, Request: exRequest,
		Evidence: bridge.Evidence{Form: bridge.FormSignedIn, Language: "da", TextVersion: "1", TextHash: exHash, RecordedBy: exPatient.Ref()},
	}
	exChange = bridge.Change{
		Conversations: []bridge.ConversationID{exConversation},
		Gain:          []bridge.Access{{From: exGP, To: exWorker, Topics: []bridge.Topic{bridge.TopicMedication}}},
		Lose:          []bridge.Access{},
	}
	exGrant = bridge.NewGrant{MID: "grant-000001", Patient: exPatient, Request: exRequest, Language: "da", TextHash: exHash}
)

func exampleConsents() map[string]example {
	loss := bridge.Change{Conversations: exChange.Conversations, Gain: []bridge.Access{}, Lose: exChange.Gain}
	objection := bridge.Objection{ID: "objection-01", Patient: exPatient, Parties: []bridge.Party{{Ref: "Organization/jobcenter"}}, MadeBy: exPatient.Ref(), CreatedAt: exTime}
	emergency := bridge.Emergency{
		ID: "e-01", MID: "emergency-01", Patient: exPatient, By: exGP, Organizations: []string{"noerregade"}, Reason: "Unconscious on arrival; the medication is not known.", AskedAt: exTime,
	}
	confirmed := emergency
	confirmed.ConfirmedAt, confirmed.ExpiresAt = exTime.Add(time.Minute), exTime.Add(time.Minute+bridge.EmergencyLifetime)
	confirmed.Entry, confirmed.FollowUp = 7, &bridge.FollowUp{ID: "f-01", OpenedAt: confirmed.ConfirmedAt, DueAt: confirmed.ConfirmedAt.Add(bridge.DefaultReviewWithin)}
	review := bridge.Review{MID: "review-00001", By: "PractitionerRole/dpo", At: exTime.Add(time.Hour), Outcome: bridge.OutcomeJustified, Note: bridge.NoteLifeOrHealth}
	reviewed := confirmed
	reviewed.Reviewed, reviewed.Review = true, &review
	about := aboutPatient{exPatient}
	return map[string]example{
		"list-consents":      {nil, list[bridge.Consent]{[]bridge.Consent{exGranted}}},
		"grant-consent":      {exGrant, exGranted},
		"preview-grant":      {exGrant, exChange},
		"get-consent-text":   {textQuery{exPatient, exScope, "en"}, bridge.ConsentText{Language: "en", Version: "1", Body: "I agree that …", Hash: exHash}},
		"withdraw-consent":   {about, bridge.Withdrawal{Consent: exConsent, At: exTime, Disclosures: 3, Unconfirmed: []bridge.Disclosure{}, Affected: loss}},
		"preview-withdrawal": {about, loss},
		"list-objections":    {nil, list[bridge.Objection]{[]bridge.Objection{objection}}},
		"make-objection":     {newObjection{MID: "objection-01", Patient: exPatient, Parties: objection.Parties}, objection},
		"lift-objection":     {about, nil},
		"ask-emergency-access": {
			newEmergency{emergency.MID, exPatient, emergency.Reason}, emergency,
		},
		"confirm-emergency-access": {about, confirmed},
		"list-emergency-accesses": {nil, list[bridge.EmergencyView]{[]bridge.EmergencyView{{
			Emergency: confirmed, ByName: "Anne Holm, Nørregade",
			Opened: []bridge.Opened{{Entry: 8, At: exTime.Add(2 * time.Minute), Kind: ledger.KindSeen, From: exWorker}},
		}}}},
		"review-emergency-access": {newReview{review.MID, review.Outcome, review.Note}, reviewed},
	}
}

func exampleRequests() map[string]example {
	asked := bridge.ConsentRequest{
		ID: exRequest, Patient: exPatient, By: exWorker, Scope: exScope, Reason: "So that the home care gives the right dose.",
		State: bridge.RequestPending, CreatedAt: exTime, ExpiresAt: exTime.Add(bridge.RequestLifetime),
	}
	return map[string]example{
		"request-consent": {bridge.NewRequest{
			MID: "request-0001", Patient: exPatient, Scope: exScope, Reason: asked.Reason,
			Hold: &bridge.Draft{MID: "message-0001", Conversation: exConversation, Parts: exParts},
		}, asked},
		"list-consent-requests":   {nil, list[bridge.ConsentRequest]{[]bridge.ConsentRequest{asked}}},
		"decline-consent-request": {aboutPatient{exPatient}, nil},
	}
}

func exampleMessages() map[string]example {
	members := []bridge.Party{{Ref: exWorker}, {Function: bridge.FunctionOwnGP}}
	conversation := bridge.Conversation{
		ID: exConversation, MID: "conversation-01", Patient: exPatient, Purpose: bridge.PurposeCareCoordination, Case: exScope.Case,
		Subject: "Dose after discharge", Members: members, OpenedBy: exWorker, OpenedAt: exTime, LastSeq: 1, ChangedAt: exTime,
	}
	draft := newMessage{MID: "message-0001", Parts: exParts, Priority: bridge.Routine}
	seen := bridge.SeenBy{Recipient: exGP, Via: members[1], Allow: true, Basis: "dk.health-act.43-1"}
	message := bridge.Message{
		ID: exMessage, Conversation: exConversation, Patient: exPatient, Seq: 1, MID: draft.MID, Sender: exWorker, Parts: exParts,
		Priority: bridge.Routine, State: bridge.MessageAccepted, SentAt: exTime, Version: 2, Edited: true, Purpose: conversation.Purpose,
	}
	preview := seen
	preview.Parts = exParts
	return map[string]example{
		"list-conversations": {nil, list[bridge.ConversationView]{[]bridge.ConversationView{{Conversation: conversation, Unread: 1}}}},
		"open-conversation": {bridge.NewConversation{
			MID: conversation.MID, Patient: exPatient, Purpose: conversation.Purpose, Case: conversation.Case,
			Subject: conversation.Subject, Members: members[1:],
		}, conversation},
		"mark-read":    {marker{1}, marker{1}},
		"send-message": {draft, bridge.Sent{Message: exMessage, Seq: 1, State: bridge.MessageAccepted, At: exTime, Recipients: []bridge.SeenBy{seen}}},
		"preview-message": {
			draft, list[bridge.SeenBy]{[]bridge.SeenBy{preview}},
		},
		"amend-message":       {newAmendment{Parts: exParts, Reason: "a misspelt dose"}, message},
		"acknowledge-message": {nil, acked{exTime}},
		"list-versions": {nil, list[bridge.Version]{[]bridge.Version{{
			Message: exMessage, Number: 1, Parts: exParts, By: exWorker, At: exTime, Reason: "a misspelt dose",
		}}}},
	}
}

func exampleReading() map[string]example {
	return map[string]example{
		"read-history": {nil, history{Complete: true, Items: []bridge.HistoryItem{{Disclosure: exDisclosure, Message: bridge.Message{
			ID: exMessage, Conversation: exConversation, Patient: exPatient, Seq: 1, MID: "message-0001", Sender: exWorker, Parts: exParts,
			Priority: bridge.Routine, State: bridge.MessageAccepted, SentAt: exTime, Version: 1, Purpose: bridge.PurposeCareCoordination,
		}}}}},
		"close-disclosures": {ending{[]bridge.DisclosureID{exDisclosure}, bridge.DisclosureShown}, nil},
		"upload-attachment": {nil, bridge.Attachment{
			ID: "f-01", Patient: exPatient, Owner: exWorker, Name: "medicinliste.pdf", Type: "application/pdf", Size: 18231,
			SHA256: exHash, Topics: []bridge.Topic{bridge.TopicMedication}, At: exTime,
		}},
	}
}

func examplePatients() map[string]example {
	patient := bridge.Patient{ID: exPatient, Name: "Jens", BirthDate: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), Language: "da", Active: true}
	return map[string]example{
		"find-patient": {bridge.Identifier{System: "urn:oid:1.2.208.176.1.2", Value: "0000000000"}, patient},
		"get-patient":  {nil, patient},
		"list-care-team": {nil, list[bridge.MemberView]{[]bridge.MemberView{{
			Function: bridge.FunctionOwnGP, Member: exGP, Name: "Mette Holm", Title: "General practitioner", Organization: "Clinic Nørregade",
			Reachable: bridge.Reachable{Presence: bridge.PresenceOnline, InHours: true},
		}}}},
		"list-entries": {nil, record{Items: []bridge.EntryView{{
			Entry: ledger.Entry{
				Patient: string(exPatient), Seq: 41, Time: exTime, Kind: ledger.KindDisclosed, Action: "read",
				By: string(exWorker), To: string(exGP), Message: string(exMessage), Disclosure: string(exDisclosure), Epoch: 7,
			},
			Sentence: "2 November 2026 at 10:30: Mette Holm, Clinic Nørregade was shown a message from Sara Lund, Socialcenter. Why: you have said yes.",
			By:       "Sara Lund, Socialcenter", To: "Mette Holm, Clinic Nørregade",
			Why: []string{"You have consented to this."},
		}}}},
		"get-receipt": {nil, receipt{"c2sp.org/tlog-proof@v1\nextra …\nindex 70\n…"}},
		"get-presence": {
			members{exPatient, []bridge.Party{{Ref: exGP}}},
			list[bridge.Presence]{[]bridge.Presence{{Party: exGP, State: bridge.PresenceOnline, Epoch: "p1", Rev: 12, AgeMS: 4200}}},
		},
		"name-refs": {
			refs{Refs: []bridge.Ref{exGP}},
			list[bridge.Named]{[]bridge.Named{{Ref: exGP, Name: "Mette Holm", Title: "General practitioner", Code: "laege", Organization: "Clinic Nørregade"}}},
		},
		"search-directory": {nil, list[bridge.RoleEntry]{[]bridge.RoleEntry{exRole}}},
	}
}

var exRole = bridge.RoleEntry{
	Role: bridge.PractitionerRole{ID: exGP.ID(), Practitioner: "holm", Organization: "clinic-noerregade", Code: "laege", Title: "General practitioner", Active: true},
	Name: "Mette Holm",
	Organization: bridge.Organization{
		ID: "clinic-noerregade", Name: "Clinic Nørregade", Sector: bridge.SectorGeneralPractice, Active: true,
	},
}

func exampleRest() map[string]example {
	account := bridge.Subject{Issuer: "https://idp.example.dk", Name: "holm"}
	return map[string]example{
		"get-me": {nil, Me{
			Party: exGP, Person: "Practitioner/holm", Assurance: bridge.AssuranceSubstantial, Expires: exTime.Add(time.Hour),
		}},
		"list-my-roles":      {nil, list[bridge.RoleEntry]{[]bridge.RoleEntry{exRole}}},
		"set-do-not-disturb": {dnd{exTime.Add(time.Hour)}, nil},
		"disable-account":    {account, nil},
		"sign-out-account":   {account, nil},
		"sign-out":           {nil, nil},
		"get-policy": {nil, bridge.PolicyState{
			Revision: "20261122174500-3f2a9c1b0d4e", SHA256: exHash, Since: exTime,
			History: []bridge.Activation{{Revision: 20261122174500, SHA256: exHash, At: exTime}},
			Shadow: &bridge.ShadowState{Revision: "20261201080000-a1b2c3d4e5f6", SHA256: exHash, Compared: 4711, Dropped: 12, Differences: []bridge.Difference{{
				ID: "5f0c1d2e3a4b", Direction: bridge.DirectionGain, Action: bridge.ActionSend, FromRole: "paedagog", FromOrg: "socialpsyk",
				ToRole: "speciallaegeipraksis", ToOrg: "noerregade", Purpose: bridge.PurposeSocialCasework, Topics: []bridge.Topic{bridge.TopicMedication},
				Was: []string{"consent_required"}, Is: []string{"dk.legal-security-act.11a"}, Count: 3,
			}}},
		}},
		"enable-account": {account, nil},
		"count-keys":     {nil, bridge.KeyStatus{Patients: 2, Keys: 5, Destroyed: 2, Versions: map[string]int{"v3": 5}, BackedUp: exTime, Whole: exTime}},
		"rotate-kek":     {nil, rotated{5}},
		"rotate-keys":    {rotation{[]bridge.PatientID{exPatient}, false}, rotated{1}},
		"erase-patient": {
			bridge.NewErasure{Patient: exPatient, Confirm: exPatient, Ground: bridge.GroundNotNeeded},
			bridge.ErasureReceipt{
				Erasure: bridge.Erasure{Patient: exPatient, Ground: bridge.GroundNotNeeded, By: "PractitionerRole/it", At: exTime, Done: true},
				Seq:     31, Commit: exHash, KeysBackedUp: exTime,
			},
		},
		"import-fhir": {nil, imported{
			Taken: bridge.ImportReport{Created: 1, ByType: map[string]int{"Organization": 1}},
			Report: fhir.Report{Items: []fhir.Item{
				{At: "Bundle.entry[0].resource", Type: "Organization", ID: "clinic-noerregade", Outcome: fhir.Taken},
				{At: "Bundle.entry[1].resource", Type: "Observation", Outcome: fhir.Skipped, Reason: fhir.TypeNotUsed},
			}},
		}},
	}
}
