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
	"strings"

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
		out.printf("None.\n")
	}
	for _, v := range got.Items {
		out.glass(v)
	}
	return nil
}

// glass prints one access.
func (p *printer) glass(v bridge.EmergencyView) {
	p.printf("%s  %s, %s\n", v.ID, p.when(v.AskedAt), p.bold(v.ByName))
	p.printf("        about %s: %s\n", v.Patient, v.Reason)
	switch {
	case v.ConfirmedAt.IsZero():
		p.printf("        never confirmed: nothing was opened\n")
	case v.Reviewed:
		p.printf("        reviewed %s: %s, %s\n", p.when(v.Review.At), v.Review.Outcome, v.Review.Note)
	case v.Overdue:
		p.printf("        %s\n", p.bold("waits for its review for too long"))
	default:
		p.printf("        waits for its review\n")
	}
	for _, o := range v.Opened {
		about := ""
		if len(o.Topics) > 0 {
			about = ", about " + strings.Join(o.Topics, ", ")
		}
		p.printf("        %s entry %d: %s%s\n", p.when(o.At), o.Entry, o.Kind, about)
	}
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
		out.printf("Reviewed: %s, %s. The patient has been told.\n", got.Review.Outcome, got.Review.Note)
	}
	return nil
}
