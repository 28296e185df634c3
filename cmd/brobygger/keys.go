// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

type keysCmd struct {
	Status    keysStatusCmd    `cmd:"" help:"Count them."`
	RotateKEK keysRotateKEKCmd `cmd:"" name:"rotate-kek" help:"Wrap every key with a new version of the key-encryption key, while the bridge serves."`
	Rotate    keysRotateCmd    `cmd:"" help:"Give patients new keys for what comes, while the bridge serves."`
}

// send posts v, or nothing, and reads the answer.
func (r remote) send(ctx context.Context, out *printer, method, path string, v, into any) error {
	var body bytes.Buffer
	h := http.Header{}
	if v != nil {
		if err := json.NewEncoder(&body).Encode(v); err != nil {
			return err
		}
		h.Set("Content-Type", "application/json")
	}
	return r.call(ctx, out.language, method, "/api/v1"+path, h, &body, into)
}

type keysStatusCmd struct{ remote }

// Run prints the counts.
func (k *keysStatusCmd) Run(ctx context.Context, out *printer) error {
	var st bridge.KeyStatus
	if err := k.send(ctx, out, http.MethodGet, "/keys", nil, &st); err != nil || out.value(st) {
		return err
	}
	out.printf("%d patients, %d keys; %d destroyed.\n", st.Patients, st.Keys, st.Destroyed)
	for _, v := range slices.Sorted(maps.Keys(st.Versions)) {
		out.printf("Version %s of the key-encryption key wraps %d.\n", v, st.Versions[v])
	}
	out.printf("Last backup of the keys: %s.\n", day(st.BackedUp))
	if st.Whole.IsZero() {
		out.printf("What was kept before there were keys is still being sealed.\n")
	} else {
		out.printf("Everything is sealed, since %s: what is not opens nowhere.\n", day(st.Whole))
	}
	return nil
}

// day is a time for people.
func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}

type keysRotateKEKCmd struct{ remote }

// Run rotates.
func (k *keysRotateKEKCmd) Run(ctx context.Context, out *printer) error {
	return rotate(ctx, out, k.remote, "/keys/kek/rotate", nil, "%d keys are wrapped by a new version. Two versions are of use; older ones open nothing any more.\n")
}

type keysRotateCmd struct {
	remote
	Patient []string `help:"Whose keys." short:"p" placeholder:"ID" xor:"who" required:""`
	All     bool     `help:"Everybody's." xor:"who" required:""`
}

// Run rotates.
func (k *keysRotateCmd) Run(ctx context.Context, out *printer) error {
	return rotate(ctx, out, k.remote, "/keys/rotate", map[string]any{"patients": k.Patient, "all": k.All}, "%d patients have new keys.\n")
}

func rotate(ctx context.Context, out *printer, r remote, path string, v any, text string) error {
	var done struct {
		Rotated int `json:"rotated"`
	}
	if err := r.send(ctx, out, http.MethodPost, path, v, &done); err != nil || out.value(done) {
		return err
	}
	out.printf(text, done.Rotated)
	return nil
}

type eraseCmd struct {
	remote
	Patient string `help:"Whose." short:"p" required:"" placeholder:"ID"`
	Confirm string `help:"The same once more: there is no way back." required:"" placeholder:"ID"`
	Ground  string `help:"Why (GDPR art. 17(1)): ${enum}." required:"" enum:"no-longer-needed,consent-withdrawn,objection,unlawful,legal-duty"`
	Log     bool   `help:"The record and the name too: nothing more is kept about the patient then."`
}

// Run erases, and prints the receipt.
func (e *eraseCmd) Run(ctx context.Context, out *printer) error {
	n := bridge.NewErasure{
		Patient: bridge.PatientID(e.Patient), Confirm: bridge.PatientID(e.Confirm), Ground: bridge.ErasureGround(e.Ground), Log: e.Log,
	}
	var r bridge.ErasureReceipt
	if err := e.send(ctx, out, http.MethodPost, "/erasures", n, &r); err != nil || out.value(r) {
		return err
	}
	out.printf("Erased on %s: the keys are destroyed.\nIt is entry %d, with the commitment %s.\n", day(r.At), r.Seq, r.Commit)
	out.printf("Last backup of the keys: %s. Until it is destroyed, whoever holds it can read what was erased.\n", day(r.KeysBackedUp))
	return nil
}
