// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// about is which conversation a command is about: one that is there, or the one
// between these people for this purpose, which is opened when it is not there.
type about struct {
	Patient string   `help:"Whom it is about." placeholder:"ID" short:"p"`
	To      []string `help:"To whom: a role (gp-holm), a function (treating-psychiatrist), unit:ID, or patient." placeholder:"NAME"`
	Purpose string   `help:"Why: treatment, care-coordination, discharge, social-casework, ..." placeholder:"PURPOSE"`
	Case    string   `help:"The receiver's case, where the law asks for one." placeholder:"CASE"`
	Subject string   `help:"A line of practical words." placeholder:"TEXT"`
	Conv    string   `help:"An open conversation, in place of all these." placeholder:"ID" short:"c"`
}

// conversation finds or opens it. The same people, patient, purpose and case
// give the same conversation, however often it is asked for.
func (a about) conversation(ctx context.Context, c *brobygger.Client) (bridge.ConversationID, bridge.PatientID, error) {
	if a.Conv != "" {
		p, err := a.patientOf(ctx, c)
		return bridge.ConversationID(a.Conv), p, err
	}
	n, err := a.opening()
	if err != nil {
		return "", "", err
	}
	conv, err := c.Open(ctx, n)
	return conv.ID, n.Patient, err
}

func (a about) opening() (bridge.NewConversation, error) {
	var n bridge.NewConversation
	if a.Patient == "" || len(a.To) == 0 || a.Purpose == "" {
		return n, usagef("about whom, to whom and why? Give --patient, --to and --purpose, or --conv")
	}
	patient, err := patientID(a.Patient)
	if err != nil {
		return n, err
	}
	members, err := parties(a.To, patient)
	if err != nil {
		return n, err
	}
	why, err := purpose(a.Purpose)
	if err != nil {
		return n, err
	}
	return bridge.NewConversation{
		MID: conversationID(patient, why, a.Case, members), Patient: patient, Purpose: why, Case: a.Case, Subject: a.Subject, Members: members,
	}, nil
}

// patientOf finds the patient of an open conversation, for uploads.
func (a about) patientOf(ctx context.Context, c *brobygger.Client) (bridge.PatientID, error) {
	if a.Patient != "" {
		return patientID(a.Patient)
	}
	list, err := c.Conversations(ctx, wire.ConvList{Limit: wire.MaxList})
	for _, v := range list.Items {
		if string(v.ID) == a.Conv {
			return v.Patient, nil
		}
	}
	return "", err
}

// conversationID is the opener's id of the conversation between these people.
func conversationID(p bridge.PatientID, why bridge.Purpose, inCase string, members []bridge.Party) string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = short(m)
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(append([]string{string(p), string(why), inCase}, names...), "\x00")))
	return "cli-" + hex.EncodeToString(sum[:20])
}

type sendCmd struct {
	remote
	about
	Text    string   `arg:"" optional:"" help:"What to write. With --part, more of it."`
	Topic   []string `help:"What it is about: medication, mental-health, practical, ..." placeholder:"TOPIC" short:"t"`
	Part    []string `help:"A part with topics of its own: medication=TEXT. May be repeated." placeholder:"TOPIC=TEXT" sep:"none"`
	Attach  []string `help:"A file: PDF, PNG, JPEG or plain text, at most 10 MiB. May be repeated." placeholder:"FILE" type:"existingfile"`
	Urgent  bool     `help:"It wants to be seen soon, and asks for an acknowledgement."`
	Receipt bool     `help:"Ask for an acknowledgement."`
	ReplyTo string   `help:"The message that this one answers." placeholder:"ID"`
	Preview bool     `help:"Show what each recipient would see, and send nothing."`
	Ask     string   `help:"When a consent is missing, ask the patient for it, and say why; the message waits for the answer." placeholder:"WHY"`
}

