// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// bareProgram builds what is only measured.
func bareProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "brobygger-bare")
	if out, err := exec.Command("go", "build", "-tags", "bare", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("building with the tag bare: %v\n%s", err, out)
	}
	return program
}

// Without wall, ledger and sealing the program serves nobody. A bench may start it,
// and then it carries messages, of which it keeps no claim and no entry.
func TestWhatIsBuiltWithoutTheWallServesNobody(t *testing.T) {
	if bare {
		t.Fatal("this program itself was built without the wall")
	}
	program := bareProgram(t)
	for _, args := range [][]string{{"serve", "--config", "none.yaml"}, {"demo"}, {"story"}, {"--json", "bench"}, {}} {
		out, err := exec.Command(program, args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "built without the wall, the ledger and sealing") {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}

	data := t.TempDir()
	p, err := startOf(t.Context(), program, "bridge", data, 4)
	if err != nil {
		t.Fatal(err)
	}
	var c cost
	if err := (&benchCmd{Senders: 4, For: time.Second}).turn(t.Context(), p, &c, without); err != nil {
		t.Error(err)
	}
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if c.shown[without] == 0 {
		t.Error("it carried no message, and there is nothing to compare with")
	}
	s, err := sqlite.Open(filepath.Join(data, database), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	err = s.View(t.Context(), func(tx bridge.Tx) error {
		if pending, err := tx.Tree().Pending(1); err != nil || len(pending) > 0 {
			t.Errorf("it keeps entries: %d, %v", len(pending), err)
		}
		m, err := tx.Messages().Find(bridge.MessageQuery{Limit: 1}) // it opens without a key
		if err != nil || len(m) != 1 || m[0].Erased {
			t.Errorf("its messages: %+v, %v", m, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReportSaysWhatTheThreeCost(t *testing.T) {
	var c cost
	if len(c.rows()) > 0 {
		t.Error("it reports what was not measured")
	}
	c.elapsed = [2]time.Duration{time.Second, time.Second}
	c.sent = [2]int{700, 1000}
	c.used = [2]time.Duration{70 * time.Millisecond, 50 * time.Millisecond}
	for shown, want := range map[int]string{
		700: "| 700 / 1000/s | 30% off the rate | ≤ 35% off | yes |",
		640: "| 640 / 1000/s | 36% off the rate | ≤ 35% off | **no** |",
	} {
		c.shown = [2]int{shown, 1000}
		page := (&figures{cost: c}).report()
		if !strings.Contains(page, want) || !strings.Contains(page, "| 100 / 50 µs |") {
			t.Errorf("the report lacks %q:\n%s", want, page)
		}
	}
}
