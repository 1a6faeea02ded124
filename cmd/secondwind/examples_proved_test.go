//go:build soak

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"secondwind/verify/judge"
)

// TestExamplesAreProved takes a real soak to each example: it runs by itself (make examples).
func TestExamplesAreProved(t *testing.T) {
	all := t.TempDir()
	if err := os.CopyFS(all, os.DirFS(filepath.Join("..", "..", "scenarios", "examples"))); err != nil {
		t.Fatal(err)
	}
	for name, ready := range map[string][]string{ // what must run in the example's folder
		"go": {"go", "build", "-o", "server"}, "node": {"node", "--version"}, "python": {"python3", "--version"},
		"flask": {"gunicorn", "--check-config", "--env", "INSTANCE_ID=i", "named:app"}, "nginx": {"nginx", "-v"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(ready[0], ready[1:]...)
			cmd.Dir = filepath.Join(all, name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("skipped: `%s` does not run here (%v %s): not tested is the example that needs it", ready[0], err, out)
			}
			soak := startSoak(t, "-f", filepath.Join(cmd.Dir, "soak.yaml"), "--hold", "0s")
			soak.ended(t, judge.Proved.ExitCode())
			verdictOf(t, soak.folder(t), judge.Proved)
			noInstanceLeft(t, soak)
		})
	}
}
