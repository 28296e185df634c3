// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "fmt"

// pokes collects what logs have grown by in a transaction, for after its commit.
type pokes []Delivered

// append adds the event to its party's log and notes it; it returns its number.
func (p *pokes) append(tx Tx, e Event) error {
	n, err := tx.Events().Append(e)
	if err != nil {
		return fmt.Errorf("adding an event: %w", err)
	}
	e.N = n
	*p = append(*p, Delivered{Event: e})
	return nil
}

// last is the event that was added last.
func (p *pokes) last() *Delivered { return &(*p)[len(*p)-1] }

// poke tells the listeners, after the commit. What needs no claim is told whole.
func (b *Bridge) poke(p pokes) {
	b.tell(func(l Listener) {
		for _, d := range p {
			if d.Event.Kind.content() && d.Message == nil {
				l.Poke(d.Event.Party, d.Event.N)
			} else {
				l.Tell(d)
			}
		}
	})
}

// content reports whether an event of this kind is about a message's content,
// which is claimed before it is shown.
func (k EventKind) content() bool {
	return k == EventMessage || k == EventAmended || k == EventReturned
}
