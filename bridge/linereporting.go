// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "context"

// maxReported bounds how many calls one report counts.
const maxReported = 200_000

// LineReport counts the calls of a line in a period, for its people and an admin.
// It tells nothing of whom a call was about.
func (b *Bridge) LineReport(ctx context.Context, c Caller, id LineID, p Period) (LineReport, error) {
	if p.Start.IsZero() || !p.End.After(p.Start) {
		return LineReport{}, BadRequest("a report is for a period with a start, and an end behind it")
	}
	var r LineReport
	err := b.store.View(ctx, func(tx Tx) error {
		l, err := b.lineOf(tx, c, id)
		if err != nil {
			return err
		}
		rings, err := tx.Rings().Find(RingQuery{Line: id, Since: p.Start, Until: p.End, Limit: maxReported})
		if err != nil {
			return err
		}
		callbacks, err := tx.Callbacks().Find(CallbackQuery{Line: id, Since: p.Start, Until: p.End, Limit: maxReported})
		if err != nil {
			return err
		}
		r, err = NewLineReport(l, p, b.now(), rings, callbacks)
		return err
	})
	if err != nil {
		return LineReport{}, b.told(err)
	}
	return r, nil
}
