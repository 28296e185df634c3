// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// newMessage is a bridge.Draft whose conversation stands in the path.
type newMessage struct {
	MID          string                `json:"mid" minLength:"8" maxLength:"64" doc:"The sender's id; the same mid is the same message for ever."`
	Parts        []bridge.Part         `json:"parts,omitempty" maxItems:"16" nullable:"false" doc:"The text, in parts about named topics; at most 16 KiB in all."`
	Attachments  []bridge.AttachmentID `json:"attachments,omitempty" maxItems:"16" nullable:"false" doc:"Files that were uploaded before."`
	Priority     bridge.Priority       `json:"priority,omitempty" doc:"Left out: routine."`
	ReplyTo      bridge.MessageID      `json:"reply_to,omitempty" maxLength:"64"`
	AckRequested bool                  `json:"ack_requested,omitempty"`
}

func (n newMessage) draft(conv bridge.ConversationID) bridge.Draft {
	return bridge.Draft{
		MID: n.MID, Conversation: conv, Parts: n.Parts, Attachments: n.Attachments,
		Priority: n.Priority, ReplyTo: n.ReplyTo, AckRequested: n.AckRequested,
	}
}

// messageDraft is a message for a conversation.
type messageDraft struct {
	Conversation bridge.ConversationID `path:"conversation" maxLength:"64" doc:"The conversation's id."`
	Body         newMessage
}

// newAmendment is a bridge.Amendment whose message stands in the path.
type newAmendment struct {
	Retract bool          `json:"retract,omitempty" doc:"Take the message back instead of editing it."`
	Parts   []bridge.Part `json:"parts,omitempty" maxItems:"16" nullable:"false" doc:"The new text, of an edit."`
	Reason  string        `json:"reason" minLength:"1" maxLength:"200" doc:"Why; kept with the old text."`
}

// acked is when an acknowledgement was taken.
type acked struct {
	At time.Time `json:"at"`
}

// refusals are what the gate may answer to a sender.
var refusals = []bridge.Code{
	bridge.CodeConsentRequired, bridge.CodeConsentWithdrawn, bridge.CodePurpose,
	bridge.CodeConflict, bridge.CodeNotFound, bridge.CodeStorageFull,
}

func (a *api) messageRoutes(v Messages) {
	serve(a, route{
		method: http.MethodPost, path: "/conversations/{conversation}/messages", id: "send-message", tag: tagMessages,
		summary: "Send a message",
		detail:  "Answered when it is kept. Sending again with the same `mid` sends nothing again. A refusal holds every reason and what can be done.",
		status:  http.StatusCreated, codes: refusals,
	},
		func(ctx context.Context, c bridge.Caller, in *messageDraft) (bridge.Sent, error) {
			return v.Send(ctx, c, in.Body.draft(in.Conversation))
		})
	serve(a, route{
		method: http.MethodPost, path: "/conversations/{conversation}/messages/preview", id: "preview-message", tag: tagMessages,
		summary: "What each recipient would see", detail: "Sends nothing.", codes: refusals,
	},
		func(ctx context.Context, c bridge.Caller, in *messageDraft) (list[bridge.SeenBy], error) {
			return listed(v.Preview(ctx, c, in.Body.draft(in.Conversation)))
		})
	serve(a, route{
		method: http.MethodPost, path: "/messages/{message}/amendments", id: "amend-message", tag: tagMessages,
		summary: "Edit or retract one's own message", detail: "The old text is kept for the record. An edit may not add a topic. Amending to the text that is there changes nothing.",
		status: http.StatusCreated, codes: refusals,
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Message bridge.MessageID `path:"message" maxLength:"64" doc:"The message's id."`
			Body    newAmendment
		},
		) (bridge.Message, error) {
			n := in.Body
			return v.Amend(ctx, c, bridge.Amendment{Message: in.Message, Retract: n.Retract, Parts: n.Parts, Reason: n.Reason})
		})
	serve(a, route{
		method: http.MethodGet, path: "/messages/{message}/versions", id: "list-versions", tag: tagMessages,
		summary: "The earlier texts of one's own message", detail: "Oldest first.",
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Message bridge.MessageID `path:"message" maxLength:"64" doc:"The message's id."`
		},
		) (list[bridge.Version], error) {
			return listed(v.Versions(ctx, c, in.Message))
		})
	serve(a, route{
		method: http.MethodPost, path: "/messages/{message}/acknowledgement", id: "acknowledge-message", tag: tagMessages,
		summary: "Acknowledge a message that asks for it", codes: []bridge.Code{bridge.CodeNotFound, bridge.CodeConflict},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Message bridge.MessageID `path:"message" maxLength:"64" doc:"The message's id."`
		},
		) (acked, error) {
			at, err := v.Acknowledge(ctx, c, in.Message)
			return acked{at}, err
		})
}
