// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// settled is how long a connection has to last for the pauses to begin anew.
const settled = 5 * time.Second

// run keeps a connection until the client is closed or the bridge says stop, and
// returns why.
func (c *Client) run() error {
	for try := 0; ; try++ {
		c.setState(Connecting, nil, nil)
		k, err := c.connect()
		if err == nil {
			since := time.Now()
			c.setState(Connected, k, nil)
			c.work.Go(func() { c.follow(k) })
			err = c.hold(k)
			if time.Since(since) > settled {
				try = 0
			}
		}
		if c.ctx.Err() != nil {
			return ErrClosed
		}
		if stop := final(err); stop != nil {
			return stop
		}
		c.o.Log.InfoContext(c.ctx, "not connected", slog.Int("try", try), slog.Any("error", err))
		c.setState(Disconnected, nil, err)
		if sleep(c.ctx, c.before(k, err, try)) != nil {
			return ErrClosed
		}
	}
}

// connect opens a connection and proves who we are.
func (c *Client) connect() (*conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, wire.AuthTimeout)
	defer cancel()
	token, err := c.o.Token(ctx)
	if err != nil {
		return nil, err
	}
	k, err := dialConn(ctx, c.o, func(k *conn, e wire.Event) { c.inbox.push(k, e) })
	if err != nil {
		return nil, err
	}
	c.work.Go(func() { k.read(c.o.Log) })
	hello := wire.Connect{
		Token: token, Role: c.o.Role, Device: c.o.Device, App: c.o.App, Language: c.o.Language,
		Fresh: c.o.Content || c.o.On.keepsFresh(), Resume: c.resume(),
	}
	var session wire.Connected
	if _, err := k.call(ctx, wire.CmdConnect, hello, &session); err != nil {
		_ = k.ws.Close()
		<-k.done
		return nil, c.refusal(k, err)
	}
	c.begin(k, session)
	c.ringOn(session.Rings)
	return k, nil
}

func (c *Client) resume() *bridge.Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.place == nil {
		return nil
	}
	p := *c.place
	return &p
}

// refusal is why connect was not answered with yes: the bridge's own word if
// there is one.
func (c *Client) refusal(k *conn, err error) error {
	var closed *CloseError
	if errors.Is(err, errLost) && errors.As(k.why(), &closed) {
		return closed
	}
	return c.typed(err, nil)
}

// begin notes what the bridge said, and lets the dispatcher at what follows. Of
// what was shown on the connection before, the bridge may not have heard.
func (c *Client) begin(k *conn, s wire.Connected) {
	k.mu.Lock()
	if s.PingMS > 0 {
		k.idle = time.Duration(s.PingMS) * time.Millisecond
	}
	k.mu.Unlock()
	c.mu.Lock()
	c.session = s
	if c.place == nil {
		c.place = &bridge.Position{Log: s.Log, N: s.N}
	}
	shown, n := slices.Clone(c.shown), c.place.N
	if !s.Resumed { // our place means nothing there: a resync follows and moves it
		shown, n = nil, s.N
	}
	c.mu.Unlock()
	k.acks.at(n)
	for _, s := range shown {
		k.acks.add(0, s.id, "")
	}
	close(k.ready)
}

// hold keeps the token of a connection fresh until it ends, and returns why.
func (c *Client) hold(k *conn) error {
	ttl := time.Duration(c.Session().TTLMS) * time.Millisecond
	for {
		wait := ttl * 3 / 4
		if ttl <= 0 {
			wait = 24 * time.Hour
		}
		timer := time.NewTimer(wait)
		select {
		case <-c.ctx.Done():
			timer.Stop()
			k.leave()
			return ErrClosed
		case <-k.done:
			timer.Stop()
			return k.why()
		case <-timer.C:
		}
		left := ttl - wait
		ttl = c.refresh(k)
		if ttl <= 0 {
			ttl = max(left, time.Second) // tried again while the old one lasts
		}
	}
}

// refresh puts a new token in place of the old one, and returns how long it
// lasts; 0 when it did not work.
func (c *Client) refresh(k *conn) time.Duration {
	ctx, cancel := context.WithTimeout(c.ctx, wire.CommandTimeout)
	defer cancel()
	token, err := c.o.Token(ctx)
	if err != nil {
		c.o.Log.WarnContext(c.ctx, "no new token", slog.Any("error", err))
		return 0
	}
	var done wire.Refreshed
	if _, err := k.call(ctx, wire.CmdRefresh, wire.Refresh{Token: token}, &done); err != nil {
		c.o.Log.WarnContext(c.ctx, "the new token was not taken", slog.Any("error", err))
		return 0
	}
	return time.Duration(done.TTLMS) * time.Millisecond
}

// final returns err if it ends the client, typed.
func final(err error) error {
	var auth *AuthError
	if errors.As(err, &auth) {
		return auth
	}
	var closed *CloseError
	if errors.As(err, &closed) && !wire.ComeBack(closed.Code) {
		switch closed.Code {
		case bridge.CloseBadToken, bridge.CloseAccountDisabled, bridge.CloseKicked:
			return &AuthError{Code: wire.CloseOf(closed.Code).Reason, Err: closed}
		}
		return closed
	}
	var refused *bridge.Error
	var later *RetryableError
	var denied *ConsentError
	switch {
	case errors.As(err, &later):
		return nil
	case errors.As(err, &denied):
		return denied
	case errors.As(err, &refused):
		return refused // the same connect would be refused again
	}
	return nil
}

// before returns how long to wait until the next connection: what the bridge
// asked for, or a pause that grows.
func (c *Client) before(k *conn, err error, try int) time.Duration {
	var later *RetryableError
	if errors.As(err, &later) && later.After > 0 {
		return later.After + c.pause(0)
	}
	var closed *CloseError
	if errors.As(err, &closed) {
		switch closed.Code {
		case bridge.CloseRateLimited:
			return c.o.LongestDelay/2 + rand.N(c.o.LongestDelay/2)
		case bridge.CloseTokenExpired:
			return c.pause(0)
		}
	}
	if k != nil {
		k.mu.Lock()
		hint := k.hint
		k.mu.Unlock()
		if hint != (wire.GoingAway{}) {
			in, jitter := time.Duration(hint.InMS)*time.Millisecond, time.Duration(hint.JitterMS)*time.Millisecond
			return max(in, 0) + rand.N(max(jitter, time.Millisecond))
		}
	}
	return c.pause(try)
}

// pause is a random time up to a bound that doubles with each try (full jitter:
// Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015).
func (c *Client) pause(try int) time.Duration {
	bound := c.o.FirstDelay << min(try, 20)
	if bound > c.o.LongestDelay || bound <= 0 {
		bound = c.o.LongestDelay
	}
	return rand.N(bound) + time.Millisecond
}
