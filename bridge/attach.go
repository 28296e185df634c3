// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// sniff finds a file's media type by its bytes, "" for one that is not taken.
// Plain text must be UTF-8 without control characters, so that nothing that a
// browser might run passes for it.
func sniff(content []byte) string {
	switch t, _, _ := strings.Cut(http.DetectContentType(content), ";"); {
	case t == "application/pdf", t == "image/png", t == "image/jpeg":
		return t
	case t == "text/plain" && utf8.Valid(content) && !bytes.ContainsFunc(content, isControl):
		return t
	}
	return ""
}

func isControl(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
}

// Attach keeps a file for a later message about the patient: PDF, PNG, JPEG or
// plain text by its bytes, at most MaxAttachment, with its topics. The caller
// must be involved with the patient.
func (b *Bridge) Attach(ctx context.Context, c Caller, p PatientID, name string, topics []Topic, content []byte) (Attachment, error) {
	a := Attachment{Patient: p, Owner: c.Party, Name: name, Topics: topics, Size: len(content), Type: sniff(content)}
	switch {
	case len(content) == 0 || a.Type == "":
		return a, BadRequest("a file is a PDF, a PNG, a JPEG or plain text")
	case len(content) > MaxAttachment:
		return a, &Error{Code: CodeTooLarge, Message: "a file of more than 10 MiB"}
	case len(topics) == 0 || len(topics) > len(Topics):
		return a, BadRequest("a file names its topics")
	case name == "" || len(name) > 200 || strings.ContainsAny(name, "/\\\x00\r\n\"") || !utf8.ValidString(name):
		return a, BadRequest("a file's name has 1 to 200 bytes, and no path")
	}
	for _, t := range topics {
		if !slices.Contains(Topics, t) {
			return a, BadRequest("a topic that does not exist")
		}
	}
	sum := sha256.Sum256(content)
	a.SHA256 = hex.EncodeToString(sum[:])
	_, err := b.pass(ctx, c, p, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		return []Question{{Action: ActionSee, From: self, To: self}}, err
	}, func(g *passage) error {
		a.At = g.answers[0].Now
		a.ID = AttachmentID(newID(a.At))
		if err := g.tx.Messages().PutAttachment(a, content); err != nil {
			return err
		}
		return g.record(ledger.KindAttached, g.answers[0], func(e *ledger.Entry) { e.Topics = words(topics) })
	})
	return a, err
}

// Attachment reads a file of a message. It is a disclosure like the message's
// text, decided and claimed the same way; its owner's own reading is none.
func (b *Bridge) Attachment(ctx context.Context, c Caller, s Claimant, id AttachmentID) (a Attachment, content []byte, claimID DisclosureID, err error) {
	var w claim
	err = b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		a, content, err = tx.Messages().Attachment(id, true)
		if errors.Is(err, ErrNotFound) || err == nil && a.Owner != c.Party && a.Message == "" {
			return &Error{Code: CodeForbidden, Message: "no such attachment for you"}
		}
		if err != nil || a.Message == "" {
			return err
		}
		if w, err = b.readClaim(tx, c, a.Message); err != nil {
			return err
		}
		_, err = b.conversation(tx, c, w.message.Conversation)
		return err
	})
	if err != nil {
		return Attachment{}, nil, "", b.told(err)
	}
	if a.Owner == c.Party {
		return a, content, "", nil
	}
	done, err := b.claim(ctx, c, s, a.Patient, []claim{w})
	if err != nil {
		return Attachment{}, nil, "", err
	}
	d := done[0]
	if d.message == nil || !slices.ContainsFunc(d.message.Attachments, func(x Attachment) bool { return x.ID == id }) {
		b.unsent(ctx, c, Delivered{Disclosure: d.disclosure})
		return Attachment{}, nil, "", &Error{Code: CodeForbidden, Decision: &Decision{Reasons: d.withheld}}
	}
	return a, content, d.disclosure, nil
}
