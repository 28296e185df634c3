// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// The words of package bridge are plain strings to reflection. Each of these
// types gives one of them its schema: the values it may have, or its form.
type (
	refWord             struct{}
	patientWord         struct{}
	topicWord           struct{}
	purposeWord         struct{}
	priorityWord        struct{}
	formWord            struct{}
	consentStateWord    struct{}
	requestStateWord    struct{}
	messageStateWord    struct{}
	disclosureStateWord struct{}
	deliveryStateWord   struct{}
	presenceWord        struct{}
	assuranceWord       struct{}
	outcomeWord         struct{}
	reviewOutcomeWord   struct{}
	reviewNoteWord      struct{}
)

func oneOf[S ~string](doc string, values ...S) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: doc}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

func ofForm(doc, pattern string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: doc, Pattern: pattern}
}

// Schema implements huma.SchemaProvider, as do those below.
func (refWord) Schema(huma.Registry) *huma.Schema {
	return ofForm("A literal reference, Type/id (FHIR R4).",
		`^(Patient|RelatedPerson|Practitioner|PractitionerRole|Organization)/[A-Za-z0-9.-]{1,64}$`)
}

func (patientWord) Schema(huma.Registry) *huma.Schema {
	return ofForm("The id of a patient; never a national identifier.", `^[A-Za-z0-9.-]{1,64}$`)
}

func (topicWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("A kind of information.", bridge.Topics...)
}

func (purposeWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("Why information is used.", bridge.Purposes...)
}

func (priorityWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("How soon it wants to be seen. Nothing acute goes by message.", bridge.Routine, bridge.Urgent)
}

func (formWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("How a consent was given.", bridge.FormSignedIn, bridge.FormPaper, bridge.FormOral, bridge.FormWaived)
}

func (consentStateWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("Only an active consent inside its period counts.",
		bridge.ConsentActive, bridge.ConsentWithdrawn, bridge.ConsentExpired, bridge.ConsentSuperseded)
}

func (requestStateWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("How far a request has come.",
		bridge.RequestPending, bridge.RequestGranted, bridge.RequestDeclined, bridge.RequestExpired)
}

func (messageStateWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("What became of a message.", bridge.MessageAccepted, bridge.MessageHeld, bridge.MessageReturned)
}

func (disclosureStateWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("How a disclosure ended.",
		bridge.DisclosureOpen, bridge.DisclosureShown, bridge.DisclosureStale, bridge.DisclosureUnsent, bridge.DisclosureUnknown)
}

func (deliveryStateWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("What became of a message for one recipient.",
		bridge.DeliveryPending, bridge.DeliveryDelivered, bridge.DeliveryWithheld, bridge.DeliveryExpired)
}

func (presenceWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("Whether somebody can be reached now. Unknown is not offline.",
		bridge.PresenceOnline, bridge.PresenceAway, bridge.PresenceDND, bridge.PresenceOffline, bridge.PresenceUnknown)
}

func (assuranceWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("NSIS level of assurance; empty: not known.",
		bridge.AssuranceLow, bridge.AssuranceSubstantial, bridge.AssuranceHigh, "")
}

func (outcomeWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("What became of a resource.", fhir.Taken, fhir.Skipped, fhir.Invalid)
}

func (reviewOutcomeWord) Schema(huma.Registry) *huma.Schema {
	return oneOf("How a review ended. One that was referred may be followed by another.",
		bridge.OutcomeJustified, bridge.OutcomeNotJustified, bridge.OutcomeReferred)
}

func (reviewNoteWord) Schema(huma.Registry) *huma.Schema {
	var all []bridge.ReviewNote
	for _, o := range []bridge.ReviewOutcome{bridge.OutcomeJustified, bridge.OutcomeNotJustified, bridge.OutcomeReferred} {
		all = append(all, bridge.Notes[o]...)
	}
	return oneOf("Why: the first two go with justified, the next four with not-justified, the others with referred.", all...)
}

// newRegistry returns a registry that knows our words.
func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	alias[bridge.Ref, refWord](r)
	alias[bridge.PatientID, patientWord](r)
	alias[bridge.Topic, topicWord](r)
	alias[bridge.Purpose, purposeWord](r)
	alias[bridge.Priority, priorityWord](r)
	alias[bridge.ConsentForm, formWord](r)
	alias[bridge.ConsentState, consentStateWord](r)
	alias[bridge.RequestState, requestStateWord](r)
	alias[bridge.MessageState, messageStateWord](r)
	alias[bridge.DisclosureState, disclosureStateWord](r)
	alias[bridge.DeliveryState, deliveryStateWord](r)
	alias[bridge.PresenceState, presenceWord](r)
	alias[bridge.Assurance, assuranceWord](r)
	alias[fhir.Outcome, outcomeWord](r)
	alias[bridge.ReviewOutcome, reviewOutcomeWord](r)
	alias[bridge.ReviewNote, reviewNoteWord](r)
	return r
}

func alias[T, As any](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[As]())
}
