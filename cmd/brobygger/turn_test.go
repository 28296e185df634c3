// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheRelayIsConfiguredWholly(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := file("sixteen bytes and a bit more\n")
	turn, err := turnConfig{
		URLs:       []string{"turn:relay.example.org", "turn:192.0.2.4:3478?transport=tcp", "turns:[2001:db8::1]:5349?transport=udp"},
		SecretFile: good, Lifetime: time.Minute,
	}.open()
	if err != nil || string(turn.Secret) != "sixteen bytes and a bit more" || len(turn.URLs) != 3 || turn.Lifetime != time.Minute {
		t.Errorf("%+v, %v", turn, err)
	}
	if turn, err := (turnConfig{}).open(); turn != nil || err != nil {
		t.Errorf("none: %+v, %v", turn, err)
	}
	one := []string{"turn:relay.example.org"}
	for name, c := range map[string]turnConfig{
		"no secret":         {URLs: one},
		"no relay":          {SecretFile: good},
		"no such file":      {URLs: one, SecretFile: filepath.Join(t.TempDir(), "none")},
		"a short secret":    {URLs: one, SecretFile: file("short      \n\n   ")},
		"for ever":          {URLs: one, SecretFile: good, Lifetime: 25 * time.Hour},
		"a page":            {URLs: []string{"https://relay.example.org"}, SecretFile: good},
		"no host":           {URLs: []string{"turn:"}, SecretFile: good},
		"a port alone":      {URLs: []string{"turn::3478"}, SecretFile: good},
		"somebody's name":   {URLs: []string{"turn:user@relay.example.org"}, SecretFile: good},
		"by another way":    {URLs: []string{"turn:relay.example.org?transport=sctp"}, SecretFile: good},
		"like a page's":     {URLs: []string{"turn://relay.example.org"}, SecretFile: good},
		"one bad of two":    {URLs: append([]string{"stun:relay.example.org"}, one...), SecretFile: good},
		"backwards in time": {URLs: one, SecretFile: good, Lifetime: -time.Second},
	} {
		if turn, err := c.open(); err == nil {
			t.Errorf("%s: %+v", name, turn)
		} else if strings.Contains(err.Error(), "short  ") {
			t.Errorf("%s: the error has the secret", name)
		}
	}
}
