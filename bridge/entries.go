// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// EntryView is an entry with the names and words that the patient reads.
type EntryView struct {
	Entry ledger.Entry `json:"entry"`
	// Sentence says all of it in plain words, in the language that was asked for:
	// da, en, ar or fa.
	Sentence string   `json:"sentence"`
	By       string   `json:"by,omitempty"`  // name and place of work of who acted
	To       string   `json:"to,omitempty"`  // of who got it, or would have
	Why      []string `json:"why,omitempty"` // the basis, or the reasons of a denial, in words
}

// Entries reads a patient's record from behind seq on, for the patient and who
// decides for them. Their own reading is not a disclosure.
func (b *Bridge) Entries(ctx context.Context, c Caller, p PatientID, after uint64, limit int, language string) ([]EntryView, error) {
	if err := b.mayReadRecord(ctx, c, p); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 500 {
		limit = 100
	}
	views := []EntryView{}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		leaves, err := tx.Entries().After(p, after, limit)
		if errors.Is(err, ErrDamaged) {
			leaves, err = readable(tx, p, after, limit)
		}
		if err != nil {
			return err
		}
		for _, l := range leaves {
			if l.Erased {
				return ErrErased
			}
			v := EntryView{Entry: l.Entry, Why: b.why(l.Entry, language)}
			if v.By, err = wordedName(tx, l.Entry.By); err != nil {
				return err
			}
			if v.To, err = wordedName(tx, l.Entry.To); err != nil {
				return err
			}
			by, to := v.By, v.To
			if c.Party == p.Ref() {
				by, to = unlessSelf(l.Entry.By, by, p), unlessSelf(l.Entry.To, to, p)
			}
			if l.Entry.To == "" && l.Entry.Line != "" {
				if to, err = lineName(tx, LineID(l.Entry.Line)); err != nil {
					return err
				}
			}
			v.Sentence = b.texts.Sentence(l.Entry, by, to, language)
			views = append(views, v)
		}
		return nil
	})
	if err != nil {
		return nil, b.told(err)
	}
	return views, nil
}

// wordedName is the name behind a reference, "" for one that is gone.
func wordedName(tx Tx, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	name, err := nameOf(tx, Ref(ref))
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return name, err
}

// lineName is the name of a line, "" for one that is gone.
func lineName(tx Tx, id LineID) (string, error) {
	l, err := tx.Lines().Line(id)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return l.Name, err
}

// unlessSelf is the name, or "" for the patient's own.
func unlessSelf(ref, name string, p PatientID) string {
	if ref == string(p.Ref()) {
		return ""
	}
	return name
}

// why words the ground of an entry.
func (b *Bridge) why(e ledger.Entry, language string) []string {
	var out []string
	if e.Basis != "" {
		out = append(out, b.texts.Basis(e.Basis, language))
	}
	for _, r := range e.Reasons {
		out = append(out, b.texts.Reason(Code(r), language))
	}
	return out
}
