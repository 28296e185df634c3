// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// book is a small ledger: entries of the patients a and b by turns, in a tree.
type book struct {
	t       testing.TB
	log     *ledger.Signer
	witness *ledger.Signer
	tree    stored
	leaves  []ledger.Leaf // by leaf
	heads   map[string]ledger.Leaf
}

func newBook(t testing.TB, n int) *book {
	t.Helper()
	b := &book{t: t, heads: map[string]ledger.Leaf{}}
	b.log, b.witness = keys(t)
	for i := range n {
		b.append([]string{"a", "b"}[i%2], fmt.Sprint("message-", i))
	}
	return b
}

func (b *book) append(patient, message string) {
	b.t.Helper()
	last := b.heads[patient]
	e := ledger.Entry{Patient: patient, Seq: last.Entry.Seq + 1, Time: time.Unix(int64(len(b.leaves)), 0).UTC(), Kind: ledger.KindAccepted, Message: message}
	l, err := ledger.NewLeaf(last.Head, [32]byte{1, byte(len(b.leaves))}, e)
	if err != nil {
		b.t.Fatal(err)
	}
	more, err := ledger.Grow(uint64(len(b.leaves)), []ledger.Hash{ledger.LeafHash(l.Commit)}, b.tree.read)
	if err != nil {
		b.t.Fatal(err)
	}
	b.tree, b.leaves, b.heads[patient] = append(b.tree, more...), append(b.leaves, l), l
}

func (b *book) checkpoint() []byte {
	b.t.Helper()
	size := uint64(len(b.leaves))
	root, err1 := ledger.Root(size, b.tree.read)
	signed, err2 := ledger.SignCheckpoint(b.log, size, root)
	line, err3 := ledger.Cosign(b.witness, signed)
	both, err4 := ledger.WithCosignatures(signed, line, b.log.Verifier(), b.witness.Verifier())
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		b.t.Fatal(err)
	}
	return both
}

// export is the lines of an export of a patient, or of all.
func (b *book) export(patient string, earlier uint64) []string {
	b.t.Helper()
	var out bytes.Buffer
	size := uint64(len(b.leaves))
	proof, err := ledger.ProvePrefix(size, earlier, b.tree.read)
	if err != nil {
		b.t.Fatal(err)
	}
	h := ledger.ExportHeader{
		Origin: b.log.Name(), Key: b.log.VerifierKey(), Patient: patient, Made: time.Unix(99, 0).UTC(),
		Checkpoint: string(b.checkpoint()), Earlier: &ledger.Prefix{Size: earlier, Proof: proof},
	}
	if patient != "" {
		head := b.heads[patient]
		s, err := ledger.Statement{Patient: patient, Entries: head.Entry.Seq, Head: head.Head, Size: size}.Sign(b.log)
		if err != nil {
			b.t.Fatal(err)
		}
		h.Statement = string(s)
	}
	w, err := ledger.NewExport(&out, h)
	if err != nil {
		b.t.Fatal(err)
	}
	for n, l := range b.leaves {
		if patient == "" || l.Entry.Patient == patient {
			err = errors.Join(err, w.Write(b.line(n, l, patient)))
		}
	}
	if err := errors.Join(err, w.Close()); err != nil {
		b.t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func (b *book) line(n int, l ledger.Leaf, patient string) ledger.ExportEntry {
	b.t.Helper()
	opening, err := l.Opening()
	if err != nil {
		b.t.Fatal(err)
	}
	x := ledger.ExportEntry{Leaf: uint64(n), Salt: opening[:32], Entry: string(opening[32:])}
	if patient == "" {
		h := ledger.LeafHash(l.Commit)
		x.Tree = &h
		return x
	}
	x.Seq = l.Entry.Seq
	if x.Proof, err = ledger.ProveLeaf(uint64(len(b.leaves)), x.Leaf, b.tree.read); err != nil {
		b.t.Fatal(err)
	}
	return x
}

func (b *book) verify(lines []string, earlier *ledger.Earlier) (ledger.Report, error) {
	return ledger.VerifyExport(strings.NewReader(strings.Join(lines, "")), ledger.Trust{
		Log: b.log.Verifier(), Witnesses: []*ledger.Verifier{b.witness.Verifier()}, Earlier: earlier,
	})
}

// edit changes a line of an export.
func edit(t *testing.T, lines []string, n int, f func(*ledger.ExportEntry)) {
	t.Helper()
	var x ledger.ExportEntry
	if err := json.Unmarshal([]byte(lines[n]), &x); err != nil {
		t.Fatal(err)
	}
	f(&x)
	changed, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	lines[n] = string(changed) + "\n"
}

func findings(r ledger.Report) string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.String())
	}
	return strings.Join(all, "\n")
}

