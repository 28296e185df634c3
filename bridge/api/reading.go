// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// history is a page of a conversation.
type history struct {
	Items    []bridge.HistoryItem `json:"items" nullable:"false" doc:"In order of seq. One with withheld holds no content, and says why."`
	Complete bool                 `json:"complete" doc:"There is nothing further in this direction."`
}

// ending says what a client did with what it was given.
type ending struct {
	Claims []bridge.DisclosureID  `json:"claims" minItems:"1" maxItems:"500" nullable:"false" doc:"The disclosure of each item."`
	State  bridge.DisclosureState `json:"state" enum:"shown,stale,unsent" doc:"shown: it was shown. stale: it was too old, and was not. unsent: it did not arrive whole."`
}

func (a *api) readingRoutes(v Reading) {
	serve(a, route{
		method: http.MethodGet, path: "/conversations/{conversation}/messages", id: "read-history", tag: tagMessages,
		summary: "Read messages", detail: "Each is a disclosure. " + freshness, fresh: true, codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Conversation bridge.ConversationID `path:"conversation" maxLength:"64" doc:"The conversation's id."`
			Before       uint64                `query:"before" doc:"Messages with a seq below this, the newest ones."`
			After        uint64                `query:"after" doc:"Messages with a seq above this."`
			Limit        int                   `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"At most so many."`
		},
		) (history, error) {
			items, complete, err := v.History(ctx, c, claimant(ctx), bridge.HistoryQuery{
				Conversation: in.Conversation, Before: in.Before, After: in.After, Limit: in.Limit,
			})
			return history{Items: append([]bridge.HistoryItem{}, items...), Complete: complete}, err
		})
	act(a, route{
		method: http.MethodPost, path: "/disclosures/close", id: "close-disclosures", tag: tagMessages,
		summary: "Say what became of what was read",
		detail:  "Only this, and nothing about the connection, ends a disclosure. One that is ended already stays as it is.",
	},
		func(ctx context.Context, c bridge.Caller, in *body[ending]) error {
			return v.Close(ctx, c, in.Body.Claims, in.Body.State)
		})
}

// freshFor is T of the freshness rule.
const freshFor = wire.Fresh

// freshness explains the rule where it is needed.
const freshness = "A client that keeps the freshness rule sends `Brobygger-Fresh: 1`: it shows what it gets only while at most three seconds have passed, " +
	"by its own clock, since it sent the request, and reports what it did by close-disclosures. An answer that has not arrived whole by then is cut off. Without the header no content is given."
