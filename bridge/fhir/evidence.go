// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"

	"github.com/brobygger/brobygger/bridge"
)

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// evidence reads how a consent was given (GDPR art. 7(1): it must be shown).
// Our extension says it; without, a source document stands for paper. A written
// consent needs its text's hash or a source; a waiver of writing, its reason.
func (c *conversion) evidence(n node, grantor bridge.Ref) (bridge.Evidence, Reason) {
	x := n.extension(ExtEvidence)
	attachment := n.get("sourceAttachment")
	source := attachment.ok() || n.get("sourceReference").ok()
	e := bridge.Evidence{
		Form:        bridge.ConsentForm(x.extension("form").str("valueCode")),
		Language:    first(x.extension("language").str("valueCode"), attachment.str("language"), n.str("language")),
		TextVersion: x.extension("textVersion").str("valueString"),
		TextHash:    x.extension("textHash").str("valueString"),
		Reason:      x.extension("reason").str("valueString"),
	}
	if e.TextHash != "" && !hashForm.MatchString(e.TextHash) {
		x.extension("textHash").fail(BadHash)
	}
	if e.TextHash == "" {
		e.TextHash = hashOf(attachment.get("data"))
	}
	if e.Form == "" && source {
		e.Form = bridge.FormPaper
	}
	if recorder := x.extension("recordedBy").get("valueReference"); recorder.ok() {
		t := c.x.follow(recorder, "PractitionerRole", "Practitioner", "Organization", "Patient", "RelatedPerson")
		if t.skipped {
			return e, RefersToSkipped
		}
		e.RecordedBy = t.ref
	} else if e.Form == bridge.FormSignedIn {
		e.RecordedBy = grantor
	} else if at := n.list("organization"); len(at) > 0 {
		e.RecordedBy = c.x.follow(at[0], "Organization").ref
	}
	switch e.Form {
	case bridge.FormSignedIn, bridge.FormPaper:
		if e.TextHash == "" && !source {
			return e, NoEvidence
		}
	case bridge.FormOral:
	case bridge.FormWaived:
		if e.Reason == "" {
			return e, NoEvidence
		}
	case "":
		return e, NoEvidence
	default:
		x.extension("form").fail(BadCode)
	}
	if e.RecordedBy == "" {
		return e, NoEvidence
	}
	return e, ""
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// hashOf is the SHA-256 of what an attachment holds; R4's own hash is a SHA-1.
func hashOf(data node) string {
	s, ok := data.v.(string)
	if !ok {
		return ""
	}
	content, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		data.fail(WrongType)
		return ""
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
