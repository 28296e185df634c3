// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Command bench measures NATS JetStream, which answers here when a message is
// synced to the disk, under the load that the bridge is measured under: one
// message at a time, and many senders as fast as it goes. It prints the figures
// as JSON. It is a module of its own, so that the bridge depends on none of this.
//
//	jetstream --data folder --for 10s --senders 100
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// figures is what is printed; times are in nanoseconds, from publishing to the
// answer that it is kept.
type figures struct {
	Version string `json:"version"`
	Rest    times  `json:"rest"`
	Fast    times  `json:"fast"`
}

type times struct {
	P50       time.Duration `json:"p50"`
	P99       time.Duration `json:"p99"`
	PerSecond float64       `json:"per_second"`
}

func main() {
	data := flag.String("data", ".", "folder for the data of the run")
	lasts := flag.Duration("for", 10*time.Second, "how long each load lasts")
	senders := flag.Int("senders", 100, "how many send as fast as it goes")
	serve := flag.Bool("serve", false, "be the server, until standard input ends")
	flag.Parse()
	var err error
	if *serve {
		err = beServer(*data)
	} else {
		err = measure(*data, *lasts, *senders)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "jetstream:", err)
		os.Exit(1)
	}
}

// beServer is nats-server with its file store, and a sync before every answer
// (sync_interval: always).
func beServer(folder string) error {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true,
		JetStream: true, StoreDir: folder, SyncAlways: true,
	})
	if err != nil {
		return fmt.Errorf("making the server: %w", err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("the server is not ready")
	}
	fmt.Println(s.ClientURL())
	for b := make([]byte, 64); ; {
		if _, err := os.Stdin.Read(b); err != nil {
			break
		}
	}
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

func measure(data string, lasts time.Duration, senders int) (err error) {
	folder, err := os.MkdirTemp(data, "jetstream-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	url, end, err := startServer(filepath.Join(folder, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()

	f := figures{Version: server.VERSION}
	ctx, cancel := context.WithTimeout(context.Background(), 3*lasts+time.Minute)
	defer cancel()
	pairs, err := connect(ctx, url, senders)
	if err != nil {
		return err
	}
	if f.Rest, err = pairs[0].atRest(ctx, int(lasts/(20*time.Millisecond))); err != nil {
		return err
	}
	if f.Fast, err = asFast(ctx, pairs, lasts); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}

// startServer starts this program again as the server.
func startServer(folder string) (url string, end func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("finding this program: %w", err)
	}
	cmd := exec.Command(self, "--serve", "--data", folder)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("starting the server: %w", err)
	}
	end = func() error { return errors.Join(stdin.Close(), cmd.Wait()) }
	if _, err := fmt.Fscanln(stdout, &url); err != nil {
		return "", nil, errors.Join(fmt.Errorf("starting the server: %w", err), end())
	}
	return url, end, nil
}

// pair is two connections: what one publishes, the other gets.
type pair struct {
	js      jetstream.JetStream
	subject string
	sent    int
	got     atomic.Int64
}

// connect makes the stream and the pairs.
func connect(ctx context.Context, url string, n int) ([]*pair, error) {
	var pairs []*pair
	for i := range n {
		sender, err := nats.Connect(url)
		if err != nil {
			return nil, fmt.Errorf("connecting: %w", err)
		}
		p := &pair{subject: "load." + strconv.Itoa(i)}
		if p.js, err = jetstream.New(sender); err != nil {
			return nil, fmt.Errorf("connecting: %w", err)
		}
		if i == 0 {
			c := jetstream.StreamConfig{Name: "load", Subjects: []string{"load.>"}, Storage: jetstream.FileStorage, Replicas: 1}
			if _, err := p.js.CreateStream(ctx, c); err != nil {
				return nil, fmt.Errorf("making the stream: %w", err)
			}
		}
		reader, err := nats.Connect(url)
		if err != nil {
			return nil, fmt.Errorf("connecting: %w", err)
		}
		if _, err := reader.Subscribe(p.subject, func(*nats.Msg) { p.got.Add(1) }); err != nil {
			return nil, fmt.Errorf("subscribing: %w", err)
		}
		if err := reader.Flush(); err != nil {
			return nil, fmt.Errorf("subscribing: %w", err)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// Of the length of the bridge's own, with what stands around it there.
const line = `{"conv":"019aa8c4-7f10-7c2e-9f51-0c9d5a3b1e77","parts":[{"topics":["medication"],"text":"The blood tests are back and the dose stays as it is; please look at them before the visit on Thursday."}]}`

// publish sends a message, with an id that makes a repeat harmless, and waits
// until it is kept.
func (p *pair) publish(ctx context.Context) error {
	p.sent++
	_, err := p.js.Publish(ctx, p.subject, []byte(line), jetstream.WithMsgID(p.subject+"-"+strconv.Itoa(p.sent)))
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return nil
}

// atRest sends n messages, one every 10 ms. They count after two seconds.
func (p *pair) atRest(ctx context.Context, n int) (times, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var took []time.Duration
	for i := range n + 200 {
		<-tick.C
		at := time.Now()
		if err := p.publish(ctx); err != nil {
			return times{}, err
		}
		if i >= 200 {
			took = append(took, time.Since(at))
		}
	}
	return sum(took, 0), nil
}

// asFast lets every pair send its next message when the last one is answered. It
// counts for d, after two seconds.
func asFast(ctx context.Context, pairs []*pair, d time.Duration) (times, error) {
	var wg sync.WaitGroup
	var counting, stopped atomic.Bool
	all, errs := make([][]time.Duration, len(pairs)), make([]error, len(pairs))
	for i, p := range pairs {
		wg.Go(func() {
			for !stopped.Load() {
				at := time.Now()
				if errs[i] = p.publish(ctx); errs[i] != nil {
					return
				}
				if counting.Load() {
					all[i] = append(all[i], time.Since(at))
				}
			}
		})
	}
	time.Sleep(2 * time.Second)
	counting.Store(true)
	start := time.Now()
	time.Sleep(d)
	counting.Store(false)
	elapsed := time.Since(start)
	stopped.Store(true)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return times{}, err
	}
	for _, p := range pairs {
		if p.got.Load() == 0 {
			return times{}, errors.New("a reader got nothing")
		}
	}
	return sum(slices.Concat(all...), elapsed), nil
}

func sum(took []time.Duration, elapsed time.Duration) times {
	if len(took) == 0 {
		return times{}
	}
	slices.Sort(took)
	t := times{P50: took[len(took)/2], P99: took[len(took)*99/100]}
	if elapsed > 0 {
		t.PerSecond = float64(len(took)) / elapsed.Seconds()
	}
	return t
}