// Run sends, or shows what would be sent.
func (s *sendCmd) Run(ctx context.Context, out *printer) error {
	parts, err := s.parts()
	if err != nil {
		return err
	}
	c, err := s.dial(ctx, out, brobygger.Handlers{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	conv, patient, err := s.conversation(ctx, c)
	if err != nil {
		return err
	}
	d := bridge.Draft{
		MID: "cli-" + strings.ToLower(rand.Text()), Conversation: conv, Parts: parts,
		ReplyTo: bridge.MessageID(s.ReplyTo), AckRequested: s.Receipt,
	}
	if s.Urgent {
		d.Priority = bridge.Urgent
	}
	if d.Attachments, err = s.upload(ctx, out.language, patient); err != nil {
		return err
	}
	if s.Preview {
		return s.preview(ctx, c, d, out)
	}
	return s.send(ctx, c, d, out)
}

// parts are the text under --topic, and each --part.
func (s *sendCmd) parts() ([]bridge.Part, error) {
	var all []bridge.Part
	if s.Text != "" {
		if len(s.Topic) == 0 {
			return nil, usagef("what is it about? Give --topic: one of %s", listed(bridge.Topics))
		}
		ts, err := topics(s.Topic)
		if err != nil {
			return nil, err
		}
		all = append(all, bridge.Part{Topics: ts, Text: s.Text})
	}
	for _, p := range s.Part {
		names, text, ok := strings.Cut(p, "=")
		if !ok || text == "" {
			return nil, usagef("--part %q: want TOPIC=TEXT", p)
		}
		ts, err := topics(strings.Split(names, ","))
		if err != nil {
			return nil, err
		}
		all = append(all, bridge.Part{Topics: ts, Text: text})
	}
	if len(all) == 0 && len(s.Attach) == 0 {
		return nil, usagef("nothing to send: give a text, --part or --attach")
	}
	if len(s.Attach) > 0 && len(s.Topic) == 0 {
		return nil, usagef("what are the files about? Give --topic")
	}
	return all, nil
}

// upload hands over the files.
func (s *sendCmd) upload(ctx context.Context, language string, patient bridge.PatientID) ([]bridge.AttachmentID, error) {
	var ids []bridge.AttachmentID
	for _, path := range s.Attach {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if len(data) > bridge.MaxAttachment {
			return nil, usagef("--attach %s: more than %d MiB", path, bridge.MaxAttachment>>20)
		}
		q := url.Values{"patient": {string(patient)}, "topics": {strings.Join(s.Topic, ",")}}
		h := http.Header{}
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": filepath.Base(path)}))
		var file bridge.Attachment
		if err := s.call(ctx, language, http.MethodPost, "/api/v1/attachments?"+q.Encode(), h, bytes.NewReader(data), &file); err != nil {
			return nil, fmt.Errorf("handing over %s: %w", path, err)
		}
		ids = append(ids, file.ID)
	}
	return ids, nil
}

func (s *sendCmd) send(ctx context.Context, c *brobygger.Client, d bridge.Draft, out *printer) error {
	sending, err := c.Send(d)
	if err != nil {
		return err
	}
	sent, err := sending.Wait(ctx)
	var denied *brobygger.ConsentError
	if errors.As(err, &denied) {
		return s.denied(ctx, denied, d, out)
	}
	if err != nil {
		return err
	}
	if out.value(sent) {
		return nil
	}
	out.printf("%s %s\n", out.say("sent"), out.dim(out.say("place", "conv", d.Conversation, "n", sent.Seq)))
	s.learn(ctx, out, sent.Recipients)
	for _, r := range sent.Recipients {
		out.seenBy(r)
	}
	return nil
}

// denied asks the patient if that was wanted, and otherwise says how to.
func (s *sendCmd) denied(ctx context.Context, denied *brobygger.ConsentError, d bridge.Draft, out *printer) error {
	if s.Ask == "" {
		out.denial(denied, func(r bridge.Remedy) string { return s.next(r, out) })
		return errDenied
	}
	r, err := denied.Ask(ctx, s.Ask)
	if err != nil {
		return err
	}
	if out.value(struct {
		State   bridge.MessageState   `json:"state"`
		MID     string                `json:"mid"`
		Request bridge.ConsentRequest `json:"request"`
	}{bridge.MessageHeld, d.MID, r}) {
		return nil
	}
	out.learn(ctx, r.Patient, refsOfScope(r.Scope)...)
	out.tell("asked", "patient", out.patient(r.Patient), "when", out.when(r.ExpiresAt))
	out.scope("  ", r.Scope)
	out.field("  ", "request id", string(r.ID))
	return nil
}

// next is the command that makes use of a remedy.
func (s *sendCmd) next(r bridge.Remedy, out *printer) string {
	if r.Kind != bridge.RemedyAskPatient {
		return ""
	}
	return s.line() + " --ask " + quote(out.say("why you ask"))
}

// line is the command as it was typed.
func (s *sendCmd) line() string {
	words := []string{"brobygger send" + s.flags()}
	add := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				words = append(words, flag, quote(v))
			}
		}
	}
	add("--patient", s.Patient)
	add("--to", s.To...)
	add("--purpose", s.Purpose)
	add("--case", s.Case)
	add("--conv", s.Conv)
	add("--topic", s.Topic...)
	add("--part", s.Part...)
	add("--attach", s.Attach...)
	if s.Urgent {
		words = append(words, "--urgent")
	}
	if s.Text != "" {
		words = append(words, quote(s.Text))
	}
	return strings.Join(words, " ")
}

func (s *sendCmd) preview(ctx context.Context, c *brobygger.Client, d bridge.Draft, out *printer) error {
	views, err := c.Preview(ctx, d)
	if err != nil {
		return err
	}
	if out.value(views) {
		return nil
	}
	s.learn(ctx, out, views)
	out.tell("preview")
	for _, v := range views {
		out.seenBy(v)
		for _, part := range v.Parts {
			if part.Withheld {
				out.printf("      %s\n", out.dim(out.say("part left out")))
				continue
			}
			out.printf("%s\n", indent("      ", part.Text))
		}
	}
	return nil
}

// seenBy says what becomes of a message for one recipient.
func (p *printer) seenBy(v bridge.SeenBy) {
	who := p.recipient(v.Recipient, v.Via)
	switch {
	case !v.Allow:
		p.printf("  %s  %s\n", p.bold(who), p.red(p.say("gets not")))
		p.reasons("      ", v.Reasons)
		return
	case len(v.Redact) > 0:
		p.printf("  %s  %s\n", p.bold(who), p.say("gets part", "topics", p.topics(v.Redact)))
	default:
		p.printf("  %s  %s\n", p.bold(who), p.say("gets"))
	}
	p.printf("      %s\n", p.dim(p.texts().Basis(v.Basis, p.language)))
	if v.Reachable != nil {
		p.printf("      %s\n", p.reachable(*v.Reachable))
	}
}

// learn asks who the recipients are, and who stands in for them.
func (s *sendCmd) learn(ctx context.Context, out *printer, to []bridge.SeenBy) {
	patient, _ := patientID(s.Patient) // of a representative; "" with --conv alone
	var refs []bridge.Ref
	for _, v := range to {
		refs = append(refs, v.Recipient, v.Via.Ref)
		if v.Reachable != nil {
			refs = append(refs, v.Reachable.Substitute)
		}
	}
	out.learn(ctx, patient, refs...)
}
