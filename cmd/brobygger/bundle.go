// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/brobygger/brobygger/policy"
)

type policyUnpackCmd struct {
	Folder string `arg:"" help:"A folder that does not exist."`
}

// Run writes the built-in policy to a folder.
func (u *policyUnpackCmd) Run(_ context.Context, out *printer) error {
	if _, err := os.Stat(u.Folder); !errors.Is(err, os.ErrNotExist) {
		return usagef("%s is there already", u.Folder)
	}
	if err := os.CopyFS(u.Folder, policy.Files()); err != nil {
		return fmt.Errorf("writing the policy: %w", err)
	}
	if !out.value(map[string]string{"folder": u.Folder}) {
		out.printf("The rules are in %s, the law in data, what it is tried on in testdata.\n", u.Folder)
	}
	return nil
}

type policyKeyCmd struct {
	Name string `arg:"" help:"Name of the two files: NAME.key signs and is kept secret, NAME.pub is for the bridge."`
}

// Run makes a pair of keys.
func (k *policyKeyCmd) Run(_ context.Context, out *printer) error {
	private, public, err := policy.NewKey()
	if err != nil {
		return err
	}
	if err := newFile(k.Name+".key", private, 0o600); err != nil {
		return err
	}
	if err := newFile(k.Name+".pub", public, 0o644); err != nil {
		return err
	}
	if !out.value(map[string]string{"private": k.Name + ".key", "public": k.Name + ".pub"}) {
		out.printf("%s.key signs: keep it where nobody else reads, not on the bridge. %s.pub is for policy.key.\n", k.Name, k.Name)
	}
	return nil
}

// newFile writes a file that was not there.
func newFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

type policyBuildCmd struct {
	Out          string `arg:"" help:"File of the bundle."`
	From         string `help:"Folder with the policy; the built-in one if left out." type:"existingdir" placeholder:"FOLDER"`
	Revision     uint64 `help:"A number above that of every bundle before; the time in UTC if left out." placeholder:"N"`
	RollbackFrom uint64 `help:"Let it replace this revision, the highest there ever was at the bridge, though its own is lower." placeholder:"N"`
	Key          string `help:"Private key to sign it with (PEM)." type:"existingfile" placeholder:"FILE"`
}

// Run makes a bundle.
func (b *policyBuildCmd) Run(_ context.Context, out *printer) error {
	files := policy.Files()
	if b.From != "" {
		files = os.DirFS(b.From)
	}
	s, err := policy.ReadSources(files)
	if err != nil {
		return err
	}
	m := policy.Manifest{Revision: b.Revision, RollbackFrom: b.RollbackFrom}
	if m.Revision == 0 {
		if m.Revision, err = strconv.ParseUint(time.Now().UTC().Format("20060102150405"), 10, 64); err != nil {
			return err
		}
	}
	raw, err := policy.Build(s, m)
	if err == nil && b.Key != "" {
		raw, err = signWith(raw, b.Key)
	}
	if err == nil {
		err = newFile(b.Out, raw, 0o644)
	}
	if err != nil {
		return err
	}
	if !out.value(map[string]any{"bundle": b.Out, "revision": m.Revision, "signed": b.Key != ""}) {
		out.printf("Bundle %d is in %s.\n", m.Revision, b.Out)
		if b.Key == "" {
			out.printf("It is not signed yet, and no bridge takes it: brobygger policy sign\n")
		}
	}
	return nil
}

func signWith(raw []byte, path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	return policy.Sign(raw, key)
}

type policySignCmd struct {
	Bundle string `arg:"" help:"The bundle." type:"existingfile"`
	Out    string `arg:"" help:"File of the signed one."`
	Key    string `help:"Private key (PEM)." required:"" type:"existingfile" placeholder:"FILE"`
}

// Run signs a bundle.
func (s *policySignCmd) Run(_ context.Context, out *printer) error {
	raw, err := os.ReadFile(s.Bundle)
	if err != nil {
		return err
	}
	if raw, err = signWith(raw, s.Key); err != nil {
		return err
	}
	if err := newFile(s.Out, raw, 0o644); err != nil {
		return err
	}
	if !out.value(map[string]string{"bundle": s.Out}) {
		out.printf("The signed bundle is in %s.\n", s.Out)
	}
	return nil
}

// signedBundle is a bundle that must stand before anything is asked of it.
type signedBundle struct {
	Bundle string `help:"The signed bundle." required:"" type:"existingfile" placeholder:"FILE"`
	Key    string `help:"Public key that it is signed with (PEM)." required:"" type:"existingfile" placeholder:"FILE"`
}

func (b signedBundle) load(ctx context.Context, o policy.Options) (*policy.Loaded, error) {
	key, err := os.ReadFile(b.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	raw, err := os.ReadFile(filepath.Clean(b.Bundle))
	if err != nil {
		return nil, err
	}
	return policy.Verify(ctx, raw, key, o)
}

type policyVerifyCmd struct{ signedBundle }

// Run verifies a bundle as a bridge does, but for what only the bridge knows:
// which revisions were active there.
func (v *policyVerifyCmd) Run(ctx context.Context, out *printer) error {
	l, err := v.load(ctx, policy.Options{})
	if err != nil {
		return err
	}
	if !out.value(map[string]any{"revision": l.Revision, "rollback_from": l.RollbackFrom, "sha256": l.SHA256, "name": l.Engine.Revision()}) {
		out.printf("Bundle %d is signed, compiles, and passes its own tests and cases.\n", l.Revision)
		out.printf("Its decisions would stand under %s.\n", l.Engine.Revision())
	}
	return nil
}
