// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge/api"
)

func TestACallerHasAShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := api.NewMetrics()
		h := handler(t, &verbs{}, func(c *api.Config) {
			c.Metrics = m
			c.Limits = api.Limits{PerCaller: 2, CallerBurst: 3, PerIP: -1}
		})
		ask := func(token string) int {
			return do(h, "GET", "/api/v1/directory", "", "Authorization", "Bearer "+token).Code
		}
		for i := range 3 {
			if got := ask("good:a"); got != http.StatusOK {
				t.Fatalf("call %d of the burst: %d", i, got)
			}
		}
		w := do(h, "GET", "/api/v1/directory", "", "Authorization", "Bearer good:a")
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
			t.Errorf("beyond the burst: %d, retry after %q", w.Code, w.Header().Get("Retry-After"))
		}
		if got := ask("good:b"); got != http.StatusOK {
			t.Errorf("another caller: %d", got)
		}
		<-time.After(500 * time.Millisecond) // of the bubble's clock: one token at two a second
		if got := ask("good:a"); got != http.StatusOK {
			t.Errorf("half a second later: %d", got)
		}
		if got := ask("good:a"); got != http.StatusTooManyRequests {
			t.Errorf("and once more: %d", got)
		}
	})
}

func TestAnAddressHasAShareBeforeAnybodyIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handler(t, &verbs{}, func(c *api.Config) { c.Limits = api.Limits{PerIP: 1, IPBurst: 2} })
		for _, want := range []int{401, 401, 429} {
			if w := do(h, "GET", "/api/v1/directory", "", "Authorization", ""); w.Code != want {
				t.Errorf("%d, want %d", w.Code, want)
			}
		}
		if w := do(h, "GET", "/healthz", ""); w.Code != http.StatusOK {
			t.Errorf("health is asked by machines of our own: %d", w.Code)
		}
	})
}

// TestWhoseShareItIs: a proxy that is not trusted can't choose its address.
func TestWhoseShareItIs(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		name, first, second string // X-Forwarded-For of two calls
		trusted             []netip.Prefix
		same                bool
	}{
		{"nobody is trusted", "198.51.100.1", "198.51.100.2", nil, true},
		{"behind a trusted proxy", "198.51.100.1", "198.51.100.2", trusted, false},
		{"the client's own claim before ours", "1.1.1.1, 198.51.100.1", "2.2.2.2, 198.51.100.1", trusted, true},
		{"two proxies", "198.51.100.1, 10.0.0.7", "198.51.100.2, 10.0.0.7", trusted, false},
		{"one network of IPv6", "2001:db8::1", "2001:db8::2", trusted, true},
		{"two networks of IPv6", "2001:db8:0:1::1", "2001:db8:0:2::1", trusted, false},
		{"not an address", "Jens", "Mette", trusted, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := handler(t, &verbs{}, func(cfg *api.Config) {
					cfg.TrustedProxies = c.trusted
					cfg.Limits = api.Limits{PerIP: 1, IPBurst: 1}
				})
				do(h, "GET", "/api/v1/directory", "", "X-Forwarded-For", c.first) // httptest calls from 192.0.2.1
				w := do(h, "GET", "/api/v1/directory", "", "X-Forwarded-For", c.second)
				if same := w.Code == http.StatusTooManyRequests; same != c.same {
					t.Errorf("one share for both: %v, want %v", same, c.same)
				}
				address := func(forwarded string) string {
					r := httptest.NewRequest("GET", "/", nil)
					r.Header.Set("X-Forwarded-For", forwarded)
					return api.ClientIP(c.trusted)(r)
				}
				if same := address(c.first) == address(c.second); same != c.same {
					t.Errorf("one address for both: %v, want %v", same, c.same)
				}
			})
		})
	}
}
