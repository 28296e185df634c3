// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/calendar"
)

// ofLine names a line in the path.
type ofLine struct {
	Line bridge.LineID `path:"line" maxLength:"64" doc:"The line's id."`
}

// byHand is a hand on a line's switch.
type byHand struct {
	Until  time.Time `json:"until,omitzero" doc:"None: until the end of the local day, or until it opens next."`
	Reason string    `json:"reason,omitempty" maxLength:"240" doc:"Practical words, shown to callers."`
}

// newWindow is a period in which a line is open besides its hours.
type newWindow struct {
	Period bridge.Period `json:"period" doc:"From when until when."`
	Reason string        `json:"reason,omitempty" maxLength:"240" doc:"Practical words, shown to callers."`
}

func (a *api) lineRoutes(v Lines) {
	serve(a, route{
		method: http.MethodGet, path: "/lines", id: "list-lines", tag: tagLines,
		summary: "List lines", detail: "By name: which are open, what they promise, and how many wait. For professionals.",
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Organization string `query:"organization" maxLength:"64" doc:"Owned by this organization itself."`
			Mine         bool   `query:"mine" doc:"Only those that the caller is rung on."`
			Limit        int    `query:"limit" minimum:"0" maximum:"1000" doc:"0 means 100."`
		},
		) (list[bridge.LineView], error) {
			return listed(v.Lines(ctx, c, bridge.LinesQuery{Organization: in.Organization, Mine: in.Mine, Limit: in.Limit}))
		})
	serve(a, route{
		method: http.MethodGet, path: "/lines/{line}", id: "get-line", tag: tagLines,
		summary: "Get a line", detail: "With its people, hours and rota. For its people, and an admin.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *ofLine) (bridge.Line, error) {
			return v.Line(ctx, c, in.Line)
		})
	serve(a, route{
		method: http.MethodPut, path: "/lines/{line}", id: "put-line", tag: tagLines,
		summary: "Make or change a line",
		detail:  "An admin makes lines; its first tier, where they work at its owner, changes it too.",
		codes:   []bridge.Code{bridge.CodeNotFound, bridge.CodeConflict, bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Line bridge.LineID `path:"line" maxLength:"64" doc:"The line's id."`
			Body bridge.Line
		},
		) (bridge.Line, error) {
			if in.Body.ID != in.Line {
				return bridge.Line{}, bridge.BadRequest("the line in the path and the one in the body have different ids")
			}
			return v.PutLine(ctx, c, in.Body)
		})
	a.switchRoutes(v)
	a.rotaRoutes(v)
}

func (a *api) switchRoutes(v Lines) {
	type hand struct {
		Line bridge.LineID `path:"line" maxLength:"64" doc:"The line's id."`
		Body byHand
	}
	serve(a, route{
		method: http.MethodPost, path: "/lines/{line}/open", id: "open-line", tag: tagLines,
		summary: "Open a line by hand", detail: "Whatever its hours say. For its people.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *hand) (bridge.LineView, error) {
			return v.OpenLine(ctx, c, in.Line, in.Body.Until, in.Body.Reason)
		})
	serve(a, route{
		method: http.MethodPost, path: "/lines/{line}/close", id: "close-line", tag: tagLines,
		summary: "Close a line by hand", detail: "Whatever its hours say. For its people.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *hand) (bridge.LineView, error) {
			return v.CloseLine(ctx, c, in.Line, in.Body.Until, in.Body.Reason)
		})
	serve(a, route{
		method: http.MethodPost, path: "/lines/{line}/windows", id: "open-line-window", tag: tagLines,
		summary: "Open a line for one period", detail: "Besides its hours: a window for professionals. For its people.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Line bridge.LineID `path:"line" maxLength:"64" doc:"The line's id."`
			Body newWindow
		},
		) (bridge.LineView, error) {
			return v.Window(ctx, c, in.Line, in.Body.Period, in.Body.Reason)
		})
	serve(a, route{
		method: http.MethodGet, path: "/lines/{line}/state", id: "get-line-state", tag: tagLines,
		summary: "Look at a line", detail: "Who can be rung on it now, and what goes on. For its people.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *ofLine) (bridge.LineState, error) {
			return v.LineState(ctx, c, in.Line)
		})
	serve(a, route{
		method: http.MethodGet, path: "/lines/{line}/report", id: "get-line-report", tag: tagLines,
		summary: "Count a line's calls",
		detail: "Answered, unanswered, given up; the time to answer; callbacks kept and broken; by hour and weekday. " +
			"It tells nothing of whom a call was about. For its people, and an admin.",
		codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Line  bridge.LineID `path:"line" maxLength:"64" doc:"The line's id."`
			Since time.Time     `query:"since" required:"true" doc:"From this instant on."`
			Until time.Time     `query:"until" required:"true" doc:"Before this instant."`
		},
		) (bridge.LineReport, error) {
			return v.LineReport(ctx, c, in.Line, bridge.Period{Start: in.Since, End: in.Until})
		})
}

// rotaFile is a rota as a calendar writes it.
type rotaFile struct {
	Line    bridge.LineID `path:"line" maxLength:"64" doc:"The line's id."`
	Since   time.Time     `query:"since" required:"true" doc:"From this instant on."`
	Until   time.Time     `query:"until" required:"true" doc:"Before this instant."`
	RawBody []byte        `contentType:"text/calendar"`
}

func (a *api) rotaRoutes(v Lines) {
	op := a.operation(route{
		method: http.MethodPut, path: "/lines/{line}/rota", id: "import-line-rota", tag: tagLines,
		summary: "Import a rota", limit: 4 << 20,
		detail: "The shifts of an iCalendar file (RFC 5545), recurring ones too, take the place of those in the period. " +
			"A shift is that of its attendee, or of who is called as its title says. For its people who may change it.",
		codes: []bridge.Code{bridge.CodeNotFound, bridge.CodeStorageFull},
	})
	op.RequestBody = &huma.RequestBody{Description: "An iCalendar file."}
	huma.Register(a.huma, op, func(ctx context.Context, in *rotaFile) (*body[bridge.RotaImport], error) {
		taken, err := v.ImportRota(ctx, callOf(ctx).caller, in.Line, bridge.Period{Start: in.Since, End: in.Until}, readRota(in.RawBody))
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &body[bridge.RotaImport]{taken}, nil
	})
	op.RequestBody.Content["text/calendar"].Example = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…\r\nEND:VCALENDAR\r\n"
}

// readRota reads the shifts of a file.
func readRota(file []byte) bridge.RotaReader {
	return func(zone *time.Location, p bridge.Period, who func(address, title string) (bridge.Ref, bool)) ([]bridge.Shift, []bridge.SkippedShift, error) {
		rota, err := calendar.ReadRota(bytes.NewReader(file), zone, p, who)
		skipped := make([]bridge.SkippedShift, len(rota.Skipped))
		for i, s := range rota.Skipped {
			skipped[i] = bridge.SkippedShift(s)
		}
		return rota.Shifts, skipped, err
	}
}
