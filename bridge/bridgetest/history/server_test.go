// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/auth"
	"github.com/brobygger/brobygger/bridge/bridgetest/history"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// Who is who: of pair i of people, one writes to the other about a patient, across
// the border between two regimes of law, so that only a consent lets it pass.
func patientOf(i int) bridge.PatientID { return bridge.PatientID(fmt.Sprintf("p%04d", i)) }
func senderOf(i int) string            { return fmt.Sprintf("s%04d", i) }
func readerOf(i int) string            { return fmt.Sprintf("r%04d", i) }

const matter = "case-1"

// region is n pairs as lines of FHIR, with their accounts.
func region(n int, issuer string) []byte {
	var out []byte
	type object = map[string]any
	code := func(system, code string) []object {
		return []object{{"coding": []object{{"system": system, "code": code}}}}
	}
	ref := func(typ, id string) object { return object{"reference": typ + "/" + id} }
	account := func(subject string) []object {
		return []object{{"url": fhir.ExtAccount, "extension": []object{
			{"url": "issuer", "valueString": issuer}, {"url": "subject", "valueString": subject},
		}}}
	}
	put := func(typ, id string, o object) {
		o["resourceType"], o["id"] = typ, id
		if typ != "CareTeam" {
			o["active"] = true
		}
		line, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		out = append(append(out, line...), '\n')
	}
	const roles = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-core-PractitionerRolesSKSadministrativ"
	put("Organization", "clinic", object{"name": "Clinic", "type": code(fhir.Base+"/CodeSystem/sector", "general-practice")})
	put("Organization", "social", object{"name": "Social psychiatry", "type": code(fhir.Base+"/CodeSystem/sector", "social-care")})
	person := func(id, organization, role string) {
		put("Practitioner", id, object{"name": []object{{"text": "Name " + id}}, "extension": account(id)})
		put("PractitionerRole", id, object{"practitioner": ref("Practitioner", id), "organization": ref("Organization", organization), "code": code(roles, role)})
	}
	for i := range n {
		person(senderOf(i), "social", "paedagog")
		person(readerOf(i), "clinic", "speciallaegeipraksis")
		id := string(patientOf(i))
		put("Patient", id, object{"name": []object{{"text": "Name " + id}}, "birthDate": "1980-01-01", "extension": account(id)})
		member := func(function, id string) object {
			return object{"role": code(fhir.Base+"/CodeSystem/care-function", function), "member": ref("PractitionerRole", id)}
		}
		put("CareTeam", id+"-team", object{
			"status": "active", "subject": ref("Patient", id), "period": object{"start": "2024-01-01"},
			"participant": []object{member("support-worker", senderOf(i)), member("own-gp", readerOf(i))},
		})
	}
	return out
}

// server is brobygger serve in a process of its own.
type server struct {
	t       *testing.T
	program string
	folder  string
	url     string
	issuer  *auth.Issuer
	environ []string
	rec     *history.Recorder

	mu      sync.Mutex // guards the following field
	process *exec.Cmd
}

// freeAddress is one of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// newServer imports n pairs and writes a configuration, and starts nothing yet.
func newServer(t *testing.T, rec *history.Recorder, program, redis string, n int) *server {
	t.Helper()
	s := &server{t: t, rec: rec, program: program, folder: t.TempDir()}
	s.environ = append(os.Environ(), "BROBYGGER_SEEDED=harness", "BROBYGGER_PAUSE="+filepath.Join(s.folder, "pause"))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.issuer, err = auth.NewIssuer(auth.IssuerOptions{
		Listen: ln.Addr().String(), Audience: "brobygger", Life: time.Hour,
		Subjects: func(string) ([]string, bool) { return nil, true },
	})
	if err != nil {
		t.Fatal(err)
	}
	tokens := &http.Server{Handler: s.issuer.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = tokens.Serve(ln) }()
	t.Cleanup(func() { _ = tokens.Close() })

	address := freeAddress(t)
	s.url = "http://" + address
	trust := s.issuer.Trust()
	config := map[string]any{
		"listen": address, "data": filepath.Join(s.folder, "data"), "log": map[string]string{"level": "error"},
		"issuers": []any{map[string]any{
			"issuer": trust.URL, "audience": trust.Audience, "algorithms": trust.Algorithms, "keys": string(trust.Keys),
			"assurance": trust.Assurance,
		}},
		"limits": map[string]int{
			"per_caller": 1 << 30, "caller_burst": 1 << 30, "per_ip": 1 << 30, "ip_burst": 1 << 30,
			"handshakes": -1, "unidentified": 1 << 20, "commands": -1,
		},
	}
	if redis != "" {
		config["redis"] = map[string]string{"url": "redis://" + redis, "key": "a key of this run's own"}
	}
	text, err := json.Marshal(config) // YAML reads it
	if err != nil {
		t.Fatal(err)
	}
	s.write("config.yaml", text)
	s.write("people.ndjson", region(n, trust.URL))
	if err := os.Mkdir(filepath.Join(s.folder, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.run("import", "--data", filepath.Join(s.folder, "data"), filepath.Join(s.folder, "people.ndjson"))
	t.Cleanup(func() {
		if s.process != nil {
			_ = s.process.Process.Kill()
			_ = s.process.Wait()
		}
	})
	return s
}

func (s *server) write(name string, content []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), content, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// run runs the program to its end.
func (s *server) run(args ...string) {
	s.t.Helper()
	c := exec.Command(s.program, args...)
	c.Env = s.environ
	if out, err := c.CombinedOutput(); err != nil {
		s.t.Fatalf("brobygger %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// start starts the server and waits until it can serve.
func (s *server) start() {
	s.t.Helper()
	c := exec.Command(s.program, "serve", "--config", filepath.Join(s.folder, "config.yaml"))
	c.Env, c.Stdout, c.Stderr = s.environ, os.Stderr, os.Stderr
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.process = c
	s.mu.Unlock()
	limit := time.After(patience)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		res, err := http.Get(s.url + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-look.C:
		case <-limit:
			s.t.Fatalf("the server does not get ready: %v", err)
		}
	}
}

func (s *server) signal(sig syscall.Signal) {
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Errorf("signalling the server: %v", err)
	}
}

// kill ends it without warning.
func (s *server) kill() {
	s.signal(syscall.SIGKILL)
	_ = s.process.Wait()
}

// stop lets it end by itself.
func (s *server) stop() {
	s.t.Helper()
	s.signal(syscall.SIGINT)
	if err := s.process.Wait(); err != nil {
		s.t.Errorf("the server ended with %v", err)
	}
	s.mu.Lock()
	s.process = nil
	s.mu.Unlock()
}

// check has the stopped server's data read whole.
func (s *server) check() {
	s.t.Helper()
	s.run("check", "--data", filepath.Join(s.folder, "data"))
}
