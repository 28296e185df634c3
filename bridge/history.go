// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "context"

// HistoryQuery asks for messages of a conversation; Before and After are
// exclusive seqs. Limit 0 means 50, at most 200.
type HistoryQuery struct {
	Conversation ConversationID `json:"conv"`
	Before       uint64         `json:"before,omitempty"`
	After        uint64         `json:"after,omitempty"`
	Limit        int            `json:"limit,omitempty"`
}

// HistoryItem is a message as the reader may see it. When Withheld is set,
// Message holds its id, place, time and nothing else.
type HistoryItem struct {
	Message    Message      `json:"message"`
	Disclosure DisclosureID `json:"disclosure,omitempty"`
	Withheld   []Code       `json:"withheld,omitempty"`
	Deliveries []Delivery   `json:"deliveries,omitempty"` // of one's own messages
}

// History reads messages in order of seq. Each is a disclosure and is claimed.
// complete says that nothing lies beyond in the direction asked for.
func (b *Bridge) History(ctx context.Context, c Caller, s Claimant, q HistoryQuery) (items []HistoryItem, complete bool, err error) {
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	var claims []claim
	var conv Conversation
	err = b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		if conv, err = b.conversation(tx, c, q.Conversation); err != nil {
			return err
		}
		mq := MessageQuery{Conversation: conv.ID, Before: q.Before, After: q.After, Limit: q.Limit + 1}
		if q.Before == 0 && q.After == 0 {
			mq.Before = conv.LastSeq + 1 // the newest
		}
		messages, err := tx.Messages().Find(mq)
		if err != nil {
			return err
		}
		complete = len(messages) <= q.Limit
		switch {
		case !complete && q.After == 0:
			messages = messages[1:]
		case !complete:
			messages = messages[:q.Limit]
		}
		for _, m := range messages {
			w, err := b.readClaim(tx, c, m.ID)
			if err != nil {
				return err
			}
			claims = append(claims, w)
		}
		return nil
	})
	if err != nil {
		return nil, false, b.told(err)
	}
	done, err := b.claim(ctx, c, s, conv.Patient, claims)
	if err != nil {
		return nil, false, err
	}
	for i, w := range claims {
		items = append(items, historyItem(w, done[i]))
	}
	if err := b.accounts(ctx, claims, items); err != nil {
		b.unsent(ctx, c, delivered(done)...)
		return nil, false, err
	}
	return items, complete, nil
}

func historyItem(w claim, d claimed) HistoryItem {
	if d.message == nil {
		m := w.message
		return HistoryItem{Withheld: d.withheld, Message: Message{
			ID: m.ID, Conversation: m.Conversation, Patient: m.Patient, Seq: m.Seq, State: m.State, SentAt: m.SentAt, Version: m.Version,
		}}
	}
	return HistoryItem{Message: *d.message, Disclosure: d.disclosure}
}

// accounts adds to the reader's own messages what became of them.
func (b *Bridge) accounts(ctx context.Context, claims []claim, items []HistoryItem) error {
	err := b.store.View(ctx, func(tx Tx) error {
		for i, w := range claims {
			if !w.own {
				continue
			}
			all, err := tx.Disclosures().Deliveries(DeliveryQuery{Message: w.message.ID})
			if err != nil {
				return err
			}
			for j, d := range all {
				all[j] = d.forSender()
			}
			items[i].Deliveries = all
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	return nil
}
