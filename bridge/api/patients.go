// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

// patientPath names the patient in the path.
type patientPath struct {
	Patient bridge.PatientID `path:"patient" doc:"The patient's id."`
}

// record is a page of a patient's entries.
type record struct {
	Items []bridge.EntryView `json:"items" nullable:"false" doc:"In order of seq."`
	Next  uint64             `json:"next,omitempty" doc:"Ask with after= this for what follows; left out when this was the last page."`
}

// refs asks who stands behind references.
type refs struct {
	Patient bridge.PatientID `json:"patient,omitempty" doc:"Around whom: for a representative. A patient's own may be left out; a professional leaves it out."`
	Refs    []bridge.Ref     `json:"refs" minItems:"1" maxItems:"100" nullable:"false" doc:"Type/id, of roles, practitioners, organizations, representatives and oneself."`
}

// members asks for the presence of some.
type members struct {
	Patient bridge.PatientID `json:"patient" doc:"In whose matter."`
	Members []bridge.Party   `json:"members" minItems:"1" maxItems:"50" nullable:"false" doc:"Of whom."`
}

func (a *api) patientRoutes(v Patients) {
	serve(a, route{
		method: http.MethodPost, path: "/patients:find", id: "find-patient", tag: tagPatients,
		summary: "Find a patient by national identifier",
		detail:  "The identifier stands in the body so that no log of addresses holds it. Whoever is not involved with the patient gets the same answer as for a patient that does not exist.",
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.Identifier]) (bridge.Patient, error) {
			return v.FindPatient(ctx, c, in.Body)
		})
	serve(a, route{
		method: http.MethodGet, path: "/patients/{patient}", id: "get-patient", tag: tagPatients,
		summary: "A patient, for who is involved",
	},
		func(ctx context.Context, c bridge.Caller, in *patientPath) (bridge.Patient, error) {
			return v.Patient(ctx, c, in.Patient)
		})
	serve(a, route{
		method: http.MethodGet, path: "/patients/{patient}/care-team", id: "list-care-team", tag: tagPatients,
		summary: "Who is involved with the patient", detail: "As far as the caller may know.",
	},
		func(ctx context.Context, c bridge.Caller, in *patientPath) (list[bridge.MemberView], error) {
			return listed(v.CareTeam(ctx, c, in.Patient))
		})
	serve(a, route{
		method: http.MethodGet, path: "/patients/{patient}/entries", id: "list-entries", tag: tagPatients,
		summary: "The patient's record of everything",
		detail:  "Every disclosure, denial and emergency access, for the patient and their representatives (GDPR art. 15; EHDS art. 9).",
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Patient bridge.PatientID `path:"patient" doc:"The patient's id."`
			After   uint64           `query:"after" default:"0" doc:"Entries with a seq above this."`
			Limit   int              `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"At most so many."`
			// A patient may read a language that nothing else speaks.
			Language string `query:"language" enum:"da,en,ar,fa" doc:"Of sentences and words; left out: that of Accept-Language."`
		},
		) (record, error) {
			items, err := v.Entries(ctx, c, in.Patient, in.After, in.Limit, cmp.Or(in.Language, languageOf(ctx)))
			page := record{Items: append([]bridge.EntryView{}, items...)}
			if len(items) == in.Limit {
				page.Next = items[len(items)-1].Entry.Seq
			}
			return page, err
		})
	serve(a, route{
		method: http.MethodPost, path: "/presence", id: "get-presence", tag: tagPatients,
		summary: "Whether members can be reached now",
		detail:  "In this patient's matter, and of those only whom the caller may see; of others nothing is said.",
	},
		func(ctx context.Context, c bridge.Caller, in *body[members]) (list[bridge.Presence], error) {
			return listed(v.Presence(ctx, c, in.Body.Patient, in.Body.Members))
		})
	a.directoryRoutes(v)
}

func (a *api) directoryRoutes(v Patients) {
	serve(a, route{
		method: http.MethodPost, path: "/names", id: "name-refs", tag: tagPatients, summary: "Who stands behind references",
		detail: "A professional is told of everybody in the directory; a patient, and who may read the patient's record, of those around the patient. Others, and patients of whom a professional asks, are left out.",
	},
		func(ctx context.Context, c bridge.Caller, in *body[refs]) (list[bridge.Named], error) {
			return listed(v.Names(ctx, c, in.Body.Patient, in.Body.Refs))
		})
	serve(a, route{
		method: http.MethodGet, path: "/directory", id: "search-directory", tag: tagPatients,
		summary: "Who works where as what", detail: "Not about any patient. In order of name.",
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Text         string `query:"text" maxLength:"100" doc:"In a name."`
			Organization string `query:"organization" maxLength:"64" doc:"The id of an organization; with its units."`
			Practitioner string `query:"practitioner" maxLength:"64" doc:"The id of a practitioner."`
			Limit        int    `query:"limit" minimum:"1" maximum:"200" default:"100" doc:"At most so many."`
		},
		) (list[bridge.RoleEntry], error) {
			return listed(v.Directory(ctx, c, bridge.DirectoryQuery{
				Text: in.Text, Organization: in.Organization, Practitioner: in.Practitioner, ActiveOnly: true, Limit: in.Limit,
			}))
		})
}
