// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

// Reason is a machine-readable remark about a resource.
type Reason string

// Why an input or a resource is invalid.
const (
	Malformed         Reason = "malformed_json"
	NotUTF8           Reason = "not_utf8"
	DuplicateKey      Reason = "duplicate_key"
	TooDeep           Reason = "too_deep"
	TooLarge          Reason = "too_large"
	XMLRefused        Reason = "xml_not_supported"
	EmptyInput        Reason = "empty_input"
	NotAResource      Reason = "not_a_resource"
	BundleType        Reason = "bundle_type_not_supported"
	Missing           Reason = "missing"
	WrongType         Reason = "wrong_json_type"
	EmptyValue        Reason = "empty_value"
	TooLong           Reason = "too_long"
	ControlCharacter  Reason = "control_character"
	BadDate           Reason = "bad_date"
	BadTime           Reason = "bad_time"
	BadPeriod         Reason = "period_ends_before_it_starts"
	BadCode           Reason = "bad_code"
	BadCPR            Reason = "bad_cpr"
	BadECPR           Reason = "bad_ecpr"
	BadSOR            Reason = "bad_sor"
	BadGLN            Reason = "bad_gln"
	BadYder           Reason = "bad_ydernummer"
	BadAuthorisation  Reason = "bad_authorisation_id"
	BadUUID           Reason = "bad_uuid"
	NoID              Reason = "no_id"
	IDIsNational      Reason = "id_is_a_national_identifier"
	DuplicateID       Reason = "duplicate_id"
	DuplicateIdent    Reason = "duplicate_identifier"
	DuplicateAccount  Reason = "duplicate_account"
	Unresolved        Reason = "unresolved_reference"
	WrongTarget       Reason = "reference_to_wrong_type"
	Ambiguous         Reason = "ambiguous_reference"
	Contained         Reason = "contained_reference"
	Cycle             Reason = "part_of_itself"
	ModifierExtension Reason = "modifier_extension"
	BirthDateDiffers  Reason = "birth_date_differs_from_cpr"
	NoSingleRole      Reason = "no_single_role"
	NoParty           Reason = "objection_without_party"
	UnknownLabel      Reason = "unknown_label"
	UnknownPurpose    Reason = "unknown_purpose"
	BadHash           Reason = "bad_hash"
)

// Why a resource is skipped.
const (
	TypeNotUsed       Reason = "type_not_used"
	NoResource        Reason = "no_resource"
	MethodNotUsed     Reason = "method_not_used"
	NoOrganization    Reason = "no_organization"
	NoPractitioner    Reason = "no_practitioner"
	SameAsEarlier     Reason = "same_as_earlier"
	KnownAlready      Reason = "known_already"
	NotActive         Reason = "not_active"
	RefersToSkipped   Reason = "refers_to_skipped"
	NoAuthority       Reason = "no_authority"
	ScopeNotPrivacy   Reason = "scope_not_privacy"
	TooGeneral        Reason = "consent_too_general"
	NoPurpose         Reason = "consent_without_purpose"
	NoDiscloser       Reason = "consent_without_discloser"
	NoGrantor         Reason = "consent_without_grantor"
	NoDate            Reason = "consent_without_date"
	NoEvidence        Reason = "consent_without_evidence"
	NestedPermit      Reason = "nested_permit"
	ExceptionNotKept  Reason = "exception_cannot_be_kept"
	RestrictionNotSup Reason = "restriction_cannot_be_kept"
	NotFromMessage    Reason = "not_from_a_message"
	PartyNotSupported Reason = "party_not_supported"
	NoLine            Reason = "no_line"
)

// What is noted about a resource that is taken.
const (
	NoSector           Reason = "no_sector"
	NoName             Reason = "no_name"
	NoRoleCode         Reason = "no_role_code"
	NoBirthDate        Reason = "no_birth_date"
	BirthDateDerived   Reason = "birth_date_from_identifier"
	ReplacementNumber  Reason = "replacement_number"
	IdentifierNotKept  Reason = "identifier_not_kept"
	Deceased           Reason = "deceased"
	NoFunction         Reason = "no_care_function"
	OrganizationOfText Reason = "organization_from_message"
	UnitOfCareTeam     Reason = "care_team_kept_as_unit"
	PeriodIgnored      Reason = "period_not_kept"
	ExceptionIgnored   Reason = "exception_not_kept"
	LabelIgnored       Reason = "label_not_kept"
	PurposeIgnored     Reason = "purpose_not_kept"
	IDDerived          Reason = "id_derived"
	EndAssumed         Reason = "end_assumed_in_a_year"
	SubstituteMissing  Reason = "substitute_not_kept"
	ContactNotKept     Reason = "contact_not_kept"
	LineElsewhere      Reason = "line_not_in_the_batch"
)

// Text says the reason in plain English.
func (r Reason) Text() string {
	if t, ok := texts[r]; ok {
		return t
	}
	return string(r)
}

var texts = map[Reason]string{
	Malformed:         "not well-formed JSON",
	NotUTF8:           "not UTF-8",
	DuplicateKey:      "the same property twice in one object",
	TooDeep:           "nested too deeply",
	TooLarge:          "larger than an import may be",
	XMLRefused:        "XML is not read; send FHIR JSON",
	EmptyInput:        "nothing to read",
	NotAResource:      "not a FHIR resource",
	BundleType:        "a Bundle of a type that is not read",
	Missing:           "must be there and is not",
	WrongType:         "not of the JSON type that FHIR gives it",
	BadDate:           "not a FHIR date",
	BadCPR:            "not a CPR number",
	BadSOR:            "not a SOR id",
	BadGLN:            "not a GLN",
	BadYder:           "not a ydernummer",
	BadAuthorisation:  "not an authorisation id",
	NoID:              "has neither an id nor a fullUrl",
	IDIsNational:      "its id is a national identifier",
	DuplicateID:       "its id is there already",
	DuplicateIdent:    "another resource has the same identifier",
	DuplicateAccount:  "another person signs in as the same",
	Unresolved:        "refers to what is not there",
	WrongTarget:       "refers to something of another type",
	Ambiguous:         "refers to more than one",
	Cycle:             "is part of itself",
	ModifierExtension: "has a modifier that is not understood",
	BirthDateDiffers:  "the date of birth is not that of the CPR number",
	NoSingleRole:      "the practitioner has not exactly one role there",
	NoParty:           "an objection has to say against whom",
	UnknownLabel:      "an objection about a topic that can't be kept",
	UnknownPurpose:    "an objection about a purpose that can't be kept",
	TypeNotUsed:       "the bridge has no use for this type",
	TooGeneral:        "names no parties or no kinds of information",
	NoPurpose:         "names no purpose",
	NoDiscloser:       "does not say who may disclose",
	NoGrantor:         "does not say who gave it",
	NoDate:            "does not say when it was given",
	NoEvidence:        "does not show how it was given",
	ExceptionNotKept:  "makes an exception that can't be kept",
	RestrictionNotSup: "is narrower in a way that can't be kept",
	NotActive:         "not active; withdrawals are made on the bridge",
	NoAuthority:       "gives no right to act for the patient",
	KnownAlready:      "known already under another id",
	SameAsEarlier:     "the same as an earlier resource of the batch",
	NoOrganization:    "is not employed anywhere",
	NoLine:            "is no line that can be rung",
	ContactNotKept:    "a line has no number or endpoint of its own",
	LineElsewhere:     "of a line that is not in the batch",
	NotFromMessage:    "a message gives nobody a right",
}
