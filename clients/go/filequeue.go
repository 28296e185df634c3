// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// FileQueue is a Queue in a file of lines of JSON, which survives the process and
// a loss of power. The file holds text about patients: keep it on an encrypted
// disk, and one for each party.
type FileQueue struct {
	path string

	mu   sync.Mutex // guards the following fields
	kept MemoryQueue
	file *os.File
}

// line is one line of the file: a draft that was put, or the mid of one that was removed.
type line struct {
	Put    *bridge.Draft `json:"put,omitempty"`
	Remove string        `json:"remove,omitempty"`
}

// OpenFileQueue opens the file, or makes it with mode 0600. A last line that a
// crash cut short was never answered to anybody, and is dropped.
func OpenFileQueue(path string) (*FileQueue, error) {
	q := &FileQueue{path: path}
	if err := q.read(); err != nil {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	if err := q.compact(); err != nil {
		return nil, fmt.Errorf("rewriting the queue: %w", err)
	}
	return q, nil
}

func (q *FileQueue) read() error {
	f, err := os.Open(q.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	var broken error
	for s.Scan() {
		if broken != nil {
			return broken
		}
		var l line
		switch err := json.Unmarshal(s.Bytes(), &l); {
		case err != nil:
			broken = errors.New("a line before the last is not JSON")
		case l.Put != nil:
			_ = q.kept.Put(context.Background(), *l.Put)
		default:
			_ = q.kept.Remove(context.Background(), l.Remove)
		}
	}
	return s.Err()
}

// compact writes the file anew with what is kept, and leaves it open to append.
func (q *FileQueue) compact() error {
	f, err := os.CreateTemp(filepath.Dir(q.path), ".queue-*") // mode 0600
	if err != nil {
		return err
	}
	drafts, _ := q.kept.Load(context.Background())
	for _, d := range drafts {
		err = errors.Join(err, appendLine(f, line{Put: &d}))
	}
	err = errors.Join(err, f.Sync())
	if err == nil {
		err = os.Rename(f.Name(), q.path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(q.path))
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	q.file = f
	return nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func appendLine(f *os.File, l line) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	return err
}

// Load implements Queue.
func (q *FileQueue) Load(ctx context.Context) ([]bridge.Draft, error) { return q.kept.Load(ctx) }

// Put implements Queue. The draft is on the disk when it returns nil.
func (q *FileQueue) Put(ctx context.Context, d bridge.Draft) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.write(line{Put: &d}); err != nil {
		return fmt.Errorf("keeping a message: %w", err)
	}
	return q.kept.Put(ctx, d)
}

// Remove implements Queue.
func (q *FileQueue) Remove(ctx context.Context, mid string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.write(line{Remove: mid}); err != nil {
		return fmt.Errorf("forgetting a message: %w", err)
	}
	_ = q.kept.Remove(ctx, mid)
	if drafts, _ := q.kept.Load(ctx); len(drafts) > 0 {
		return nil
	}
	return q.cut(0)
}

func (q *FileQueue) write(l line) error {
	if q.file == nil {
		return ErrClosed
	}
	end, err := q.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if err := errors.Join(appendLine(q.file, l), q.file.Sync()); err != nil {
		return errors.Join(err, q.cut(end)) // half a line would spoil what comes behind it
	}
	return nil
}

// cut shortens the file to n bytes.
func (q *FileQueue) cut(n int64) error {
	_, err := q.file.Seek(n, io.SeekStart)
	return errors.Join(err, q.file.Truncate(n))
}

// Close closes the file. What is kept stays.
func (q *FileQueue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.file == nil {
		return nil
	}
	err := q.file.Close()
	q.file = nil
	return err
}
