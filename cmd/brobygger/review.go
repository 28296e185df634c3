// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/brobygger/brobygger/bridge"
)

type emergencyListCmd struct {
	remote
	Patient string `help:"This patient's, as the patient." placeholder:"ID" short:"p"`
	All     bool   `help:"The reviewed ones too."`
}

// Run lists emergency accesses.
func (l *emergencyListCmd) Run(ctx context.Context, out *printer) error {
	q := url.Values{}
	if l.Patient != "" {
		patient, err := patientID(l.Patient)
		if err != nil {
			return err
		}
		q.Set("patient", string(patient))
	}
	if l.All {
		q.Set("all", "true")
	}
	var got struct {
		Items []bridge.EmergencyView `json:"items"`
	}
	if err := l.call(ctx, out.language, http.MethodGet, "/api/v1/emergencies?"+q.Encode(), nil, nil, &got); err != nil {
		return err
	}
	if out.value(got.Items) {
		return nil
	}
	if len(got.Items) == 0 {
		out.tell("none")
	}
	for _, v := range got.Items {
		out.glass(v)
	}
	return nil
}

// glass prints one access.
func (p *printer) glass(v bridge.EmergencyView) {
	const in = "        "
	p.printf("%s  %s, %s\n", v.ID, p.when(v.AskedAt), p.bold(p.apart(v.ByName)))
	p.printf(in+"%s\n", p.say("glass", "patient", p.patient(v.Patient), "why", p.apart(v.Reason)))
	switch {
	case v.ConfirmedAt.IsZero():
		p.printf(in+"%s\n", p.say("never confirmed"))
	case v.Reviewed:
		p.printf(in+"%s\n", p.say("reviewed", "when", p.when(v.Review.At), "outcome", code(p, "outcome", v.Review.Outcome), "note", p.note(v.Review.Note)))
	case v.Overdue:
		p.printf(in+"%s\n", p.bold(p.say("overdue")))
	default:
		p.printf(in+"%s\n", p.say("waits"))
	}
	for _, o := range v.Opened {
		key := "opened"
		if len(o.Topics) > 0 {
			key = "opened about"
		}
		p.printf(in+"%s\n", p.say(key, "when", p.when(o.At), "n", o.Entry, "what", code(p, "kind", o.Kind), "topics", codes(p, "topic", o.Topics)))
	}
}

// note words why a review came out as it did.
func (p *printer) note(note bridge.ReviewNote) string {
	return p.texts().Reason(bridge.Code("review_"+string(note)), p.language)
}

type emergencyReviewCmd struct {
	remote
	Emergency string `arg:"" help:"The access's id, from emergency list."`
	Outcome   string `help:"justified, not-justified or referred." required:"" enum:"justified,not-justified,referred"`
	Note      string `help:"Why: life-or-health or vital-interest; reason-unclear, other-way-open, more-than-needed or private-purpose; to-management, to-authority, to-police or to-second-reviewer." required:"" placeholder:"CODE"`
}

// Run reviews an emergency access.
func (r *emergencyReviewCmd) Run(ctx context.Context, out *printer) error {
	body, err := json.Marshal(map[string]string{"mid": "review-" + rand.Text(), "outcome": r.Outcome, "note": r.Note})
	if err != nil {
		return err
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	var got bridge.Emergency
	if err := r.call(ctx, out.language, http.MethodPost, "/api/v1/emergencies/"+url.PathEscape(r.Emergency)+"/review", h, bytes.NewReader(body), &got); err != nil {
		return err
	}
	if !out.value(got) {
		out.tell("review", "outcome", code(out, "outcome", got.Review.Outcome), "note", out.note(got.Review.Note))
	}
	return nil
}
