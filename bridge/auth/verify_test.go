// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/auth"
)

func TestVerifyTakesGoodTokens(t *testing.T) {
	v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{trust()}})
	tests := []struct {
		name   string
		change func(*forged)
		want   func(*bridge.Identity)
	}{
		{"EdDSA", nil, nil},
		{"ES256", func(f *forged) { f.alg("ES256", "ec") }, nil},
		{"RS256", func(f *forged) { f.alg("RS256", "rsa") }, nil},
		{"typ with application/", func(f *forged) { f.header["typ"] = "application/at+jwt" }, nil},
		{"typ in capitals", func(f *forged) { f.header["typ"] = "Application/AT+JWT" }, nil},
		{"several audiences", func(f *forged) { f.claims["aud"] = []string{"https://else.example.org", audience} }, nil},
		{"no nbf", func(f *forged) { delete(f.claims, "nbf") }, nil},
		{"clocks 29 s apart", func(f *forged) { f.claims["iat"] = now.Unix() + 29; f.claims["nbf"] = now.Unix() + 29 }, func(i *bridge.Identity) {
			i.Issued = time.Unix(now.Unix()+29, 0)
		}},
		{"expired 29 s ago", func(f *forged) { f.claims["iat"] = now.Unix() - 60; f.claims["exp"] = now.Unix() - 29 }, func(i *bridge.Identity) {
			i.Issued, i.Expires = time.Unix(now.Unix()-60, 0), time.Unix(now.Unix()-29, 0)
		}},
		{"times with fractions", func(f *forged) { f.claims["exp"] = 0.5 + float64(now.Unix()+60) }, func(i *bridge.Identity) {
			i.Expires = time.UnixMilli(now.Add(time.Minute).UnixMilli() + 500)
		}},
		{"high assurance", func(f *forged) { f.claims["acr"] = nsis + "High" }, func(i *bridge.Identity) { i.Assurance = bridge.AssuranceHigh }},
		{"no scope", func(f *forged) { delete(f.claims, "scope") }, func(i *bridge.Identity) { i.Scopes = nil }},
		{"the issuer's admin", func(f *forged) { f.claims["scope"] = "openid brobygger/admin" }, func(i *bridge.Identity) {
			i.Scopes = []string{"openid", auth.ScopeAdmin}
		}},
		{"another's admin", func(f *forged) { f.claims["scope"] = "openid " + auth.ScopeAdmin }, func(i *bridge.Identity) { i.Scopes = []string{"openid"} }},
		{"unknown claims and headers", func(f *forged) { f.claims["realm"] = m{"roles": []string{"x"}}; f.header["x5t"] = "abc" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := good()
			if tt.change != nil {
				tt.change(f)
			}
			want := bridge.Identity{
				Subject:   bridge.Subject{Issuer: issuerURL, Name: "holm"},
				Assurance: bridge.AssuranceSubstantial,
				Issued:    now,
				Expires:   now.Add(10 * time.Minute),
				Scopes:    []string{"openid", "messages"},
			}
			if tt.want != nil {
				tt.want(&want)
			}
			got, err := v.Verify(f.token())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// defects spoils a good token in one way each, and says which check must find it:
// a token that is refused for another reason proves nothing about its defect.
var defects = []struct {
	name   string
	spoil  func(*forged)
	reason string
}{
	{"no exp", func(f *forged) { delete(f.claims, "exp") }, "times"},
	{"exp as text", func(f *forged) { f.claims["exp"] = "1795000000" }, "times"},
	{"exp null", func(f *forged) { f.claims["exp"] = nil }, "times"},
	{"exp negative", func(f *forged) { f.claims["exp"] = -1 }, "times"},
	{"exp beyond all time", func(f *forged) {
		f.rawClaims = strings.Replace(string(mustJSON(with(f.claims, m{"exp": 77}))), "77", "1e300", 1)
	}, "times"},
	{"expired", func(f *forged) { f.claims["iat"] = now.Unix() - 600; f.claims["exp"] = now.Unix() - 30 }, "expired"},
	{"no iat", func(f *forged) { delete(f.claims, "iat") }, "times"},
	{"iat in the future", func(f *forged) { f.claims["iat"] = now.Unix() + 31 }, "not yet valid"},
	{"nbf in the future", func(f *forged) { f.claims["nbf"] = now.Unix() + 31 }, "not yet valid"},
	{"nbf as text", func(f *forged) { f.claims["nbf"] = "now" }, "times"},
	{"lives too long", func(f *forged) { f.claims["exp"] = now.Unix() + 3601 }, "life"},
	{"expires before it was issued", func(f *forged) { f.claims["iat"] = now.Unix() + 20; f.claims["exp"] = now.Unix() + 10 }, "life"},
	{"no aud", func(f *forged) { delete(f.claims, "aud") }, "audience"},
	{"empty aud", func(f *forged) { f.claims["aud"] = []string{} }, "audience"},
	{"another aud", func(f *forged) { f.claims["aud"] = "https://else.example.org" }, "audience"},
	{"aud with a slash more", func(f *forged) { f.claims["aud"] = audience + "/" }, "audience"},
	{"aud of mixed types", func(f *forged) { f.claims["aud"] = []any{audience, 1} }, "audience"},
	{"no iss", func(f *forged) { delete(f.claims, "iss") }, "issuer"},
	{"another iss", func(f *forged) { f.claims["iss"] = "https://id.example.com" }, "issuer"},
	{"iss with a slash more", func(f *forged) { f.claims["iss"] = issuerURL + "/" }, "issuer"},
	{"iss as an array", func(f *forged) { f.claims["iss"] = []string{issuerURL} }, "issuer"},
	{"no sub", func(f *forged) { delete(f.claims, "sub") }, "subject"},
	{"empty sub", func(f *forged) { f.claims["sub"] = "" }, "subject"},
	{"sub as a number", func(f *forged) { f.claims["sub"] = 7 }, "subject"},
	{"sub of 256 characters", func(f *forged) { f.claims["sub"] = strings.Repeat("a", 256) }, "subject"},
	{"sub with a line break", func(f *forged) { f.claims["sub"] = "holm\nadmin" }, "subject"},
	{"no acr", func(f *forged) { delete(f.claims, "acr") }, "assurance"},
	{"low acr", func(f *forged) { f.claims["acr"] = nsis + "Low" }, "assurance"},
	{"acr that nobody mapped", func(f *forged) { f.claims["acr"] = "Substantial" }, "assurance"},
	{"acr as an array", func(f *forged) { f.claims["acr"] = []string{nsis + "High"} }, "assurance"},

	{"no typ", func(f *forged) { delete(f.header, "typ") }, "type"},
	{"an ID token", func(f *forged) { f.header["typ"] = "JWT" }, "type"},
	{"a logout token", func(f *forged) { f.header["typ"] = "logout+jwt" }, "type"},
	{"typ of an access token, claims of an ID token", func(f *forged) { f.claims["at_hash"] = "x" }, "kind"},
	{"typ of an access token, claims of a logout token", func(f *forged) {
		f.claims["events"] = m{"http://schemas.openid.net/event/backchannel-logout": m{}}
	}, "kind"},
	{"typ only begins well", func(f *forged) { f.header["typ"] = "at+jwt2" }, "type"},

	{"no alg", func(f *forged) { delete(f.header, "alg"); f.signAs = "EdDSA" }, "algorithm"},
	{"alg none", func(f *forged) {
		f.header["alg"] = "none"
		f.after = func(s string) string { return s[:strings.LastIndex(s, ".")+1] }
	}, "form"},
	{"alg none, with a signature", func(f *forged) { f.header["alg"] = "none"; f.signAs = "EdDSA" }, "algorithm"},
	{"alg nOnE", func(f *forged) { f.header["alg"] = "nOnE"; f.signAs = "EdDSA" }, "algorithm"},
	{"HS256 with the public key", func(f *forged) { f.header["alg"] = "HS256" }, "algorithm"},
	{"PS256", func(f *forged) { f.alg("PS256", "rsa") }, "algorithm"},
	{"a key of another type", func(f *forged) { f.alg("ES256", "ed") }, "key of another algorithm"},
	{"a key of another type, the other way", func(f *forged) { f.alg("RS256", "ec") }, "key of another algorithm"},
	{"a PSS signature under RS256", func(f *forged) { f.alg("RS256", "rsa"); f.signAs = "PS256" }, "signature"},

	{"no kid", func(f *forged) { delete(f.header, "kid") }, "key id"},
	{"kid as a number", func(f *forged) { f.header["kid"] = 1 }, "key id"},
	{"kid of 129 characters", func(f *forged) { f.header["kid"] = strings.Repeat("k", 129) }, "key id"},
	{"kid with a line break", func(f *forged) { f.header["kid"] = "ed\n" }, "key id"},
	{"unknown kid", func(f *forged) { f.header["kid"] = "nobody" }, "unknown key"},
	{"crit", func(f *forged) { f.header["crit"] = []string{"exp"}; f.header["exp"] = 1 }, "header"},
	{"its own key", func(f *forged) { f.keys = strangers(); f.header["jwk"] = strangers().jwks()[0] }, "header"},
	{"its own key's address", func(f *forged) { f.header["jku"] = "https://evil.example.org/keys" }, "header"},
	{"its own certificate's address", func(f *forged) { f.header["x5u"] = "https://evil.example.org/c" }, "header"},
	{"its own certificate", func(f *forged) { f.header["x5c"] = []string{"MII"} }, "header"},
	{"compressed", func(f *forged) { f.header["zip"] = "DEF" }, "header"},
	{"encrypted", func(f *forged) { f.header["enc"] = "A256GCM" }, "header"},
	{"payload that is not encoded", func(f *forged) { f.header["b64"] = false }, "header"},

	{"signed with another key, Ed25519", func(f *forged) { f.keys = strangers() }, "signature"},
	{"signed with another key, P-256", func(f *forged) { f.alg("ES256", "ec"); f.keys = strangers() }, "signature"},
	{"signed with another key, RSA", func(f *forged) { f.alg("RS256", "rsa"); f.keys = strangers() }, "signature"},
	{"a bit of the signature turned", func(f *forged) { f.after = flipSignature }, "signature"},
	{"claims of another token", func(f *forged) { f.after = swapClaims }, "signature"},
	{"truncated", func(f *forged) { f.after = func(s string) string { return s[:len(s)-6] } }, "signature"},
	{"truncated within the claims", func(f *forged) { f.after = func(s string) string { return s[:100] } }, "form"},
	{"no signature", func(f *forged) { f.after = func(s string) string { return s[:strings.LastIndex(s, ".")+1] } }, "form"},
	{"a fourth part", func(f *forged) { f.after = func(s string) string { return s + ".e30" } }, "form"},
	{"a line break behind", func(f *forged) { f.after = func(s string) string { return s + "\n" } }, "form"},
	{"a line break within", func(f *forged) { f.after = func(s string) string { return s[:9] + "\r\n" + s[9:] } }, "form"},
	{"a blank before", func(f *forged) { f.after = func(s string) string { return " " + s } }, "form"},
	{"padding", func(f *forged) { f.after = func(s string) string { return s + "=" } }, "form"},
	{"padding bits that are not zero", func(f *forged) { f.after = dirtyPadding }, "form"},
	{"data behind the claims", func(f *forged) { f.rawClaims = string(mustJSON(f.claims)) + "{}" }, "form"},
	{"data behind the header", func(f *forged) { f.rawHeader = string(mustJSON(f.header)) + " 1" }, "form"},
	{"sub twice", func(f *forged) { f.rawClaims = prepend(f.claims, `"sub":"admin"`) }, "form"},
	{"sub twice, once in disguise", func(f *forged) { f.rawClaims = prepend(f.claims, `"\u0073ub":"admin"`) }, "form"},
	{"a member twice deep within", func(f *forged) { f.rawClaims = prepend(f.claims, `"x":{"y":[{"z":1,"z":2}]}`) }, "form"},
	{"alg twice", func(f *forged) { f.rawHeader = prepend(f.header, `"alg":"none"`) }, "form"},
	{"SUB for sub", func(f *forged) { f.claims["SUB"] = f.claims["sub"]; delete(f.claims, "sub") }, "subject"},
	{"nests too deep", func(f *forged) { f.rawClaims = prepend(f.claims, `"x":[[[[[[[[1]]]]]]]]`) }, "form"},
	{"text that is not UTF-8", func(f *forged) { f.rawClaims = prepend(f.claims, "\"x\":\"\xff\"") }, "form"},
	{"claims that are an array", func(f *forged) { f.rawClaims = "[]" }, "form"},
	{"claims that are null", func(f *forged) { f.rawClaims = "null" }, "form"},
	{"header that is null", func(f *forged) { f.rawHeader = "null" }, "form"},
	{"9 KiB", func(f *forged) { f.claims["x"] = strings.Repeat("x", 9<<10) }, "size"},
	{"empty", func(f *forged) { f.after = func(string) string { return "" } }, "form"},
	{"two dots", func(f *forged) { f.after = func(string) string { return ".." } }, "form"},
}

func prepend(o m, member string) string { return "{" + member + "," + string(mustJSON(o))[1:] }

func flipSignature(token string) string {
	b := []byte(token)
	at := strings.LastIndexByte(token, '.') + 5
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}

func swapClaims(token string) string {
	parts := strings.Split(token, ".")
	other := good()
	other.claims["sub"] = "poulsen"
	parts[1] = strings.Split(other.token(), ".")[1]
	return strings.Join(parts, ".")
}

// dirtyPadding sets a bit of the last character that decodes to nothing: 64 bytes
// end in a character that carries two bits.
func dirtyPadding(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

func TestVerifyRefusesEachDefect(t *testing.T) {
	log := &reasons{}
	v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{trust()}, Log: slog.New(log)})
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			f := good()
			d.spoil(f)
			id, err := v.Verify(f.token())
			if err == nil {
				t.Fatal("the token passed")
			}
			if d := cmp.Diff(bridge.Identity{}, id); d != "" {
				t.Errorf("a refused token has an identity: %s", d)
			}
			if log.last != d.reason {
				t.Errorf("refused for %q, want %q", log.last, d.reason)
			}
			want := `unauthenticated: the access token is not accepted`
			if d.reason == "expired" {
				want = `token_expired: the access token has expired`
			}
			if err.Error() != want {
				t.Errorf("told %q, want %q", err, want)
			}
		})
	}
	for _, secret := range []string{"holm", "poulsen", issuerURL, "eyJ"} {
		if strings.Contains(string(log.all), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// Each issuer's keys, audience and algorithms count for its own tokens only.
func TestIssuersAreKeptApart(t *testing.T) {
	first, second := trust(), trust()
	first.Algorithms = []string{"EdDSA"}
	second.URL, second.Keys = "https://other.example.org", jwkSet(strangers().jwks()...)
	v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{first, second}})

	for _, tt := range []struct {
		name, url, alg, kid string
		by                  keyring
		want                bridge.Code
	}{
		{"the first's own", first.URL, "EdDSA", "ed", keys(), ""},
		{"the second's own", second.URL, "ES256", "ec", strangers(), ""},
		{"the second in the first's name", first.URL, "EdDSA", "ed", strangers(), bridge.CodeUnauthenticated},
		{"the first in the second's name", second.URL, "EdDSA", "ed", keys(), bridge.CodeUnauthenticated},
		{"an algorithm of the second's at the first", first.URL, "ES256", "ec", keys(), bridge.CodeUnauthenticated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := good()
			f.claims["iss"], f.keys = tt.url, tt.by
			f.alg(tt.alg, tt.kid)
			if _, err := v.Verify(f.token()); code(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestOpenRefusesWhatIsLeftOpen(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*auth.TrustedIssuer)
	}{
		{"no issuer", func(i *auth.TrustedIssuer) { i.URL = "" }},
		{"no audience", func(i *auth.TrustedIssuer) { i.Audience = "" }},
		{"no algorithm", func(i *auth.TrustedIssuer) { i.Algorithms = nil }},
		{"alg none", func(i *auth.TrustedIssuer) { i.Algorithms = []string{"none"} }},
		{"HS256", func(i *auth.TrustedIssuer) { i.Algorithms = []string{"EdDSA", "HS256"} }},
		{"PS256", func(i *auth.TrustedIssuer) { i.Algorithms = []string{"PS256"} }},
		{"no assurance", func(i *auth.TrustedIssuer) { i.Assurance = nil }},
		{"assurance for silence", func(i *auth.TrustedIssuer) { i.Assurance = map[string]bridge.Assurance{"": bridge.AssuranceHigh} }},
		{"unknown level", func(i *auth.TrustedIssuer) { i.Assurance = map[string]bridge.Assurance{"x": "perfect"} }},
		{"unknown least level", func(i *auth.TrustedIssuer) { i.Minimum = "none" }},
		{"neither keys nor address", func(i *auth.TrustedIssuer) { i.Keys = nil }},
		{"keys and address", func(i *auth.TrustedIssuer) { i.JWKS = "https://id.example.org/keys" }},
		{"keys in the clear", func(i *auth.TrustedIssuer) { i.Keys, i.JWKS = nil, "http://id.example.org/keys" }},
		{"keys of a file", func(i *auth.TrustedIssuer) { i.Keys, i.JWKS = nil, "file:///etc/keys" }},
		{"no key that can be used", func(i *auth.TrustedIssuer) { i.Keys = []byte(`{"keys":[]}`) }},
		{"tokens of a week", func(i *auth.TrustedIssuer) { i.MaxLife = 7 * 24 * time.Hour }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := trust()
			tt.change(&i)
			if v, err := auth.Open(t.Context(), auth.Config{Issuers: []auth.TrustedIssuer{i}}); err == nil {
				_ = v.Close()
				t.Error("it starts")
			}
		})
	}
	if v, err := auth.Open(t.Context(), auth.Config{}); err == nil {
		_ = v.Close()
		t.Error("it starts with nobody to trust")
	}
	if v, err := auth.Open(t.Context(), auth.Config{Issuers: []auth.TrustedIssuer{trust(), trust()}}); err == nil {
		_ = v.Close()
		t.Error("it starts with one issuer twice")
	}
}

// Verify refuses at the door of 8 KiB, and takes what just fits.
func TestTheLargestTokenPasses(t *testing.T) {
	v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{trust()}})
	f := good()
	f.claims["x"] = ""
	f.claims["x"] = strings.Repeat("x", (8<<10-len(f.token()))*3/4-2)
	if n := len(f.token()); n > 8<<10 || n < 8<<10-8 {
		t.Fatalf("the token has %d bytes", n)
	}
	if _, err := v.Verify(f.token()); err != nil {
		t.Error(err)
	}
}

func BenchmarkVerify(b *testing.B) {
	v := open(b, auth.Config{Issuers: []auth.TrustedIssuer{trust()}})
	for _, alg := range [][2]string{{"EdDSA", "ed"}, {"ES256", "ec"}, {"RS256", "rsa"}} {
		f := good()
		f.alg(alg[0], alg[1])
		token := f.token()
		b.Run(alg[0], func(b *testing.B) {
			for b.Loop() {
				if _, err := v.Verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
