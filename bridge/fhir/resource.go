// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// maxFindings is how many remarks are kept of one resource.
const maxFindings = 20

// resource is one resource of the batch on its way.
type resource struct {
	input   int // number of the Add that brought it
	typ     string
	id      string // as it will be kept
	given   string // as it was given, "" when it was not usable
	fullURL string
	body    object
	message *message
	item    Item

	same  *resource  // the earlier resource that this is, by identifier
	known bridge.Ref // what the store has under the same identifier
}

func (r *resource) root() node { return node{v: r.body, path: r.typ, in: r} }

func (r *resource) fail(path string, reason Reason) {
	r.item.Outcome = Invalid
	if len(r.item.Problems) < maxFindings {
		r.item.Problems = append(r.item.Problems, Finding{path, reason})
	}
}

func (r *resource) note(path string, reason Reason) {
	if len(r.item.Notes) < maxFindings {
		r.item.Notes = append(r.item.Notes, Finding{path, reason})
	}
}

// skip leaves the resource out. What is invalid stays invalid.
func (r *resource) skip(reason Reason) {
	if r.item.Outcome != Invalid {
		r.item.Outcome, r.item.Reason = Skipped, reason
	}
}

func (r *resource) taken() bool { return r.item.Outcome == Taken }

// ref is the name that the resource goes by on the bridge. A team that stands by
// itself is a unit there.
func (r *resource) ref() bridge.Ref {
	switch {
	case r.same != nil:
		return r.same.ref()
	case r.known != "":
		return r.known
	case r.typ == "CareTeam":
		return bridge.Ref(bridge.TypeOrganization + "/" + r.id)
	}
	return bridge.Ref(r.typ + "/" + r.id)
}

// identify finds the resource's id: its own where it is a FHIR id; else the uuid
// or the id in its fullUrl; else a hash of what names it. An id that is or holds
// a CPR number is refused, since ids are shown and logged.
func (r *resource) identify() {
	n := r.root()
	given := n.str("id")
	if holdsCPR(given) || holdsCPR(r.fullURL) {
		r.fail(r.typ+".id", IDIsNational)
		return
	}
	r.given = given
	switch {
	case given != "" && bridge.ValidateID(given) == nil:
		r.id = given
	case given != "":
		r.id = derived(r.typ, given)
	case strings.HasPrefix(r.fullURL, "urn:uuid:"):
		r.id = strings.TrimPrefix(r.fullURL, "urn:uuid:")
	case r.fullURL != "":
		if i := strings.LastIndexByte(r.fullURL, '/'); i >= 0 {
			r.id = r.fullURL[i+1:]
		}
	default:
		r.id = r.idFromRegister()
	}
	if r.id == "" {
		r.fail(r.typ, NoID)
		return
	}
	if bridge.ValidateID(r.id) != nil {
		r.id = derived(r.typ, r.fullURL)
	}
	if r.id != given {
		r.note(r.typ+".id", IDDerived)
	}
	r.item.ID = r.id
}

// idFromRegister derives an id from a number that is public: never from a
// person's CPR number, which a hash would not hide.
func (r *resource) idFromRegister() string {
	for _, i := range r.root().list("identifier") {
		id, bad, _ := cleanIdentifier(i.str("system"), i.str("value"))
		if bad == "" && id.Value != "" && (id.System == SystemSOR || id.System == SystemAuth) {
			return derived(id.System, id.Value)
		}
	}
	return ""
}

func derived(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "h-" + hex.EncodeToString(sum[:12])
}
