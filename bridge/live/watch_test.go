// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// meanwhile does something once, between Redis' answer to a reading and whoever
// asked.
type meanwhile struct {
	once sync.Once
	do   func()
}

func (*meanwhile) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (*meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (m *meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		err := next(ctx, commands)
		for _, c := range commands {
			if strings.EqualFold(c.Name(), "hmget") {
				m.once.Do(m.do)
			}
		}
		return err
	}
}

// What was read before a transition must not be told after it.
func TestAReadingThatATransitionOvertakes(t *testing.T) {
	l, err := Open(Options{Embedded: true, Beat: time.Hour, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	k := mustKeeper(l)
	uid := k.names.uid(desk.Party)
	p := &watched{party: desk.Party}
	k.mu.Lock()
	k.watched[uid] = p
	k.mu.Unlock()
	k.client.AddHook(&meanwhile{do: func() {
		if err := l.Touch(t.Context(), []bridge.Connection{desk}); err != nil {
			t.Error(err)
		}
	}})
	k.refresh(t.Context(), []string{uid})
	k.mu.Lock()
	last := p.last
	k.mu.Unlock()
	if last.State != bridge.PresenceOnline {
		t.Errorf("told %+v last", last)
	}
}
