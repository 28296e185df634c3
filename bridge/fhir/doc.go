// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package fhir reads HL7 FHIR R4 into the words of package bridge, and writes
// consents and objections back.
//
// It takes Organization, Practitioner, PractitionerRole, Patient, RelatedPerson,
// CareTeam, HealthcareService and Consent from Bundles (collection, transaction, batch, message,
// searchset) and from NDJSON; other types are skipped and reported. XML is
// refused. The Danish profiles are understood: MedCom's CareCommunication 5.0
// messages, hl7.dk's dk-core identifiers, and consents in the shape of IHE's
// Privacy Consent on FHIR. What no published system has a code for is in our
// own, in the folder terminology.
//
// A HealthcareService with our extension "line" is a line that can be rung: its
// availableTime are its hours, its notAvailable closes it. Who answers is told by
// PractitionerRole.healthcareService, in which tier by our extension "line-tier".
//
// # What a fault does
//
// One invalid resource breaks the whole batch: nothing is returned to import.
// What can't be taken but harms nobody when left out is skipped, with a reason:
// an unknown type, a permit that is too general to count. What would harm when
// left out is invalid: an objection that can't be kept in full is not dropped.
//
// A message Bundle comes from another organization. It may tell who people are
// and where they work, and it may bring a no; it gives nobody a right: no sign-in,
// no consent and no authority to act for a patient is taken from it.
//
// # What is never told
//
// Reports and errors name resources by type and id, and faults by path and
// code. They never hold a value, so that they can be logged; an id that is a
// national identifier is refused and not repeated.
package fhir
