// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// check is one look at everything, on one snapshot.
type check struct {
	*tx
	ended  func() error      // the caller's context has
	shown  map[[16]byte]bool // message and recipient of each disclosure, hashed
	relied map[string]int64  // claims by consent
	epochs map[bridge.PatientID]uint64
	logged map[bridge.DisclosureID]logged
	erased map[logged]bool // entries whose keys were destroyed
}

// logged is where a disclosure is in the record.
type logged struct {
	patient bridge.PatientID
	seq     uint64
}

// Check implements bridge.Store. Its errors hold ids and numbers only. The views
// that run beside it have one connection less.
func (s *Store) Check(ctx context.Context) error {
	return s.View(ctx, func(t bridge.Tx) error {
		c := check{tx: t.(*tx), ended: ctx.Err, shown: map[[16]byte]bool{}, relied: map[string]int64{}, epochs: map[bridge.PatientID]uint64{}, logged: map[bridge.DisclosureID]logged{}, erased: map[logged]bool{}}
		for _, step := range []func() error{
			c.file, c.everythingSealed, c.chains, c.tree, c.checkpoints, c.eventLogs, c.sealedMessages, c.places, c.senderKeys, c.claims, c.claimCounts, c.deliveries, c.consentEpochs,
			c.lines, c.rings, c.callbacks,
		} {
			if err := step(); err != nil {
				return fmt.Errorf("checking: %w", err)
			}
		}
		return nil
	})
}

// rows is each, ended by the context.
func (c *check) rows(query string, row func(v []driver.Value) error) error {
	return c.each(query, func(v []driver.Value) error {
		if err := c.ended(); err != nil {
			return err
		}
		return row(v)
	})
}

// file asks SQLite whether the file is sound, its indexes included.
func (c *check) file() error {
	row, err := c.one("PRAGMA integrity_check(1)")
	if err == nil && text(row[0]) != "ok" {
		err = errors.New("the file is damaged")
	}
	return err
}

// chains verifies each patient's entries against the head in the row.
func (c *check) chains() error {
	heads := map[bridge.PatientID]bridge.Head{}
	err := c.rows(`SELECT id, epoch, seq, head FROM patients`, func(v []driver.Value) error {
		id := bridge.PatientID(text(v[0]))
		heads[id] = bridge.Head{Epoch: uint64(number(v[1])), Seq: uint64(number(v[2])), Hash: hash(v[3])}
		return nil
	})
	if err != nil {
		return err
	}
	newer, err := c.newer()
	if err != nil {
		return err
	}
	for _, one := range newer {
		for id, h := range one.patients {
			heads[id] = h.Head
		}
	}
	for id, h := range heads {
		c.epochs[id] = h.Epoch
	}
	entries := uint64(0)
	for id, head := range heads {
		if err := c.chain(id, head); err != nil {
			return fmt.Errorf("chain of patient %s: %w", id, err)
		}
		entries += head.Seq
	}
	row, err := c.one(`SELECT count(*) FROM entries`)
	if err == nil && uint64(number(row[0])) != entries {
		err = errors.New("entry in no patient's chain")
	}
	return err
}

func (c *check) chain(id bridge.PatientID, head bridge.Head) error {
	leaves, err := entries{c.tx}.After(id, 0, int(head.Seq)+1)
	if errors.Is(err, errGap) {
		return c.gap(id)
	}
	if err != nil {
		return err
	}
	for _, l := range leaves {
		if l.Erased {
			c.erased[logged{id, l.Entry.Seq}] = true
			if err := c.mayBeErased(id); err != nil {
				return fmt.Errorf("entry %d: %w", l.Entry.Seq, err)
			}
		}
		if l.Entry.Disclosure != "" {
			c.logged[bridge.DisclosureID(l.Entry.Disclosure)] = logged{bridge.PatientID(l.Entry.Patient), l.Entry.Seq}
		}
		if l.Entry.Patient != string(id) {
			return fmt.Errorf("entry %d: another patient's", l.Entry.Seq)
		}
	}
	return ledger.Verify(leaves, head.Hash)
}

// gap names the first entry that is not where it should be. The pointers between
// rows lead nowhere by now, so that it looks at every row.
func (c *check) gap(id bridge.PatientID) error {
	next := int64(1)
	err := c.each(`SELECT seq FROM entries WHERE patient = ? ORDER BY row`, func(v []driver.Value) error {
		if number(v[0]) != next {
			return fmt.Errorf("entry %d: %w", next, errGap)
		}
		next++
		return nil
	}, string(id))
	if err == nil {
		err = fmt.Errorf("entry %d: %w", next, errGap)
	}
	return err
}

// eventLogs wants each party's events from the oldest kept to the newest, each
// reached from the head.
func (c *check) eventLogs() error {
	heads := map[bridge.Ref]partyHead{}
	err := c.rows(`SELECT party, oldest, newest, last FROM event_heads`, func(v []driver.Value) error {
		heads[bridge.Ref(text(v[0]))] = partyHead{uint64(number(v[1])), uint64(number(v[2])), end{last: number(v[3])}}
		return nil
	})
	if err != nil {
		return err
	}
	newer, err := c.newer()
	if err != nil {
		return err
	}
	for _, one := range newer {
		maps.Copy(heads, one.parties)
	}
	kept := uint64(0)
	for party, h := range heads {
		n := h.newest + 1 - h.oldest
		all, err := events{c.tx}.After(party, h.oldest-1, int(n)+1)
		if err != nil {
			return fmt.Errorf("events of %s: %w", party, err)
		}
		if uint64(len(all)) != n {
			return fmt.Errorf("events of %s: %w", party, errGap)
		}
		for i, e := range all {
			if e.Party != party || e.N != h.oldest+uint64(i) {
				return fmt.Errorf("event %d of %s: another's", e.N, party)
			}
		}
		kept += n
	}
	row, err := c.one(`SELECT count(*) FROM events`)
	if err == nil && uint64(number(row[0])) != kept {
		err = errors.New("event in no party's log")
	}
	return err
}

