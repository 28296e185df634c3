// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// What is not named is meant only where there is one of it: nobody says yes to,
// or takes back, something else than they think.

// onlyRequest is the one request that waits for the patient.
func onlyRequest(ctx context.Context, c *brobygger.Client, p bridge.PatientID) (string, error) {
	got, err := c.Consents(ctx, p)
	if err != nil {
		return "", err
	}
	var waiting []string
	for _, r := range got.Requests {
		if r.State == bridge.RequestPending {
			waiting = append(waiting, string(r.ID))
		}
	}
	return only(waiting, "request waits for an answer")
}

// onlyConsent is the one consent that is in force.
func onlyConsent(ctx context.Context, c *brobygger.Client, p bridge.PatientID) (string, error) {
	got, err := c.Consents(ctx, p)
	if err != nil {
		return "", err
	}
	var active []string
	for _, x := range got.Consents {
		if x.State == bridge.ConsentActive {
			active = append(active, string(x.ID))
		}
	}
	return only(active, "consent is in force")
}

func only(ids []string, what string) (string, error) {
	switch len(ids) {
	case 0:
		return "", usagef("no %s", what)
	case 1:
		return ids[0], nil
	}
	return "", usagef("more than one %s; name it: see brobygger consent list", what)
}

// latest is the conversation about the patient that changed last. It serves
// reading only: who writes says to whom.
func latest(ctx context.Context, c *brobygger.Client, p bridge.PatientID) (bridge.ConversationID, error) {
	list, err := c.Conversations(ctx, wire.ConvList{Patient: p, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(list.Items) == 0 {
		return "", usagef("no conversation of yours about this patient")
	}
	return list.Items[0].ID, nil
}
