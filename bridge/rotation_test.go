// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// While people send and read, every key is given anew, and the key-encryption key
// too, again and again. Nobody is refused, and with nothing left in memory every
// message opens.
func TestKeysAreRotatedUnderLoad(t *testing.T) {
	const senders, rotations, most = 4, 12, 5000
	w := bridgetest.New(t)
	sealedAll(t, w)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	gp, psy := w.As("gp"), w.As("psy")
	w.MustSend("gp", bridgetest.Draft(conv, "the first", bridge.TopicMedication)) // behind which the others are read
	stop := make(chan struct{})
	sent := make([]int, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for ; sent[i] < most; sent[i]++ {
				select {
				case <-stop:
					return
				default:
				}
				d := bridgetest.Draft(conv, fmt.Sprintf("message %d of %d", sent[i], i), bridge.TopicMedication)
				s, err := w.Send(t.Context(), gp, d)
				if err != nil {
					t.Errorf("sending: %v", err)
					return
				}
				items, _, err := w.History(t.Context(), psy, fresh, bridge.HistoryQuery{Conversation: conv.ID, After: s.Seq - 1, Limit: 1})
				if err != nil || len(items) != 1 || items[0].Message.Parts[0].Text != d.Parts[0].Text {
					t.Errorf("reading: %+v, %v", items, err)
					return
				}
			}
		})
	}
	admin := w.As("admin")
	for range rotations {
		if n, err := w.RotateKeys(t.Context(), admin); n == 0 || err != nil {
			t.Errorf("rotated the keys of %d: %v", n, err)
		}
		if n, err := w.RotateKEK(t.Context(), admin); n == 0 || err != nil {
			t.Errorf("wrapped %d: %v", n, err)
		}
	}
	close(stop)
	wg.Wait()
	all := 0
	for _, n := range sent {
		all += n
	}
	if all < senders {
		t.Errorf("only %d were sent meanwhile", all)
	}
	st, err := w.Keys(t.Context(), admin)
	if err != nil || st.Keys < 2*rotations || len(st.Versions) != 1 {
		t.Errorf("keys: %+v, %v", st, err)
	}
	if err := w.Sealer.Close(); err != nil { // what follows is unwrapped anew
		t.Fatal(err)
	}
	read := 0
	for after := uint64(1); ; after += 100 {
		items, _, err := w.History(t.Context(), gp, fresh, bridge.HistoryQuery{Conversation: conv.ID, After: after, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if len(i.Message.Parts) == 1 && i.Message.Parts[0].Text != "" {
				read++
			}
		}
		if len(items) < 100 {
			break
		}
	}
	if read != all {
		t.Errorf("%d of %d messages open", read, all)
	}
}
