// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// FileKEK is a KEK in a file: a Tink keyset in JSON that holds one AES-256-GCM key
// for each version. The file is read again whenever it has changed, so that it
// may be replaced, or taken away, under a running bridge.
type FileKEK struct {
	path string

	mu   sync.Mutex // guards the following fields
	info fs.FileInfo
	set  *keyset.Handle
	aead tink.AEAD
}

// OpenFile opens the KEK at path, making it (0600) when create is set and nothing
// is there. It refuses a file that others than its owner may read. With an error
// too there is a KEK, of use once the file is as it should be.
func OpenFile(path string, create bool) (*FileKEK, error) {
	f := &FileKEK{path: path}
	_, err := f.current()
	if !errors.Is(err, fs.ErrNotExist) || !create {
		return f, err
	}
	set, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = f.write(set)
	}
	if err == nil {
		_, err = f.current()
	}
	if err != nil {
		return f, fmt.Errorf("making the key-encryption key: %w", err)
	}
	return f, nil
}

// current reads the file if it has changed.
func (f *FileKEK) current() (tink.AEAD, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAway, err)
	}
	if f.info != nil && os.SameFile(info, f.info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size() {
		return f.aead, nil
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o: nobody but its owner may read it (chmod 600)", errAway, f.path, mode)
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAway, err)
	}
	set, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(content)))
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no Tink keyset", errAway, f.path) // Tink's error may quote the file
	}
	a, err := aead.New(set)
	if err != nil {
		return nil, fmt.Errorf("%w: %s holds no AEAD keyset", errAway, f.path)
	}
	f.info, f.set, f.aead = info, set, a
	return a, nil
}

// write puts the keyset in the file's place, whole or not at all.
func (f *FileKEK) write(set *keyset.Handle) (err error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(set, keyset.NewJSONWriter(&b)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(f.path), ".kek-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = part.Write(b.Bytes())
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	d, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Encrypt implements tink.AEAD.
func (f *FileKEK) Encrypt(plain, associated []byte) ([]byte, error) {
	a, err := f.current()
	if err != nil {
		return nil, err
	}
	return a.Encrypt(plain, associated)
}

// Decrypt implements tink.AEAD.
func (f *FileKEK) Decrypt(wrapped, associated []byte) ([]byte, error) {
	a, err := f.current()
	if err != nil {
		return nil, err
	}
	return a.Decrypt(wrapped, associated)
}

// Version implements KEK: Tink writes the key's id behind a first byte of 1
// (https://developers.google.com/tink/wire-format#prefix).
func (f *FileKEK) Version(wrapped []byte) string {
	if len(wrapped) < 5 || wrapped[0] != 1 {
		return ""
	}
	id := uint32(wrapped[1])<<24 | uint32(wrapped[2])<<16 | uint32(wrapped[3])<<8 | uint32(wrapped[4])
	return strconv.FormatUint(uint64(id), 16)
}

// Rotate implements KEK.
func (f *FileKEK) Rotate(context.Context) error {
	return f.change(func(m *keyset.Manager, _ *keyset.Handle) error {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return err
		}
		return m.SetPrimary(id)
	})
}

// Retire implements KEK. Keys stand in the file in order of making.
func (f *FileKEK) Retire(_ context.Context, keep int) error {
	return f.change(func(m *keyset.Manager, set *keyset.Handle) error {
		for i := range set.Len() - keep {
			e, err := set.Entry(i)
			if err != nil {
				return err
			}
			if err := m.Disable(e.KeyID()); err != nil {
				return err
			}
		}
		return nil
	})
}

// change rewrites the file.
func (f *FileKEK) change(how func(*keyset.Manager, *keyset.Handle) error) error {
	if _, err := f.current(); err != nil {
		return err
	}
	f.mu.Lock()
	set := f.set
	f.mu.Unlock()
	m := keyset.NewManagerFromHandle(set)
	if err := how(m, set); err != nil {
		return fmt.Errorf("changing the key-encryption key: %w", err)
	}
	changed, err := m.Handle()
	if err == nil {
		err = f.write(changed)
	}
	if err != nil {
		return fmt.Errorf("changing the key-encryption key: %w", err)
	}
	f.mu.Lock()
	f.info = nil // read it again, even within one tick of the file system's clock
	f.mu.Unlock()
	return nil
}
