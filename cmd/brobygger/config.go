// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/auth"
	"github.com/brobygger/brobygger/bridge/live"
)

// config is the configuration of serve; docs/operating.md explains each key.
type config struct {
	Listen   string         `yaml:"listen"`
	Data     string         `yaml:"data"`
	Timezone string         `yaml:"timezone"`
	Origins  []string       `yaml:"origins"`
	Proxies  []string       `yaml:"proxies"`
	HSTS     bool           `yaml:"hsts"`
	Issuers  []issuerConfig `yaml:"issuers"`
	Redis    struct {
		URL string `yaml:"url"`
		Key string `yaml:"key"`
	} `yaml:"redis"`
	Log struct {
		Level  string `yaml:"level"`
		Format string `yaml:"format"`
	} `yaml:"log"`
	Metrics string `yaml:"metrics"`
	OTLP    struct {
		Endpoint string  `yaml:"endpoint"`
		Share    float64 `yaml:"share"`
	} `yaml:"otlp"`
	Keys   keysConfig   `yaml:"keys"`
	Limits limitsConfig `yaml:"limits"`
	Ledger ledgerConfig `yaml:"ledger"`
	Policy struct {
		Bundle        string        `yaml:"bundle"`
		Key           string        `yaml:"key"`
		Shadow        string        `yaml:"shadow"`
		ShadowShare   float64       `yaml:"shadow_share"`
		KeepDecisions time.Duration `yaml:"keep_decisions"`
	} `yaml:"policy"`
	Turn        turnConfig `yaml:"turn"`
	Emergencies struct {
		ReviewWithin time.Duration `yaml:"review_within"`
	} `yaml:"emergencies"`

	ready map[string]func(context.Context) error
	await time.Duration // for who was connected before the start
}

// issuerConfig is one issuer of tokens.
type issuerConfig struct {
	Issuer     string                      `yaml:"issuer"`
	Audience   string                      `yaml:"audience"`
	Algorithms []string                    `yaml:"algorithms"`
	JWKS       string                      `yaml:"jwks"`
	Keys       yaml.Node                   `yaml:"keys"`
	Claim      string                      `yaml:"claim"`
	Assurance  map[string]bridge.Assurance `yaml:"assurance"`
	Minimum    bridge.Assurance            `yaml:"minimum"`
	Scope      string                      `yaml:"scope"`
	AdminScope string                      `yaml:"admin_scope"`
	MaxLife    time.Duration               `yaml:"max_life"`
}

// limitsConfig are rates per second and bursts; 0 is the default.
type limitsConfig struct {
	PerCaller    float64 `yaml:"per_caller"`
	CallerBurst  int     `yaml:"caller_burst"`
	PerIP        float64 `yaml:"per_ip"`
	IPBurst      int     `yaml:"ip_burst"`
	Handshakes   int     `yaml:"handshakes"`
	Unidentified int     `yaml:"unidentified"`
	Commands     int     `yaml:"commands"`
	Sends        int     `yaml:"sends"`
	Import       int64   `yaml:"import"`
}

func (l limitsConfig) api() api.Limits {
	return api.Limits{PerCaller: l.PerCaller, CallerBurst: l.CallerBurst, PerIP: l.PerIP, IPBurst: l.IPBurst, Import: l.Import}
}

func defaults() config {
	var c config
	c.Listen, c.Timezone = "127.0.0.1:8080", "Europe/Copenhagen"
	c.Log.Level, c.Log.Format = "info", "json"
	c.OTLP.Share = 0.01
	return c
}

// readConfig reads the file, and what the environment says instead.
func readConfig(path string, environment []string) (config, error) {
	c := defaults()
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("reading the configuration: %w", err)
		}
		d := yaml.NewDecoder(bytes.NewReader(data))
		d.KnownFields(true)
		if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
			return c, fmt.Errorf("reading the configuration: %w", err)
		}
		if err := d.Decode(&config{}); !errors.Is(err, io.EOF) {
			return c, errors.New("reading the configuration: the file holds more than one document")
		}
	}
	set := map[string]string{}
	for _, v := range environment {
		name, value, _ := strings.Cut(v, "=")
		set[name] = value
	}
	if err := override(reflect.ValueOf(&c).Elem(), "BROBYGGER", set); err != nil {
		return c, err
	}
	return c, nil
}