func TestAnExportVerifiesAlone(t *testing.T) {
	b := newBook(t, 11)
	for patient, want := range map[string]uint64{"a": 6, "b": 5, "": 11} {
		r, err := b.verify(b.export(patient, 0), nil)
		if err != nil || !r.Whole() || r.Entries != want || r.Size != 11 || len(r.Cosigned) != 1 || r.First.IsZero() || r.Last.Before(r.First) {
			t.Errorf("patient %q: %+v, %v", patient, r, err)
		}
	}
}

// Whoever has the file changes one thing, and is found, with the entry named.
func TestTheVerifierNamesTheEntry(t *testing.T) {
	for _, c := range []struct {
		name, patient string
		harm          func(t *testing.T, lines []string) []string
		want          string
	}{
		{"edited", "a", func(t *testing.T, l []string) []string {
			edit(t, l, 3, func(x *ledger.ExportEntry) { x.Entry = strings.Replace(x.Entry, "message-4", "message-5", 1) })
			return l
		}, "entry 3 of patient a: changed: it is not leaf 4"},
		{"given another salt", "a", func(t *testing.T, l []string) []string {
			edit(t, l, 1, func(x *ledger.ExportEntry) { x.Salt[5]++ })
			return l
		}, "entry 1 of patient a: changed: "},
		{"blanked", "a", func(t *testing.T, l []string) []string {
			edit(t, l, 2, func(x *ledger.ExportEntry) { x.Entry = "" })
			return l
		}, "entry 2 of patient a: changed: it can't be read"},
		{"removed", "a", func(_ *testing.T, l []string) []string { return append(l[:4:4], l[5:]...) }, "entry 4 of patient a: removed: it is missing"},
		{"truncated", "a", func(_ *testing.T, l []string) []string { return l[:6] }, "entry 6 of patient a: removed: it is missing"},
		{"emptied", "b", func(_ *testing.T, l []string) []string { return l[:1] }, "entry 1 of patient b: removed"},
		{"reordered", "a", func(_ *testing.T, l []string) []string { l[2], l[3] = l[3], l[2]; return l }, "entry 2 of patient a: reordered: stands behind entry 3"},
		{"renumbered", "a", func(t *testing.T, l []string) []string {
			l[2], l[3] = l[3], l[2]
			edit(t, l, 2, func(x *ledger.ExportEntry) { x.Seq = 2 })
			edit(t, l, 3, func(x *ledger.ExportEntry) { x.Seq = 3 })
			return l
		}, "entry 2 of patient a: reordered: it is entry 3"},
		{"repeated", "a", func(_ *testing.T, l []string) []string { return append(l[:3:3], l[2:]...) }, "entry 2 of patient a: reordered"},
		{"another patient's put in", "a", func(t *testing.T, l []string) []string {
			edit(t, l, 2, func(x *ledger.ExportEntry) { x.Entry = strings.Replace(x.Entry, `"patient":"a"`, `"patient":"b"`, 1) })
			return l
		}, "entry 2 of patient a: changed: it is about another patient"},
		{"proof bent", "b", func(t *testing.T, l []string) []string {
			edit(t, l, 2, func(x *ledger.ExportEntry) { x.Proof[0][0]++ })
			return l
		}, "entry 2 of patient b: changed"},

		{"edited", "", func(t *testing.T, l []string) []string {
			edit(t, l, 4, func(x *ledger.ExportEntry) { x.Entry = strings.Replace(x.Entry, "message-3", "message-1", 1) })
			return l
		}, "entry 2 of patient b: changed: it is not what"},
		{"edited, and the leaf after it", "", func(t *testing.T, l []string) []string {
			edit(t, l, 4, func(x *ledger.ExportEntry) { x.Tree[0]++ })
			return l
		}, "the tree: forked: the 11 leaves do not make the root"},
		{"removed", "", func(_ *testing.T, l []string) []string { return append(l[:5:5], l[6:]...) }, "leaf 4: removed"},
		{"truncated", "", func(_ *testing.T, l []string) []string { return l[:11] }, "leaf 10: removed"},
		{"reordered", "", func(t *testing.T, l []string) []string { l[5], l[6] = l[6], l[5]; return l }, "leaf 4: reordered: stands behind leaf 5"},
		{"emptied", "", func(t *testing.T, l []string) []string {
			edit(t, l, 5, func(x *ledger.ExportEntry) { x.Salt, x.Entry = nil, "" })
			return l
		}, "leaf 4: removed: its entry is gone\nentry 3 of patient a: removed"},
		{"put in each other's place", "", func(t *testing.T, l []string) []string {
			var one, two ledger.ExportEntry
			edit(t, l, 5, func(x *ledger.ExportEntry) { one = *x })
			edit(t, l, 7, func(x *ledger.ExportEntry) { two = *x; x.Salt, x.Entry = one.Salt, one.Entry })
			edit(t, l, 5, func(x *ledger.ExportEntry) { x.Salt, x.Entry = two.Salt, two.Entry })
			return l
		}, "entry 4 of patient a: reordered: it stands in another's place"},
	} {
		t.Run(c.name+" "+c.patient, func(t *testing.T) {
			b := newBook(t, 11)
			r, err := b.verify(c.harm(t, b.export(c.patient, 0)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := findings(r); !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// What was given out before convicts a log that writes its history anew, though
// it signs that too.
func TestAForkIsFound(t *testing.T) {
	for _, patient := range []string{"a", ""} {
		before := newBook(t, 8)
		old := before.export(patient, 0)
		read := func() *ledger.Earlier {
			e, err := ledger.ReadEarlier(strings.NewReader(strings.Join(old, "")), before.log.Verifier(), before.witness.Verifier())
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		if r, err := newBook(t, 11).verify(newBook(t, 11).export(patient, 8), read()); err != nil || !r.Whole() || !r.Earlier {
			t.Errorf("patient %q: a log that only grew: %s, %v", patient, findings(r), err)
		}
		forked := newBook(t, 4)
		forked.append("a", "another")
		forked.append("b", "message-5")
		for i := range 4 {
			forked.append([]string{"a", "b"}[i%2], "more")
		}
		r, err := forked.verify(forked.export(patient, 8), read())
		want := []string{"entry 3 of patient a: forked: it was another", "the tree: forked: the tree of 10 leaves does not begin with the 8"}
		if patient == "" {
			want[0] = "leaf 4: forked: it was another in the earlier export"
		}
		for _, w := range want {
			if got := findings(r); err != nil || !strings.Contains(got, w) {
				t.Errorf("patient %q: found %q, %v, want %q", patient, got, err, w)
			}
		}
		shorter := newBook(t, 6)
		if r, err = shorter.verify(shorter.export(patient, 0), read()); err != nil || r.Whole() {
			t.Errorf("patient %q: a log that went back: %s, %v", patient, findings(r), err)
		}
	}
}

func TestACheckpointConvictsToo(t *testing.T) {
	before := newBook(t, 8)
	e, err := ledger.ReadEarlier(bytes.NewReader(before.checkpoint()), before.log.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	forked := newBook(t, 4)
	for range 7 {
		forked.append("a", "another")
	}
	for _, patient := range []string{"a", ""} {
		r, err := forked.verify(forked.export(patient, 8), e)
		if err != nil || !strings.Contains(findings(r), "the tree: forked") {
			t.Errorf("%s, %v", findings(r), err)
		}
	}
}

// Entries whose key was destroyed stay leaves; the others' proofs hold.
func TestSealedEntriesStayInTheTree(t *testing.T) {
	b := newBook(t, 11)
	lines := b.export("", 0)
	for n := 2; n < len(lines); n += 2 {
		edit(t, lines, n, func(x *ledger.ExportEntry) { x.Salt, x.Entry, x.Withheld = nil, "", ledger.Erased })
	}
	r, err := b.verify(lines, nil)
	if err != nil || !r.Whole() || r.Sealed != 5 || r.Entries != 11 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestExportsThatAreNone(t *testing.T) {
	b := newBook(t, 5)
	a, whole := b.export("a", 0), b.export("", 0)
	other, _ := ledger.NewSigner("other.example", ledger.NewSeed())
	for name, lines := range map[string][]string{
		"nothing":                 {""},
		"another form":            {strings.Replace(a[0], "export v1", "export v2", 1)},
		"an unknown field":        {strings.Replace(a[0], `"made"`, `"maid"`, 1)},
		"two things on a line":    {a[0], strings.TrimSuffix(a[1], "\n") + " {}\n"},
		"somebody else's":         {strings.Replace(a[0], `"patient":"a"`, `"patient":"b"`, 1), a[1]},
		"a checkpoint of more":    {strings.Replace(a[0], `\n5\n`, `\n6\n`, 1), a[1]},
		"no statement":            {strings.Replace(a[0], `"statement"`, `"origin"`, 1), a[1]},
		"a leaf without its hash": {whole[0], strings.Replace(whole[1], `"tree"`, `"proof"`, 1)},
		"an endless line":         {a[0], strings.Repeat("x", 2<<20)},
	} {
		if r, err := b.verify(lines, nil); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if _, err := ledger.VerifyExport(strings.NewReader(strings.Join(a, "")), ledger.Trust{Log: other.Verifier()}); err == nil {
		t.Error("another log's key opened it")
	}
	if _, err := b.verify(a, &ledger.Earlier{Checkpoint: ledger.Checkpoint{Origin: "x"}}); err == nil {
		t.Error("it was compared with another log's")
	}
	e, err := ledger.ReadEarlier(strings.NewReader(strings.Join(b.export("b", 0), "")), b.log.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.verify(a, e); err == nil {
		t.Error("it was compared with another patient's")
	}
	if _, err := ledger.ReadEarlier(strings.NewReader(strings.Join(a[:2], "")), b.log.Verifier()); err == nil {
		t.Error("what came before was not whole")
	}
	if _, err := (ledger.Statement{Patient: "a\nb"}).Sign(b.log); err == nil {
		t.Error("a statement of seven lines")
	}
}

func TestAReceiptProvesOneEntry(t *testing.T) {
	b := newBook(t, 11)
	opening, err := b.leaves[6].Opening()
	if err != nil {
		t.Fatal(err)
	}
	proof, err := ledger.ProveLeaf(11, 6, b.tree.read)
	if err != nil {
		t.Fatal(err)
	}
	text := ledger.Receipt{Opening: opening, Leaf: 6, Proof: proof, Checkpoint: b.checkpoint()}.Format()
	if !strings.HasPrefix(string(text), "c2sp.org/tlog-proof@v1\nextra ") || !strings.Contains(string(text), "\nindex 6\n") {
		t.Errorf("receipt is %s", text)
	}
	r, err := ledger.ParseReceipt(text)
	if err != nil {
		t.Fatal(err)
	}
	e, c, err := r.Open(b.log.Verifier(), b.witness.Verifier())
	if err != nil || e.Message != "message-6" || c.Size != 11 || len(c.Cosigned) != 1 {
		t.Errorf("%+v, %+v, %v", e, c, err)
	}
	if _, err := ledger.ReadEarlier(bytes.NewReader(text), b.log.Verifier()); err != nil {
		t.Error(err)
	}
	r.Opening[40]++
	if _, _, err := r.Open(b.log.Verifier()); err == nil {
		t.Error("another entry was proved")
	}
	for _, wrong := range []string{
		"", "c2sp.org/tlog-proof@v2\nindex 0\n\n", "c2sp.org/tlog-proof@v1\nindex 0\n", "c2sp.org/tlog-proof@v1\nindex 00\n\nx",
		"c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\n\nx", "c2sp.org/tlog-proof@v1\nindex 0\nAA==\n\nx", "c2sp.org/tlog-proof@v1\n\nx",
	} {
		if _, err := ledger.ParseReceipt([]byte(wrong)); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
	if _, _, err := (ledger.Receipt{Leaf: 6, Proof: proof, Checkpoint: b.checkpoint()}).Open(b.log.Verifier()); err == nil {
		t.Error("a receipt of nothing")
	}
}

func TestWhatAWitnessIsAsked(t *testing.T) {
	b := newBook(t, 8)
	last, err := ledger.ReadCheckpoint(b.checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.append("a", "more")
	}
	proof, err := ledger.ProvePrefix(11, 8, b.tree.read)
	if err != nil {
		t.Fatal(err)
	}
	asked := ledger.Submission{Old: 8, Proof: proof, Checkpoint: b.checkpoint()}
	s, err := ledger.ParseSubmission(asked.Format())
	if err != nil || !bytes.Equal(s.Format(), asked.Format()) {
		t.Fatalf("%v", err)
	}
	next, err := ledger.ReadCheckpoint(s.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	forked := next
	forked.Root[0]++
	for name, c := range map[string]struct {
		old        uint64
		last, next ledger.Checkpoint
		want       error
	}{
		"it goes on":         {8, last, next, nil},
		"for the first time": {0, ledger.Checkpoint{}, next, ledger.ErrFork}, // with a proof of nothing
		"from elsewhere":     {8, ledger.Checkpoint{Size: 9}, next, ledger.ErrStale},
		"backwards":          {12, ledger.Checkpoint{Size: 12}, next, ledger.ErrBackwards},
		"a fork":             {8, last, forked, ledger.ErrFork},
		"nothing, wrongly":   {0, ledger.Checkpoint{}, ledger.Checkpoint{Root: last.Root}, ledger.ErrFork},
	} {
		s.Old = c.old
		if err := s.Extends(c.last, c.next); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for _, wrong := range []string{"", "old 1", "old 01\n\nx", "new 1\n\nx", "old 1\nx\n\nx", "old 1\n" + strings.Repeat(last.Root.String()+"\n", 64) + "\nx"} {
		if _, err := ledger.ParseSubmission([]byte(wrong)); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}

// FuzzReading reads bytes as everything that comes from outside. What is read
// writes itself as it was.
func FuzzReading(f *testing.F) {
	b := newBook(f, 5)
	opening, _ := b.leaves[3].Opening()
	proof, _ := ledger.ProveLeaf(5, 3, b.tree.read)
	f.Add(ledger.Receipt{Opening: opening, Leaf: 3, Proof: proof, Checkpoint: b.checkpoint()}.Format())
	f.Add(ledger.Submission{Old: 3, Proof: proof, Checkpoint: b.checkpoint()}.Format())
	f.Add(b.checkpoint())
	f.Add([]byte(strings.Join(b.export("a", 3), "")))
	f.Add([]byte(strings.Join(b.export("", 3), "")))
	f.Add([]byte(b.witness.VerifierKey()))
	log, witness := b.log.Verifier(), b.witness.Verifier()
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, err := ledger.ParseReceipt(in); err == nil {
			if string(r.Format()) != string(in) {
				t.Errorf("receipt %q writes itself as %q", in, r.Format())
			}
			_, _, _ = r.Open(log, witness)
		}
		if s, err := ledger.ParseSubmission(in); err == nil && string(s.Format()) != string(in) {
			t.Errorf("submission %q writes itself as %q", in, s.Format())
		}
		if v, err := ledger.ParseVerifier(string(in)); err == nil && v.String() != string(in) {
			t.Errorf("key %q", in)
		}
		_, _ = ledger.OpenCheckpoint(in, log, witness)
		_, _ = ledger.VerifyExport(bytes.NewReader(in), ledger.Trust{Log: log, Witnesses: []*ledger.Verifier{witness}})
		_, _ = ledger.ReadEarlier(bytes.NewReader(in), log, witness)
	})
}
