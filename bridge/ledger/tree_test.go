// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// stored is a tree in memory.
type stored []ledger.Hash

func (s stored) read(indexes []int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", at)
		}
		out[i] = s[at]
	}
	return out, nil
}

func leafHash(n int) ledger.Hash { return ledger.LeafHash([32]byte{byte(n), byte(n >> 8)}) }

// grow makes a tree of n leaves, so many at a time.
func grow(t testing.TB, n, step int) stored {
	t.Helper()
	var all stored
	for size := 0; size < n; {
		var leaves []ledger.Hash
		for i := size; i < min(n, size+step); i++ {
			leaves = append(leaves, leafHash(i))
		}
		more, err := ledger.Grow(uint64(size), leaves, all.read)
		if err != nil {
			t.Fatal(err)
		}
		all, size = append(all, more...), size+len(leaves)
	}
	return all
}

// However it grew, a tree has the same hashes; every leaf of every size is proved,
// and every smaller tree is its beginning.
func TestTheTree(t *testing.T) {
	const most = 70
	all := grow(t, most, 1)
	for _, step := range []int{2, 7, most} {
		if fmt.Sprint(grow(t, most, step)) != fmt.Sprint(all) {
			t.Errorf("grown by %d the tree is another", step)
		}
	}
	var b ledger.Builder
	for size := range uint64(most) + 1 {
		root, err := ledger.Root(size, all.read)
		if err != nil || b.Root() != root || b.Size() != size {
			t.Fatalf("root of %d leaves: %v, built %s, read %s", size, err, b.Root(), root)
		}
		if int64(len(grow(t, int(size), 9))) != ledger.StoredCount(size) {
			t.Errorf("%d leaves do not store %d hashes", size, ledger.StoredCount(size))
		}
		for n := range size {
			leafProved(t, all, size, n, root)
			prefixProved(t, all, size, n, root)
		}
		b.Add(leafHash(int(size)))
	}
}

func leafProved(t *testing.T, all stored, size, n uint64, root ledger.Hash) {
	t.Helper()
	proof, err := ledger.ProveLeaf(size, n, all.read)
	if err != nil || ledger.CheckLeaf(proof, size, root, n, leafHash(int(n))) != nil {
		t.Errorf("leaf %d of %d is not proved: %v", n, size, err)
	}
	if ledger.CheckLeaf(proof, size, root, n, leafHash(int(n)+1)) == nil || ledger.CheckLeaf(proof, size, root, size, leafHash(int(n))) == nil {
		t.Errorf("leaf %d of %d: another was proved", n, size)
	}
}

func prefixProved(t *testing.T, all stored, size, old uint64, root ledger.Hash) {
	t.Helper()
	was, err1 := ledger.Root(old, all.read)
	proof, err2 := ledger.ProvePrefix(size, old, all.read)
	if err := errors.Join(err1, err2, ledger.CheckPrefix(proof, size, root, old, was)); err != nil {
		t.Errorf("the first %d of %d are not proved: %v", old, size, err)
	}
	if was[0] ^= 1; old > 0 && ledger.CheckPrefix(proof, size, root, old, was) == nil {
		t.Errorf("the first %d of %d: another tree was proved", old, size)
	}
}

