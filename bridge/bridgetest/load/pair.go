// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Pair is two connections: what one sends, the other is shown.
type Pair struct {
	sender, reader *Client
	conversation   bridge.ConversationID
	name           string // in the ids of its messages
	sent           uint64

	answers chan answer

	mu   sync.Mutex // guards the following field
	took Times

	counting atomic.Bool
	busy     atomic.Int64 // messages that were refused for now
}

type answer struct {
	id  uint32
	at  int64
	err error
}

func newPair(sender, reader *Client, conv bridge.ConversationID) *Pair {
	p := &Pair{sender: sender, reader: reader, conversation: conv, name: rand.Text()[:12], answers: make(chan answer, 64)}
	told := func(id uint32, err error) { p.answers <- answer{id, stamp(), err} }
	sender.onAnswer.Store(&told)
	return p
}

// Close ends both connections.
func (p *Pair) Close() {
	p.sender.Close()
	p.reader.Close()
}

func (p *Pair) send(at int64) error {
	p.sent++
	mid := strconv.FormatInt(time.Now().UnixMilli(), 16) + "-" + p.name + "-" + strconv.FormatUint(p.sent, 10) // as clients make them: they grow with time
	_, err := p.sender.send(p.conversation, bridge.TopicMedication, mid, at)
	if err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	return nil
}

// answer waits for the answer to a message.
func (p *Pair) answer(ctx context.Context) (answer, error) {
	select {
	case a := <-p.answers:
		return a, p.refusal(a)
	case <-p.sender.done:
		return answer{}, fmt.Errorf("sender: %w", p.sender.Err())
	case <-p.reader.done:
		return answer{}, fmt.Errorf("reader: %w", p.reader.Err())
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// refusal is the error of an answer, unless it says that the bridge is too busy
// for the message now: that is counted.
func (p *Pair) refusal(a answer) error {
	switch {
	case a.err == nil:
		return nil
	case strings.Contains(a.err.Error(), `"retry":true`):
		p.busy.Add(1)
		return nil
	}
	return fmt.Errorf("refused: %w", a.err)
}

// Signer gives out tokens.
type Signer func(ctx context.Context, name string) (string, error)

// Pairs connects each talk's two people to the bridge, and opens conversations.
func Pairs(ctx context.Context, address string, sign Signer, talks []Talk) ([]*Pair, error) {
	return each(talks, func(t Talk) (*Pair, error) {
		var both [2]*Client
		for i, name := range []string{t.Sender(), t.Reader()} {
			token, err := sign(ctx, name)
			if err != nil {
				return nil, err
			}
			if both[i], err = Dial(ctx, address, token); err != nil {
				return nil, err
			}
		}
		conv, err := both[0].Open(ctx, t.conversation())
		if err != nil {
			return nil, err
		}
		return newPair(both[0], both[1], conv), nil
	})
}

// Relayed connects n pairs to a Relay.
func Relayed(ctx context.Context, address string, n int) ([]*Pair, error) {
	return each(Talks(n), func(t Talk) (*Pair, error) {
		var both [2]*Client
		for i, name := range []string{t.Sender(), t.Reader()} {
			var err error
			if both[i], err = dial(ctx, address, true); err != nil {
				return nil, err
			}
			if err := both[i].call(ctx, "connect", map[string]any{"me": name, "to": t.Reader()}, &struct{}{}); err != nil {
				return nil, err
			}
		}
		return newPair(both[0], both[1], bridge.ConversationID(t.Reader())), nil
	})
}

// each makes all pairs, a few at a time.
func each(talks []Talk, connect func(Talk) (*Pair, error)) ([]*Pair, error) {
	pairs := make([]*Pair, len(talks))
	errs := make([]error, len(talks))
	var wg sync.WaitGroup
	places := make(chan struct{}, 16)
	for i, t := range talks {
		places <- struct{}{}
		wg.Go(func() {
			pairs[i], errs[i] = connect(t)
			<-places
		})
	}
	wg.Wait()
	return pairs, errors.Join(errs...)
}