// places wants the messages of each conversation from 1 to the last, each reached
// from the conversation.
func (c *check) places() error {
	heads := map[bridge.ConversationID]conversationHead{}
	err := c.rows(`SELECT id, last_seq, placed, last FROM conversations`, func(v []driver.Value) error {
		h := conversationHead{last: uint64(number(v[1])), placed: uint64(number(v[2])), end: end{last: number(v[3])}}
		heads[bridge.ConversationID(text(v[0]))] = h
		return nil
	})
	if err != nil {
		return err
	}
	newer, err := c.newer()
	if err != nil {
		return err
	}
	for _, one := range newer {
		maps.Copy(heads, one.conversations)
	}
	placed := uint64(0)
	for id, h := range heads {
		if h.last != h.placed {
			return fmt.Errorf("conversation %s: place %d is empty", id, h.last)
		}
		n := uint64(0)
		s := between(0, int64(h.placed)+1, 1, h.placed, h.end)
		err := c.walk("messages", "seq", "l.conversation", s, func(v []driver.Value) error {
			if n++; text(v[0]) != string(id) {
				return fmt.Errorf("place %d: another's", n)
			}
			return nil
		})
		if err == nil && n != h.placed {
			err = errGap
		}
		if err != nil {
			return fmt.Errorf("messages of conversation %s: %w", id, err)
		}
		placed += n
	}
	row, err := c.one(`SELECT count(*) FROM messages WHERE seq IS NOT NULL`)
	if err == nil && uint64(number(row[0])) != placed {
		err = errors.New("message in no conversation's place")
	}
	return err
}

// senderKeys wants one message for each sender and mid, and a place for each
// accepted message.
func (c *check) senderKeys() error {
	return c.rows(`SELECT min(id) FROM messages GROUP BY sender, mid HAVING count(*) > 1
		UNION ALL SELECT id FROM messages WHERE (state = 'accepted') <> (seq IS NOT NULL) LIMIT 1`,
		func(v []driver.Value) error {
			return fmt.Errorf("message %s: sent twice, or without a place", text(v[0]))
		})
}

// claims wants each disclosure's entry in its patient's chain (I9).
func (c *check) claims() error {
	return c.rows(selectDisclosure, func(v []driver.Value) error {
		d, err := disclosure(v)
		if err != nil {
			return err
		}
		if at := (logged{d.Patient, d.Seq}); c.logged[d.ID] != at && !c.erased[at] {
			return fmt.Errorf("disclosure %s: not entry %d of patient %s", d.ID, d.Seq, d.Patient)
		}
		c.shown[pair(d.Message, d.Recipient)] = true
		for _, id := range distinct(d.Consents) {
			c.relied[string(id)]++
		}
		return nil
	})
}

// pair is a key for a message and a recipient.
func pair(m bridge.MessageID, recipient bridge.Ref) [16]byte {
	h := sha256.Sum256([]byte(string(m) + "\x00" + string(recipient)))
	return [16]byte(h[:16])
}

// claimCounts wants each consent's count to be that of its claims.
func (c *check) claimCounts() error {
	counts := map[bridge.ConsentID]int64{}
	err := c.rows(`SELECT consent, n FROM consent_claims`, func(v []driver.Value) error {
		counts[bridge.ConsentID(text(v[0]))] = number(v[1])
		return nil
	})
	if err != nil {
		return err
	}
	newer, err := c.newer()
	if err != nil {
		return err
	}
	for _, one := range newer {
		maps.Copy(counts, one.claims)
	}
	for id, n := range counts {
		if c.relied[string(id)] != n {
			return fmt.Errorf("claims of consent %s: %d, counted %d", id, c.relied[string(id)], n)
		}
	}
	if len(counts) != len(c.relied) {
		return errors.New("claims of a consent: not counted")
	}
	return nil
}

// deliveries wants every delivery accounted for (I8), and what was delivered to
// have been disclosed (I3).
func (c *check) deliveries() error {
	return c.rows(`SELECT doc, asked IS NOT NULL FROM deliveries`, func(v []driver.Value) error {
		var d bridge.Delivery
		if err := decode(v[0], &d); err != nil {
			return err
		}
		if waits := number(v[1]) != 0; waits == d.AskedAt.IsZero() || waits && d.State != bridge.DeliveryWithheld {
			return fmt.Errorf("delivery of message %s to %s: not found among those that wait, or wrongly", d.Message, d.Recipient)
		}
		switch d.State {
		case bridge.DeliveryPending, bridge.DeliveryWithheld, bridge.DeliveryExpired:
			return nil
		case bridge.DeliveryDelivered:
			if !c.shown[pair(d.Message, d.Recipient)] {
				return fmt.Errorf("delivery of message %s to %s: never disclosed", d.Message, d.Recipient)
			}
			return nil
		}
		return fmt.Errorf("delivery of message %s to %s: not accounted for", d.Message, d.Recipient)
	})
}

// consentEpochs wants no consent from an epoch that has not been (I1).
func (c *check) consentEpochs() error {
	return c.rows(`SELECT doc FROM consents`, func(v []driver.Value) error {
		var consent bridge.Consent
		if err := decode(v[0], &consent); err != nil {
			return err
		}
		epoch, ok := c.epochs[consent.Patient]
		if !ok || consent.GrantedEpoch > epoch || consent.EndedEpoch > epoch {
			return fmt.Errorf("consent %s: of an epoch that patient %s has not reached", consent.ID, consent.Patient)
		}
		return nil
	})
}
