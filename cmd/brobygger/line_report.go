// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

type lineReportCmd struct {
	remote
	Line  string `arg:"" help:"The line."`
	Since string `help:"The first day: 2026-11-01; without it, four weeks back." placeholder:"DAY"`
	Until string `help:"The day after the last; without it, now." placeholder:"DAY"`
}

// Run shows how a line was answered.
func (l *lineReportCmd) Run(ctx context.Context, out *printer) error {
	period, err := l.period(out.now())
	if err != nil {
		return err
	}
	q := url.Values{"since": {period.Start.Format(time.RFC3339)}, "until": {period.End.Format(time.RFC3339)}}
	var r bridge.LineReport
	path := "/api/v1/lines/" + url.PathEscape(l.Line) + "/report?" + q.Encode()
	if err := l.call(ctx, out.language, http.MethodGet, path, nil, nil, &r); err != nil || out.value(r) {
		return err
	}
	out.lineReport(r)
	return nil
}

func (l *lineReportCmd) period(now time.Time) (p bridge.Period, err error) {
	p = bridge.Period{Start: now.AddDate(0, 0, -28), End: now}
	for _, d := range []struct {
		text string
		at   *time.Time
	}{{l.Since, &p.Start}, {l.Until, &p.End}} {
		if d.text == "" {
			continue
		}
		if *d.at, err = time.ParseInLocation(time.DateOnly, d.text, now.Location()); err != nil {
			return p, usagef("%q is no day: want 2026-11-01", d.text)
		}
	}
	return p, nil
}

// lineReport prints the figures, and when of the week people ring.
func (p *printer) lineReport(r bridge.LineReport) {
	p.tell("calls", "n", r.Calls, "answered", r.Answered, "share", percent(r.AnsweredShare), "unanswered", r.Unanswered, "abandoned", r.Abandoned)
	if r.Answered > 0 {
		p.tell("time to answer", "median", seconds(r.MedianMS), "p90", seconds(r.P90MS), "intime", r.InTime)
	}
	p.tell("callbacks", "n", r.Callbacks, "kept", r.Kept, "broken", r.Broken)
	p.printf("%s", week(r.Cells))
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

func seconds(ms int64) string { return fmt.Sprintf("%.1f s", float64(ms)/1000) }

// week draws a row for each hour in which somebody rang, a column for each day
// from Monday, and in each the calls, the more the darker.
func week(cells []bridge.LineCell) string {
	var calls [24][7]int
	most, first, last := 0, 24, -1
	for _, c := range cells {
		if c.Calls == 0 || c.Hour < 0 || c.Hour > 23 {
			continue
		}
		calls[c.Hour][(int(c.Weekday)+6)%7] += c.Calls
		most = max(most, calls[c.Hour][(int(c.Weekday)+6)%7])
		first, last = min(first, c.Hour), max(last, c.Hour)
	}
	shades := []rune(" ░▒▓█")
	var b strings.Builder
	for h := first; h <= last; h++ {
		fmt.Fprintf(&b, "  %02d ", h)
		for _, n := range calls[h] {
			shade := 0
			if n > 0 {
				shade = 1 + (n-1)*(len(shades)-2)/max(most-1, 1)
			}
			fmt.Fprintf(&b, " %s%3d", strings.Repeat(string(shades[shade]), 2), n)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
