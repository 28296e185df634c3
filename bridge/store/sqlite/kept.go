// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

// mostKept bounds each kind of row; when there are more, all are forgotten.
const mostKept = 50_000

// kept is rows of one kind by key, as the group that runs leaves them.
type kept[K comparable, V any] struct {
	rows map[K]V
	late map[K]bool     // those that their table does not have yet: true when this group has changed it
	past []before[K, V] // what the group that runs has changed, oldest first
	done int            // how many of those by a fn that is over
}

type before[K comparable, V any] struct {
	key       K
	row       V
	had       bool
	late, now bool
}

func (k *kept[K, V]) get(key K) (V, bool) {
	row, ok := k.rows[key]
	return row, ok
}

// load keeps a row as it was read.
func (k *kept[K, V]) load(key K, row V) {
	if k.rows == nil {
		k.rows, k.late = map[K]V{}, map[K]bool{}
	}
	k.rows[key] = row
}

// put changes a row.
func (k *kept[K, V]) put(key K, row V) {
	k.note(key, row)
	k.late[key] = true
}

// note keeps a row as it was just written: it need not be written again.
func (k *kept[K, V]) note(key K, row V) {
	old, had := k.rows[key]
	now, late := k.late[key]
	k.past = append(k.past, before[K, V]{key, old, had, late, now})
	k.load(key, row)
}

// back takes back what was put since there were so many changes.
func (k *kept[K, V]) back(to int) {
	for i := len(k.past) - 1; i >= to; i-- {
		b := k.past[i]
		if b.had {
			k.rows[b.key] = b.row
		} else {
			delete(k.rows, b.key)
		}
		if b.late {
			k.late[b.key] = b.now
		} else {
			delete(k.late, b.key)
		}
	}
	clear(k.past[to:])
	k.past, k.done = k.past[:to], to
}

func (k *kept[K, V]) undo()      { k.back(k.done) }
func (k *kept[K, V]) undoAll()   { k.back(0) }
func (k *kept[K, V]) settle()    { k.done = len(k.past) }
func (k *kept[K, V]) lates() int { return len(k.late) }

func (k *kept[K, V]) forget() {
	clear(k.rows)
	clear(k.late)
	k.past, k.done = nil, 0
}

// restore keeps rows that were read from a tail.
func (k *kept[K, V]) restore(rows map[K]V) {
	for key, row := range rows {
		k.load(key, row)
		k.late[key] = false
	}
}

// changed are the rows that this group has changed.
func (k *kept[K, V]) changed() map[K]V {
	all := make(map[K]V, len(k.past))
	for _, b := range k.past {
		if k.late[b.key] {
			all[b.key] = k.rows[b.key]
		}
	}
	return all
}

// kept says that the group has been kept, and whether all rows have come to
// their table with it.
func (k *kept[K, V]) kept(written bool) {
	for _, b := range k.past {
		if _, late := k.late[b.key]; late {
			k.late[b.key] = false
		}
	}
	clear(k.past)
	k.past, k.done = k.past[:0], 0
	if !written {
		return
	}
	clear(k.late)
	if len(k.rows) > mostKept {
		clear(k.rows)
	}
}

// write calls f with each row that its table does not have.
func (k *kept[K, V]) write(f func(K, V) error) error {
	for key := range k.late {
		if err := f(key, k.rows[key]); err != nil {
			return err
		}
	}
	return nil
}
