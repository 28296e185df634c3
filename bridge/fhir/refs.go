// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"net/url"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// Known answers for what was imported before.
type Known interface {
	// Has reports whether the resource exists.
	Has(ref bridge.Ref) bool
	// Find returns the resource with this identifier, "" when there is none.
	Find(typ string, i bridge.Identifier) bridge.Ref
}

// identKey is one business identifier of one type of resource.
type identKey struct {
	typ string
	id  bridge.Identifier
}

// index finds resources of a batch.
type index struct {
	known   Known
	byKey   map[string]*resource // "Type/id" as given, and as kept
	byURL   map[string]*resource // fullUrl
	byIdent map[identKey][]*resource
}

func newIndex(known Known) *index {
	return &index{known, map[string]*resource{}, map[string]*resource{}, map[identKey][]*resource{}}
}

// add files a resource under everything it can be referred to by.
func (x *index) add(r *resource) {
	x.file(x.byKey, r.typ+"/"+r.id, r, r.typ+".id")
	if r.given != "" && r.given != r.id {
		x.file(x.byKey, r.typ+"/"+r.given, r, r.typ+".id")
	}
	if r.fullURL != "" {
		x.file(x.byURL, r.fullURL, r, "Bundle.entry.fullUrl")
	}
	for _, i := range r.root().list("identifier") {
		id, bad, _ := cleanIdentifier(i.str("system"), i.str("value"))
		if bad == "" && id.System != "" && id.Value != "" && i.str("use") != "old" {
			x.identify(r, identKey{r.typ, id}, i.path)
		}
	}
}

func (x *index) file(m map[string]*resource, key string, r *resource, path string) {
	if m[key] != nil && m[key] != r {
		r.fail(path, DuplicateID)
		return
	}
	m[key] = r
}

// identify notices that r is somebody who is there already. In one input that is
// a mistake; over several inputs (MedCom makes new ids for each message) it is
// the same person again.
func (x *index) identify(r *resource, k identKey, path string) {
	// A parent of two is two RelatedPersons.
	if unique(k.id.System) && k.typ != bridge.TypeRelatedPerson {
		for _, other := range x.byIdent[k] {
			switch {
			case other == r:
			case other.input == r.input:
				r.fail(path, DuplicateIdent)
			case r.same == nil:
				r.same = other
			}
		}
		if x.known != nil && r.same == nil {
			if ref := x.known.Find(k.typ, k.id); ref != "" && ref != bridge.Ref(r.typ+"/"+r.id) {
				r.known = ref
			}
		}
	}
	x.byIdent[k] = append(x.byIdent[k], r)
}

// unique reports whether a number of this system names exactly one. A GLN and a
// ydernummer may be shared by the units of a house.
func unique(system string) bool {
	switch system {
	case SystemCPR, SystemXECPR, SystemSOR, SystemAuth:
		return true
	}
	return strings.HasPrefix(system, SystemDECPR)
}

// target is what a reference leads to.
type target struct {
	ref     bridge.Ref // "" when there is nothing
	r       *resource  // nil when it is known from before
	skipped bool       // it leads to a resource that was left out
}

// follow resolves a Reference (R4, 2.3.0.2): by fullUrl, by type and id, or by
// identifier. types are those that may stand here. A reference that is there and
// leads nowhere makes the resource invalid.
func (x *index) follow(n node, types ...string) target {
	if !n.ok() {
		return target{}
	}
	var t target
	switch s := n.str("reference"); {
	case s != "":
		t = x.literal(n, s)
	case n.get("identifier").ok():
		i := n.get("identifier")
		t = x.logical(n, n.str("type"), i.str("system"), i.str("value"), types)
	default:
		n.fail(Missing)
		return target{}
	}
	if t.ref == "" {
		if n.in.item.Outcome != Invalid {
			n.fail(Unresolved)
		}
		return target{}
	}
	typ := t.ref.Type()
	if t.r != nil {
		typ = t.r.typ
		t.skipped = !t.r.taken() && t.r.same == nil && t.r.known == ""
	}
	for _, want := range types {
		if typ == want {
			return t
		}
	}
	n.fail(WrongTarget)
	return target{}
}

func (x *index) literal(n node, s string) target {
	if strings.HasPrefix(s, "#") {
		n.fail(Contained)
		return target{}
	}
	if r := x.byURL[s]; r != nil {
		return target{ref: r.ref(), r: r}
	}
	if typ, query, ok := strings.Cut(s, "?identifier="); ok {
		if value, err := url.QueryUnescape(query); err == nil {
			system, v, _ := strings.Cut(value, "|")
			return x.logical(n, typ, system, v, []string{typ})
		}
	}
	s, _, _ = strings.Cut(s, "/_history/")
	if r := x.byKey[s]; r != nil {
		return target{ref: r.ref(), r: r}
	}
	if ref := bridge.Ref(s); x.known != nil && ref.Validate() == nil && x.known.Has(ref) {
		return target{ref: ref}
	}
	return target{}
}

func (x *index) logical(n node, typ, system, value string, types []string) target {
	id, bad, _ := cleanIdentifier(system, value)
	if bad != "" {
		n.fail(bad)
		return target{}
	}
	if typ != "" {
		types = []string{typ}
	}
	var found target
	for _, t := range types {
		k := identKey{t, id}
		for _, r := range x.byIdent[k] {
			if found.ref != "" && found.ref != r.ref() {
				n.fail(Ambiguous)
				return target{}
			}
			found = target{ref: r.ref(), r: r}
		}
		if found.ref == "" && x.known != nil && t != "CareTeam" {
			found = target{ref: x.known.Find(t, id)}
		}
	}
	return found
}
