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
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

const defaultServer = "http://127.0.0.1:8080"

// remote is how a command reaches a bridge, and as whom.
type remote struct {
	Server    string        `help:"Address of the bridge." env:"BROBYGGER_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL" group:"Connection:"`
	As        string        `help:"Sign in to a demo as this person: gp-holm, jens, ..." env:"BROBYGGER_AS" placeholder:"NAME" group:"Connection:"`
	TokenFile string        `help:"File with an access token; it is read again when the token runs out." env:"BROBYGGER_TOKEN_FILE" placeholder:"FILE" group:"Connection:"`
	Token     string        `hidden:"" env:"BROBYGGER_TOKEN"`
	Role      string        `help:"Which of your roles, when you have several." env:"BROBYGGER_ROLE" placeholder:"ROLE" group:"Connection:"`
	Timeout   time.Duration `help:"How long to wait for the bridge." default:"15s" group:"Connection:"`

	resume *bridge.Position
}

// http is used for everything but the socket.
var httpClient = &http.Client{Timeout: 2 * time.Minute}

// token returns the token to sign in with: it is asked for again when it ran out.
func (r remote) token(ctx context.Context) (string, error) {
	switch {
	case r.As != "":
		return demoToken(ctx, r.Server, r.As)
	case r.TokenFile != "":
		data, err := os.ReadFile(r.TokenFile)
		if err != nil {
			return "", fmt.Errorf("reading the token: %w", err)
		}
		return strings.TrimSpace(string(data)), nil
	case r.Token != "":
		return r.Token, nil
	}
	return "", usagef("as whom? Give --as NAME (in a demo), --token-file FILE, or BROBYGGER_TOKEN")
}

// demoToken asks a demo's issuer for a token.
func demoToken(ctx context.Context, server, name string) (string, error) {
	body, err := json.Marshal(map[string]string{"subject": name})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/demo/token", bytes.NewReader(body))
	if err != nil {
		return "", usagef("--server %s: no address", server)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := httpClient.Do(req)
	if err != nil {
		return "", &unreachableError{server, err}
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusForbidden:
		return "", fmt.Errorf("%q is nobody in this demo; cmd/brobygger/demo/README.md lists everybody", name)
	default:
		return "", fmt.Errorf("%s is no demo: --as works with one only (HTTP %d)", server, res.StatusCode)
	}
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&got); err != nil || got.Token == "" {
		return "", fmt.Errorf("%s answers without a token", server)
	}
	return got.Token, nil
}

// unreachableError is a bridge that is not there.
type unreachableError struct {
	server string
	err    error
}

func (e *unreachableError) Error() string {
	return fmt.Sprintf("nobody answers at %s; is the bridge running? (brobygger demo)", e.server)
}

func (e *unreachableError) Unwrap() error { return e.err }

// dial connects. It gives up at the first thing that waiting does not mend.
func (r remote) dial(ctx context.Context, out *printer, on brobygger.Handlers) (*brobygger.Client, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	living := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(r.Timeout, func() { cancel(&unreachableError{r.Server, context.DeadlineExceeded}) })
	defer limit.Stop()
	token := r.token
	if _, err := token(ctx); err != nil {
		return nil, err
	}
	role, err := r.role(ctx, out.language)
	if err != nil {
		return nil, err
	}
	out.people = &people{remote: r, role: role}
	if on.Prepare == nil {
		on.Prepare = func(p bridge.PatientID, refs []bridge.Ref) { out.learn(living, p, refs...) }
	}
	c, err := brobygger.Dial(ctx, brobygger.Options{
		URL: r.Server, Token: token, Role: role, App: "brobygger/" + version, Language: out.language,
		Content: true, On: on, Resume: r.resume,
	})
	if err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return c, err
}

// whose is the patient of this name, or the caller who is one.
func (r remote) whose(ctx context.Context, language, name string) (bridge.PatientID, error) {
	if name != "" {
		return patientID(name)
	}
	var me api.Me
	if err := r.call(ctx, language, http.MethodGet, "/api/v1/me", nil, nil, &me); err != nil {
		return "", err
	}
	if me.Party.Type() != bridge.TypePatient {
		return "", usagef("whose? Give --patient")
	}
	return bridge.PatientID(me.Party.ID()), nil
}

