// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

// keyPair is made once: the tests share it.
var keyPair = sync.OnceValues(func() (pair [2][]byte, err error) {
	pair[0], pair[1], err = policy.NewKey()
	return pair, err
})

func keys(t testing.TB) (private, public []byte) {
	t.Helper()
	pair, err := keyPair()
	if err != nil {
		t.Fatal(err)
	}
	return pair[0], pair[1]
}

// sources are the built-in policy, to be changed.
func sources(t testing.TB, change func(*policy.Sources)) *policy.Sources {
	t.Helper()
	s, err := policy.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	return s
}

// signed is a signed bundle.
func signed(t testing.TB, m policy.Manifest, change func(*policy.Sources)) []byte {
	t.Helper()
	private, _ := keys(t)
	raw, err := policy.Build(sources(t, change), m)
	if err == nil {
		raw, err = policy.Sign(raw, private)
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// patient waits for a machine that is shared.
var patient = policy.Options{Budget: time.Second}

// appended adds lines to a module.
func appended(name, lines string) func(*policy.Sources) {
	return func(s *policy.Sources) { s.Modules[name] = append(bytes.Clone(s.Modules[name]), "\n"+lines+"\n"...) }
}

func law(s *policy.Sources) map[string]any { return s.Data["law"].(map[string]any) }

func TestABundleOfTheBuiltInPolicyDecidesAsItDoes(t *testing.T) {
	_, public := keys(t)
	raw := signed(t, policy.Manifest{Revision: 7}, nil)
	l, err := policy.Verify(t.Context(), raw, public, patient)
	if err != nil {
		t.Fatal(err)
	}
	if l.Revision != 7 || l.Engine.Revision() != "7-"+l.SHA256[:12] {
		t.Errorf("revision %d, decisions under %s", l.Revision, l.Engine.Revision())
	}
	own := newEngine(t, policy.Options{})
	eachCase(t, func(_ string, w world) {
		q := question(t, w)
		got, err1 := l.Engine.Decide(t.Context(), q)
		want, err2 := own.Decide(t.Context(), q)
		if err1 != nil || err2 != nil || got.Allow != want.Allow || got.Basis != want.Basis {
			t.Errorf("%s: %+v (%v), built in %+v (%v)", w.Case.Name, got, err1, want, err2)
		}
	})
	if got := l.Engine.Reason("consent_required", "da"); got != own.Reason("consent_required", "da") {
		t.Errorf("it says %q", got)
	}
}

// The fault matrix's bundles: each is refused, and says why.
func TestABadBundleIsRefused(t *testing.T) {
	private, public := keys(t)
	foreign, _, err := policy.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	good := signed(t, policy.Manifest{Revision: 7}, nil)
	unsigned, err := policy.Build(sources(t, nil), policy.Manifest{Revision: 7})
	if err != nil {
		t.Fatal(err)
	}
	otherKey, err := policy.Sign(unsigned, foreign)
	if err != nil {
		t.Fatal(err)
	}
	bomb := func() []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.CopyN(z, zeros{}, 40<<20)
		_ = z.Close()
		return b.Bytes()
	}
	make := func(change func(*policy.Sources)) func() []byte {
		return func() []byte { return signed(t, policy.Manifest{Revision: 8}, change) }
	}
	for name, c := range map[string]struct {
		raw  func() []byte
		says string
	}{
		"unsigned":          {func() []byte { return unsigned }, "missing .signatures.json"},
		"another key":       {func() []byte { return otherKey }, "verify JWT signature"},
		"empty":             {func() []byte { return nil }, "EOF"},
		"no archive":        {func() []byte { return []byte("policy, and more of it") }, "gzip"},
		"a bomb":            {bomb, "when unpacked"},
		"too large":         {func() []byte { return bytes.Repeat([]byte{1}, 9<<20) }, "larger than"},
		"no network":        {make(appended("party/party.rego", `asked := http.send({"method": "get", "url": "http://localhost"})`)), "undefined function http.send"},
		"not strict":        {make(appended("party/party.rego", "idle if {\n\tx := 1\n}")), "assigned var x unused"},
		"conflicting rules": {make(appended("emergency/emergency.rego", `may := {"allow": true, "basis": "x"} if input.by.active`)), "conflict"},
		"an endless rule": {make(appended("emergency/emergency.rego", `may := {"allow": true, "basis": "x"} if {
	some a in data.law.roles
	some b in data.law.roles
	some c in data.law.roles
	some d in data.law.roles
	some e in data.law.roles
	some f in data.law.roles
	some g in data.law.roles
	count([a, b, c, d, e, f, g, input.by]) < 0
}`)), "cancel_error"},
		"a failing test of its own": {make(appended("party/party_test.rego", "test_that_fails if 1 == 2")), "test_that_fails"},
		"a case that comes out otherwise": {make(func(s *policy.Sources) {
			law(s)["routes"].(map[string]any)["health"].(map[string]any)["health"].(map[string]any)["treatment"] = map[string]any{}
		}), "fails"},
		"no tests": {make(func(s *policy.Sources) {
			maps.DeleteFunc(s.Modules, func(name string, _ []byte) bool { return strings.HasSuffix(name, "_test.rego") })
		}), "no tests"},
		"no cases":       {make(func(s *policy.Sources) { s.Data["cases"] = map[string]any{} }), "no cases"},
		"no law":         {make(func(s *policy.Sources) { delete(s.Data, "law") }), "law"},
		"no texts":       {make(func(s *policy.Sources) { delete(s.Data, "texts") }), "none in"},
		"a missing rule": {make(func(s *policy.Sources) { delete(s.Modules, "consent/may.rego") }), "policy"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Verify(t.Context(), c.raw(), public, patient)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
		})
	}
	if _, err := policy.Verify(t.Context(), good, private, policy.Options{}); err == nil {
		t.Error("a private key was taken for the public one")
	}
	for n := 1; n < len(good); n += len(good) / 13 {
		if _, err := policy.Verify(t.Context(), good[:n], public, policy.Options{}); err == nil {
			t.Fatalf("the first %d bytes were enough", n)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A flipped bit is refused, or is one that changes nothing that is read: a header
// of the archive.
func TestAFlippedBitChangesNoPolicy(t *testing.T) {
	_, public := keys(t)
	good := signed(t, policy.Manifest{Revision: 7}, nil)
	unpacked := gunzip(t, good)
	own := newEngine(t, policy.Options{}).Revision()
	taken := 0
	for n := range 24 {
		raw := bytes.Clone(unpacked)
		at := n * len(raw) / 24
		raw[at] ^= 1 << (n % 8)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(raw)
		_ = z.Close()
		if l, err := policy.Verify(t.Context(), packed.Bytes(), public, policy.Options{}); err == nil {
			taken++
			if l.Engine.Revision() == own {
				t.Error("a bundle decides under the built-in revision")
			}
			d, err := l.Engine.Decide(t.Context(), &bridge.Question{Action: bridge.ActionSend, Now: now, From: gp, To: worker, Purpose: bridge.PurposeTreatment, Topics: bridge.Topics})
			if err != nil || d.Allow {
				t.Errorf("bit %d of byte %d: %+v, %v", n%8, at, d, err)
			}
		}
	}
	if taken > 4 {
		t.Errorf("%d of 24 flips were taken", taken)
	}
	for n := range 12 { // of the packed bytes nothing is without meaning but names and times
		raw := bytes.Clone(good)
		at := 10 + n*(len(raw)-20)/12
		raw[at] ^= 1 << (n % 8)
		if _, err := policy.Verify(t.Context(), raw, public, patient); err == nil {
			t.Errorf("packed byte %d, bit %d: taken", at, n%8)
		}
	}
}

func gunzip(t *testing.T, raw []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzABundleOfAnyBytesIsRefused(f *testing.F) {
	private, public := keys(f)
	raw, err := policy.Build(sources(f, nil), policy.Manifest{Revision: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Add([]byte{})
	_ = private
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := policy.Verify(t.Context(), raw, public, patient); err == nil {
			t.Error("taken without the key")
		}
	})
}
