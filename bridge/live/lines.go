// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import "github.com/brobygger/brobygger/bridge"

// watchedLine is a line that somebody on this node watches. Guarded by Keeper.mu.
type watchedLine struct {
	watchers map[*watcher[struct{}]]bool
}

// WatchLine calls f when who takes rings on the line has changed, or is known no
// more or again, until stop is called; and once when the watching has begun. Nobody
// is told of reservations. Changes that come while f runs are told as one.
func (k *Keeper) WatchLine(line bridge.LineID, f func()) (stop func()) {
	lid := k.names.lid(line)
	w := &watcher[struct{}]{f: func(struct{}) { f() }}
	k.mu.Lock()
	l := k.lines[lid]
	if l == nil {
		l = &watchedLine{watchers: map[*watcher[struct{}]]bool{}}
		k.lines[lid] = l
	} else {
		w.tell(struct{}{}) // the others were told when it began
	}
	l.watchers[w] = true
	k.mu.Unlock()
	k.feed.changed()
	return func() {
		w.end()
		k.mu.Lock()
		delete(l.watchers, w)
		if len(l.watchers) == 0 && k.lines[lid] == l {
			delete(k.lines, lid)
		}
		k.mu.Unlock()
		k.feed.changed()
	}
}

// tellLine tells the line's watchers on this node that it has changed.
func (k *Keeper) tellLine(lid string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l := k.lines[lid]; l != nil {
		l.tell()
	}
}

func (l *watchedLine) tell() {
	for w := range l.watchers {
		w.tell(struct{}{})
	}
}

// lookLinesLocked tells all watchers when it came to be known, or unknown, who
// takes rings.
func (k *Keeper) lookLinesLocked() {
	now := k.knowsLinesLocked()
	if now == k.knew {
		return
	}
	k.knew = now
	for _, l := range k.lines {
		l.tell()
	}
}

func (k *Keeper) watchedLines() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	lids := make([]string, 0, len(k.lines))
	for lid := range k.lines {
		lids = append(lids, lid)
	}
	return lids
}
