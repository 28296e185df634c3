// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Client is a party's connection to a bridge, kept alive. Its methods are safe
// for concurrent use. Methods that ask the bridge wait until there is a
// connection; bound them by their context.
type Client struct {
	o      Options
	ctx    context.Context // of what runs behind the calls; ends with the client
	cancel context.CancelFunc
	inbox  inbox
	outbox outbox
	done   chan struct{} // closed when everything has ended
	work   sync.WaitGroup
	rings  map[bridge.RingID]bool // that Handlers.Ringing was told of; the dispatcher's own

	mu      sync.Mutex // guards the following fields
	state   State
	changed chan struct{} // closed and replaced with each change of state
	conn    *conn         // while connected
	session wire.Connected
	place   *bridge.Position // nil until the first connection
	err     error            // why it is closed
	cause   error            // why it is not connected
	shown   []said
	patient map[bridge.ConversationID]bridge.PatientID
	follows map[bridge.PatientID]wire.PresenceSub
	away    bool
}

// New starts a client, and returns before it is connected. Messages left in the
// queue by an earlier client are sent.
func New(o Options) (*Client, error) {
	o, err := o.checked()
	if err != nil {
		return nil, err
	}
	c := &Client{
		o: o, state: Disconnected, changed: make(chan struct{}), done: make(chan struct{}), place: o.Resume,
		patient: map[bridge.ConversationID]bridge.PatientID{}, follows: map[bridge.PatientID]wire.PresenceSub{}, rings: map[bridge.RingID]bool{},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.inbox.wake = make(chan struct{}, 1)
	c.outbox.queues = map[bridge.ConversationID][]*Sending{}
	if err := c.load(); err != nil {
		c.cancel()
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	var dispatching sync.WaitGroup
	dispatching.Go(c.dispatch)
	go func() {
		err := c.run()
		c.cancel()
		c.finish(err)
		c.outbox.mu.Lock()
		c.outbox.closed = true
		c.outbox.mu.Unlock()
		c.work.Wait()
		c.inbox.end()
		dispatching.Wait()
		close(c.done)
	}()
	return c, nil
}

// Dial starts a client and waits for its first connection, or for what makes one
// impossible. ctx bounds the waiting only.
func Dial(ctx context.Context, o Options) (*Client, error) {
	c, err := New(o)
	if err != nil {
		return nil, err
	}
	if _, err := c.connected(ctx); err != nil {
		c.mu.Lock()
		cause := c.cause
		c.mu.Unlock()
		_ = c.Close()
		if cause != nil && ctx.Err() != nil {
			return nil, fmt.Errorf("connecting: %w (%w)", err, cause)
		}
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return c, nil
}

// Close ends the connection and the client, and returns when no handler runs any
// more. Messages without an outcome stay in the queue.
func (c *Client) Close() error {
	c.cancel()
	<-c.done
	return nil
}

// Done is closed when the client has ended; Err then says why.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the client is closed: ErrClosed, an *AuthError or a
// *CloseError; nil while it is not.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// State returns how the client stands to the bridge.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Session returns what the bridge said of the newest connection.
func (c *Client) Session() wire.Connected {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// Position returns how far the program has come: every event up to here was
// handed to it. It is false until the first connection.
func (c *Client) Position() (bridge.Position, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.place == nil {
		return bridge.Position{}, false
	}
	return *c.place, true
}

func (c *Client) setState(s State, k *conn, err error) {
	c.mu.Lock()
	c.state, c.conn = s, k
	if s != Connecting {
		c.cause = err
	}
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	if c.o.On.State != nil {
		c.inbox.put(item{run: func() { c.o.On.State(s, err) }})
	}
}

func (c *Client) finish(err error) {
	c.mu.Lock()
	c.err = err
	c.mu.Unlock()
	c.setState(Closed, nil, err)
}

// connected waits for a connection.
func (c *Client) connected(ctx context.Context) (*conn, error) {
	for {
		c.mu.Lock()
		k, state, err, changed := c.conn, c.state, c.err, c.changed
		c.mu.Unlock()
		if k != nil && !k.over() {
			return k, nil
		}
		if state == Closed {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// tries is how often a command is asked that the bridge is too busy for.
const tries = 4

// call asks the bridge a command that may be repeated when it is not known whether
// it was done.
func (c *Client) call(ctx context.Context, t wire.CommandType, data, into any) (k *conn, beat uint64, err error) {
	for try := 1; ; {
		if k, err = c.connected(ctx); err != nil {
			return nil, 0, err
		}
		beat, err = k.call(ctx, t, data, into)
		if err == nil || ctx.Err() != nil {
			return k, beat, err
		}
		if errors.Is(err, errLost) || errors.Is(err, errTimeout) {
			if errors.Is(err, errLost) {
				<-k.done
			}
			continue // on the next connection
		}
		err = c.typed(err, nil)
		var later *RetryableError
		if !errors.As(err, &later) || try == tries {
			return k, 0, err
		}
		if err := sleep(ctx, max(later.After, c.pause(try))); err != nil {
			return k, 0, err
		}
		try++
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