func TestProofsOfNothing(t *testing.T) {
	all := grow(t, 4, 4)
	root, err := ledger.Root(4, all.read)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a leaf behind the last":      second(ledger.ProveLeaf(4, 4, all.read)),
		"a longer beginning":          second(ledger.ProvePrefix(4, 5, all.read)),
		"a larger tree is no prefix":  ledger.CheckPrefix(nil, 4, root, 5, root),
		"nothing, with a proof":       ledger.CheckPrefix([]ledger.Hash{root}, 4, root, 0, root),
		"itself, with another root":   ledger.CheckPrefix(nil, 4, root, 4, ledger.EmptyRoot),
		"hashes that are not there":   second(ledger.Grow(8, []ledger.Hash{root}, all.read)),
		"fewer hashes than asked for": second(ledger.Grow(4, []ledger.Hash{root}, func([]int64) ([]ledger.Hash, error) { return nil, nil })),
		"a root without its hashes":   second(ledger.Root(9, all.read)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// clock is the witness's.
var clock = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

// keys are a log's and a witness's, always the same.
func keys(t testing.TB) (log, witness *ledger.Signer) {
	t.Helper()
	log, err1 := ledger.NewSigner("region.example/log", bytes.Repeat([]byte{1}, ledger.SeedSize))
	witness, err2 := ledger.NewWitness("municipality.example/witness", bytes.Repeat([]byte{2}, ledger.SeedSize), func() time.Time { return clock })
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return log, witness
}

func TestCheckpointIsSignedAndCosigned(t *testing.T) {
	log, witness := keys(t)
	root := leafHash(1)
	signed, err := ledger.SignCheckpoint(log, 42, root)
	if err != nil {
		t.Fatal(err)
	}
	if want := "region.example/log\n42\n" + root.String() + "\n\n— region.example/log "; !strings.HasPrefix(string(signed), want) {
		t.Errorf("signed as %q", signed)
	}
	line, err := ledger.Cosign(witness, signed)
	if err != nil || strings.Count(string(line), "\n") != 1 {
		t.Fatalf("cosigned %q, %v", line, err)
	}
	both, err := ledger.WithCosignatures(signed, line, log.Verifier(), witness.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(time.Hour)
	later, err := ledger.Cosign(witness, signed)
	if err != nil {
		t.Fatal(err)
	}
	if both, err = ledger.WithCosignatures(both, later, log.Verifier(), witness.Verifier()); err != nil {
		t.Fatal(err)
	}
	c, err := ledger.OpenCheckpoint(both, log.Verifier(), witness.Verifier())
	if err != nil || c.Origin != log.Name() || c.Size != 42 || c.Root != root {
		t.Errorf("%+v, %v", c, err)
	}
	if len(c.Cosigned) != 1 || c.Cosigned[0].Witness != witness.Name() || !c.Cosigned[0].At.Equal(clock) {
		t.Errorf("cosigned: %+v", c.Cosigned)
	}
	if c, err = ledger.OpenCheckpoint(both, log.Verifier()); err != nil || len(c.Cosigned) != 0 {
		t.Errorf("a witness that nobody knows counts: %+v, %v", c.Cosigned, err)
	}
}

func TestCheckpointsAreRefused(t *testing.T) {
	log, witness := keys(t)
	signed, err := ledger.SignCheckpoint(log, 42, leafHash(1))
	if err != nil {
		t.Fatal(err)
	}
	line, err := ledger.Cosign(witness, signed)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ledger.NewSigner(log.Name(), bytes.Repeat([]byte{3}, ledger.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, new string) []byte { return bytes.Replace(signed, []byte(old), []byte(new), 1) }
	for name, c := range map[string]struct {
		note []byte
		key  *ledger.Verifier
		want error
	}{
		"another key":                 {signed, other.Verifier(), ledger.ErrSignature},
		"another log":                 {swap("region", "county"), log.Verifier(), ledger.ErrOrigin},
		"another size":                {swap("42", "43"), log.Verifier(), ledger.ErrSignature},
		"a zero before the size":      {swap("42", "042"), log.Verifier(), nil},
		"a negative size":             {swap("42", "-42"), log.Verifier(), nil},
		"half a root":                 {swap("=\n", "\n"), log.Verifier(), nil},
		"signed by a witness only":    {append(bytes.SplitAfter(signed, []byte("\n\n"))[0], line...), log.Verifier(), ledger.ErrSignature},
		"two empty lines":             {append(bytes.Clone(signed), "\n— x y\n"...), log.Verifier(), nil},
		"nothing":                     {nil, log.Verifier(), nil},
		"a cosignature that was bent": {append(bytes.Clone(signed), bytes.Replace(line, []byte(" "+string(line[len("— ")+len(witness.Name())+1:])), []byte(" "+bent(line, witness)), 1)...), log.Verifier(), ledger.ErrSignature},
		"an endless one":              {append(bytes.Clone(signed), bytes.Repeat(line, 2000)...), log.Verifier(), nil},
	} {
		_, err := ledger.OpenCheckpoint(c.note, c.key, witness.Verifier())
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := ledger.Cosign(log, signed); err == nil {
		t.Error("a log cosigned as a witness")
	}
}

// bent is the witness's signature with its last bits changed.
func bent(line []byte, w *ledger.Signer) string {
	text := strings.TrimPrefix(string(line), "— "+w.Name()+" ")
	return strings.Replace(text, text[20:24], "AAAA", 1)
}

func TestVerifierKeys(t *testing.T) {
	log, witness := keys(t)
	for _, s := range []*ledger.Signer{log, witness} {
		v, err := ledger.ParseVerifier(s.VerifierKey())
		if err != nil || v.Name() != s.Name() || v.String() != s.VerifierKey() || v.KeyHash() != s.KeyHash() || v.Witness() != (s == witness) {
			t.Errorf("%s: %v", s.VerifierKey(), err)
		}
	}
	// The example of https://c2sp.org/signed-note, "Verifier keys".
	v, err := ledger.ParseVerifier("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
	if err != nil {
		t.Fatal(err)
	}
	if v.Name() != "example.com/foo" {
		t.Errorf("name is %q", v.Name())
	}
	for _, text := range []string{
		"", "name", "name+530d903a", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "example.com/foo+530d+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "example.com/foo+530d903a+Aeky",
	} {
		if _, err := ledger.ParseVerifier(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	if _, err := ledger.NewSigner("two words", ledger.NewSeed()); err == nil {
		t.Error("a name with a space")
	}
	if _, err := ledger.NewSigner("short", []byte{1}); err == nil {
		t.Error("a short seed")
	}
}
