// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// marker is how far somebody has read.
type marker struct {
	Seq uint64 `json:"seq" doc:"The seq of the newest message that was read."`
}

func (a *api) conversationRoutes(v Conversations) {
	serve(a, route{
		method: http.MethodGet, path: "/conversations", id: "list-conversations", tag: tagMessages,
		summary: "List the caller's conversations", detail: "Newest change first. Ask on with before= the changed_at of the last one.",
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Patient bridge.PatientID `query:"patient" doc:"About this patient only."`
			Before  time.Time        `query:"before" doc:"Changed before this."`
			Limit   int              `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"At most so many."`
		},
		) (list[bridge.ConversationView], error) {
			return listed(v.Conversations(ctx, c, bridge.ConversationQuery{Patient: in.Patient, Before: in.Before, Limit: in.Limit}))
		})
	serve(a, route{
		method: http.MethodPost, path: "/conversations", id: "open-conversation", tag: tagMessages,
		summary: "Open a conversation", detail: "Opening again with the same `mid` answers the same conversation.",
		status: http.StatusCreated, codes: []bridge.Code{bridge.CodeConflict, bridge.CodeConsentRequired, bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.NewConversation]) (bridge.Conversation, error) {
			return v.Open(ctx, c, in.Body)
		})
	serve(a, route{
		method: http.MethodPost, path: "/conversations/{conversation}/read", id: "mark-read", tag: tagMessages,
		summary: "Move the read marker", detail: "It never moves back; the answer is where it stands. The senders are told.",
		codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Conversation bridge.ConversationID `path:"conversation" maxLength:"64" doc:"The conversation's id."`
			Body         marker
		},
		) (marker, error) {
			seq, err := v.Read(ctx, c, in.Conversation, in.Body.Seq)
			return marker{seq}, err
		})
}