// flags are how this command reached the bridge, for the next one.
func (r remote) flags() string {
	text := ""
	for _, f := range []struct{ flag, value string }{{"server", r.Server}, {"as", r.As}, {"token-file", r.TokenFile}, {"role", r.Role}} {
		if f.value != "" && f.value != defaultServer && (f.flag != "token-file" || r.As == "") {
			text += " --" + f.flag + " " + quote(f.value)
		}
	}
	return text
}

func (r remote) check() error {
	if !strings.HasPrefix(r.Server, "http://") && !strings.HasPrefix(r.Server, "https://") {
		return usagef("--server %s: want http://... or https://...", r.Server)
	}
	return nil
}

// role returns the role to act in. Of several it is the one that --role names,
// or that is called like the sign-in.
func (r remote) role(ctx context.Context, language string) (bridge.Ref, error) {
	if r.Role != "" {
		return asRef(bridge.TypePractitionerRole, r.Role), nil
	}
	var got struct {
		Roles []bridge.RoleEntry `json:"items"`
	}
	if err := r.call(ctx, language, http.MethodGet, "/api/v1/me/roles", nil, nil, &got); err != nil {
		return "", err
	}
	if len(got.Roles) < 2 {
		return "", nil
	}
	var names []string
	for _, e := range got.Roles {
		if e.Role.ID == r.As {
			return e.Role.Reference(), nil
		}
		names = append(names, e.Role.ID)
	}
	return "", usagef("you have several roles; give --role %s", strings.Join(names, " or --role "))
}

// call is a call over HTTP, as the same person.
func (r remote) call(ctx context.Context, language, method, path string, header http.Header, body io.Reader, into any) error {
	if err := r.check(); err != nil {
		return err
	}
	token, err := r.token(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.Server+path, body)
	if err != nil {
		return usagef("--server %s: no address", r.Server)
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set("Accept-Language", language)
	req.Header.Set("Authorization", "Bearer "+token)
	if r.Role != "" {
		req.Header.Set(api.HeaderRole, string(asRef(bridge.TypePractitionerRole, r.Role)))
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return &unreachableError{r.Server, err}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		return problemOf(res)
	}
	if into == nil {
		return nil
	}
	if file, ok := into.(io.Writer); ok { // not JSON: as it comes
		_, err := io.Copy(file, res.Body)
		return err
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// problemError is a refusal over HTTP (RFC 9457).
type problemError struct{ api.Problem }

func (e *problemError) Error() string {
	text := e.Title
	if e.Detail != "" {
		text += " " + e.Detail
	}
	for _, r := range e.Reasons {
		text += "\n  " + r.Text
	}
	for _, f := range e.Errors {
		text += "\n  " + strings.TrimSpace(f.Location+" "+f.Message)
	}
	return text
}

func problemOf(res *http.Response) error {
	var p api.Problem
	err := json.NewDecoder(io.LimitReader(res.Body, 4<<20)).Decode(&p)
	if err != nil || p.Title == "" {
		return fmt.Errorf("the bridge answered HTTP %d", res.StatusCode)
	}
	return &problemError{p}
}

// plain words an error of the connection for people.
func (p *printer) plain(err error) error {
	var auth *brobygger.AuthError
	var closed *brobygger.CloseError
	var refused *bridge.Error
	switch {
	case errors.As(err, &auth):
		return errors.New(p.say("not let in", "why", wording(auth.Code, p.language)))
	case errors.As(err, &closed):
		return errors.New(p.say("ended", "why", closed.Reason))
	case errors.As(err, &refused):
		text := wording(refused.Code, p.language)
		if refused.Message != "" {
			text = refused.Message
		}
		return errors.New(p.say("says", "why", text))
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New(p.say("not in time"))
	}
	return err
}
