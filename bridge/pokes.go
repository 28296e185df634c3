// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "fmt"

// pokes collects whose log has grown in a transaction, for after its commit.
type pokes map[Ref]uint64

// append adds the event to its party's log and notes the poke.
func (p *pokes) append(tx Tx, e Event) error {
	n, err := tx.Events().Append(e)
	if err != nil {
		return fmt.Errorf("adding an event: %w", err)
	}
	if *p == nil {
		*p = pokes{}
	}
	(*p)[e.Party] = n
	return nil
}

// poke tells the listeners, after the commit.
func (b *Bridge) poke(p pokes) {
	b.tell(func(l Listener) {
		for party, n := range p {
			l.Poke(party, n)
		}
	})
}