// override puts BROBYGGER_REDIS_URL in the place of redis.url, and so on. Lists
// are separated by commas.
func override(v reflect.Value, prefix string, set map[string]string) error {
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		if key == "" {
			continue
		}
		field, name := v.Field(i), prefix+"_"+strings.ToUpper(key)
		if field.Kind() == reflect.Struct {
			if err := override(field, name, set); err != nil {
				return err
			}
			continue
		}
		text, ok := set[name]
		if !ok {
			continue
		}
		if err := assign(field, text); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return nil
}

func assign(field reflect.Value, text string) error {
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("want true or false")
		}
		field.SetBool(b)
	case reflect.Int, reflect.Int64:
		if field.Type() == reflect.TypeFor[time.Duration]() {
			d, err := time.ParseDuration(text)
			if err != nil {
				return errors.New("want a duration: 72h")
			}
			field.SetInt(int64(d))
			return nil
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errors.New("want a number")
		}
		field.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("want a number")
		}
		field.SetFloat(n)
	case reflect.Slice:
		if field.Type().Elem().Kind() != reflect.String {
			return errors.New("it can be set in the file only")
		}
		field.Set(reflect.ValueOf(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })))
	default:
		return errors.New("it can be set in the file only")
	}
	return nil
}

// check refuses what serve can't do without.
func (c config) check() error {
	switch {
	case c.Data == "":
		return errors.New("configuration: data is missing: the folder of what must survive")
	case len(c.Issuers) == 0:
		return errors.New("configuration: issuers is missing: whose tokens are believed")
	case (c.Policy.Bundle != "" || c.Policy.Shadow != "") && c.Policy.Key == "":
		return errors.New("configuration: policy.key is missing: the public key that the policy's bundle is signed with")
	case c.Redis.URL != "" && len(c.Redis.Key) < 16:
		return errors.New("configuration: redis.key is missing: 16 characters or more that name people in Redis, the same on each node")
	}
	for _, i := range c.Issuers {
		u, err := url.Parse(i.JWKS)
		if i.Issuer == demoIssuer || err == nil && u.Path == "/demo/jwks.json" {
			return errors.New("configuration: the demo's issuer gives anybody a token of anybody: it is for brobygger demo only")
		}
	}
	return nil
}

// trusted words the issuers for package auth.
func (c config) trusted() ([]auth.TrustedIssuer, error) {
	var all []auth.TrustedIssuer
	for n, i := range c.Issuers {
		t := auth.TrustedIssuer{
			URL: i.Issuer, Audience: i.Audience, Algorithms: i.Algorithms, JWKS: i.JWKS, Scope: i.Scope, Claim: i.Claim,
			AdminScope: i.AdminScope, Assurance: i.Assurance, Minimum: i.Minimum, MaxLife: i.MaxLife,
		}
		if !i.Keys.IsZero() {
			var set any
			err := i.Keys.Decode(&set)
			if text, ok := set.(string); ok {
				t.Keys = []byte(text)
			} else if err == nil {
				t.Keys, err = json.Marshal(set)
			}
			if err != nil {
				return nil, fmt.Errorf("configuration: keys of issuer %d: %w", n+1, err)
			}
		}
		all = append(all, t)
	}
	return all, nil
}

func (c config) liveOptions(log *slog.Logger) live.Options {
	return live.Options{URL: c.Redis.URL, Key: []byte(c.Redis.Key), Embedded: c.Redis.URL == "", Log: log, Await: c.await}
}

// logger makes the log as the configuration wants it.
func (c config) logger(to io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		return nil, fmt.Errorf("configuration: log.level is %q, want debug, info, warn or error", c.Log.Level)
	}
	o := &slog.HandlerOptions{Level: level}
	switch c.Log.Format {
	case "json":
		return slog.New(slog.NewJSONHandler(to, o)), nil
	case "text":
		return slog.New(slog.NewTextHandler(to, o)), nil
	}
	return nil, fmt.Errorf("configuration: log.format is %q, want json or text", c.Log.Format)
}
