// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/policy"
)

type replayCmd struct {
	signedBundle
	Data     string `help:"Folder with the data, which may be in use: a copy is read." required:"" type:"existingdir" placeholder:"FOLDER"`
	Since    string `help:"How far back: 30d, 12h." default:"30d" placeholder:"AGE"`
	Reviewed string `help:"File with the ids of differences that somebody has accepted, one a line; behind # stands why." type:"existingfile" placeholder:"FILE"`
}

// Run replays. It exits with 3 when a no becomes a yes that nobody has reviewed.
func (r *replayCmd) Run(ctx context.Context, out *printer) (err error) {
	age, err := parseAge(r.Since)
	if err != nil {
		return err
	}
	reviewed, err := readReviewed(r.Reviewed)
	if err != nil {
		return err
	}
	l, err := r.load(ctx, policy.Options{})
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "brobygger-replay-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, database)
	if err := sqlite.Backup(ctx, filepath.Join(r.Data, database), path); err != nil {
		return err
	}
	store, err := sqlite.Open(path, sqlite.Options{Reserve: -1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	got, err := l.Engine.Replay(ctx, store, time.Now().Add(-age))
	if err != nil {
		return err
	}
	var open []string
	for _, d := range got.Differences {
		if d.Direction == bridge.DirectionGain && !slices.Contains(reviewed, d.ID) {
			open = append(open, d.ID)
		}
	}
	if !out.value(map[string]any{"replay": got, "unreviewed": append([]string{}, open...)}) {
		out.replay(got, open)
	}
	if len(open) > 0 {
		return errDenied
	}
	return nil
}

// parseAge reads a duration that may count days.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n <= 0 || n > 36500 {
			return 0, usagef("--since %s: want 30d or 12h", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, usagef("--since %s: want 30d or 12h", text)
	}
	return d, nil
}

// readReviewed reads the ids of what was accepted.
func readReviewed(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var ids []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		id, _, _ := strings.Cut(lines.Text(), "#")
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading what was reviewed: %w", err)
	}
	return ids, nil
}

// replay prints who would gain and who would lose.
func (p *printer) replay(r policy.Replay, open []string) {
	p.printf("%d decisions, of which %d come out the same.\n", r.Decisions, r.Same)
	if r.Gone > 0 {
		p.printf("%d can't be asked again: what they were made on is gone.\n", r.Gone)
	}
	p.differences(r.Differences, open)
	if len(open) > 0 {
		p.printf("A no becomes a yes that nobody has reviewed: %s\n", strings.Join(open, " "))
	}
}

// differences prints kinds of decisions that come out otherwise.
func (p *printer) differences(all []bridge.Difference, open []string) {
	words := map[bridge.Direction]string{bridge.DirectionGain: "would gain", bridge.DirectionLose: "would lose", bridge.DirectionError: "would get no answer"}
	for _, d := range all {
		mark := " "
		if slices.Contains(open, d.ID) {
			mark = "!"
		}
		who := string(d.ToRole) + " at " + d.ToOrg
		if d.ToRole == "" {
			who = "the patient's side"
		}
		from := string(d.FromRole) + " at " + d.FromOrg
		if d.FromRole == "" {
			from = "the patient's side"
		}
		p.printf("%s %s  %s %s, from %s, to %s for %s", mark, d.ID, p.bold(who), words[d.Direction], from, d.Action, d.Purpose)
		if len(d.Topics) > 0 {
			var topics []string
			for _, t := range d.Topics {
				topics = append(topics, string(t))
			}
			p.printf(", about %s", strings.Join(topics, ", "))
		}
		p.printf("\n        %d times; was %s, is %s", d.Count, strings.Join(d.Was, " "), strings.Join(d.Is, " "))
		if len(d.Samples) > 0 {
			p.printf("; decisions %s", strings.Join(d.Samples, " "))
		}
		p.printf("\n")
	}
}

type policyShowCmd struct{ remote }

// Run prints which policy decides.
func (s *policyShowCmd) Run(ctx context.Context, out *printer) error {
	var got bridge.PolicyState
	if err := s.call(ctx, out.language, http.MethodGet, "/api/v1/policy", nil, nil, &got); err != nil || out.value(got) {
		return err
	}
	switch {
	case got.Revision == "":
		out.printf("No policy is in force: everything is denied.\n")
	case got.SHA256 == "":
		out.printf("The built-in policy decides, as %s.\n", got.Revision)
	default:
		out.printf("%s decides since %s.\n", out.bold(got.Revision), out.when(got.Since))
	}
	if got.Refused != "" {
		out.printf("The newest bundle was refused: %s\n", got.Refused)
	}
	for _, a := range got.History {
		out.printf("  %s  %d  %s\n", out.when(a.At), a.Revision, a.SHA256)
	}
	if c := got.Shadow; c != nil {
		out.printf("Beside it %s was asked %d times, and %d times not.\n", c.Revision, c.Compared, c.Dropped)
		out.differences(c.Differences, nil)
	}
	return nil
}
