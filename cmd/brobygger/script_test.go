// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"brobygger": main})
}

// The scripts are played with the program itself. The command demo starts one
// on a free port, and puts its address into BROBYGGER_SERVER.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "en_GB.UTF-8")
			e.Setenv("NO_COLOR", "1")
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"demo": demoScript, "verify": withKey("verify"), "whole": withKey("export", "--data"), "harm": harmScript,
		},
	})
}

func demoScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("demo can't be expected to fail: use exec")
	}
	path := filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "brobygger")
	c := exec.Command(path, append([]string{"demo", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	c.Env, c.Dir, c.Stderr = append(os.Environ(), "TMPDIR="+ts.Getenv("TMPDIR")), ts.Getenv("WORK"), os.Stderr
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ended := make(chan error, 1)
	ts.Defer(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			ts.Check(err) // it drains, and ends well
		case <-time.After(patience):
			_ = c.Process.Kill()
			ts.Fatalf("the demo does not stop")
		}
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		ended <- c.Wait()
		ts.Fatalf("the demo did not start")
	}
	var started struct{ URL string }
	ts.Check(json.Unmarshal(lines.Bytes(), &started))
	ts.Setenv("BROBYGGER_SERVER", started.URL)
	go func() { ended <- c.Wait() }()
}
