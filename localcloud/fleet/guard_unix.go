//go:build unix

package fleet

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// guardScript kills the process groups it was told of when its input ends,
// which is when the fleet's process has ended, however that came about. It
// ignores the signals of a terminal, for it must be the last to go.
const guardScript = `trap '' INT TERM HUP QUIT
groups=
while read -r op group; do
	case $op in
	+) groups="$groups $group" ;;
	-)
		rest=
		for g in $groups; do [ "$g" = "$group" ] || rest="$rest $g"; done
		groups=$rest
		;;
	esac
done
for g in $groups; do kill -9 "-$g" 2>/dev/null; done
exit 0
`

// guard is a small shell that outlives a killed fleet just long enough to kill
// the fleet's process groups.
type guard struct {
	cmd *exec.Cmd

	mu sync.Mutex
	in io.WriteCloser
}

// newGuard starts the shell.
func newGuard() (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript)
	cmd.Env = []string{}
	cmd.Dir = "/"
	// A group of its own: what ends the fleet's group must not end its guard.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the guard of instances: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the guard of instances: %w", err)
	}
	return &guard{cmd: cmd, in: in}, nil
}

// watch has the guard kill the group when the fleet is gone.
func (g *guard) watch(group int) error { return g.report('+', group) }

// forget ends watch: the group has ended, and its number may come again.
func (g *guard) forget(group int) error { return g.report('-', group) }

func (g *guard) report(op rune, group int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := fmt.Fprintf(g.in, "%c %d\n", op, group); err != nil {
		return fmt.Errorf("report to the guard of instances: %w", err)
	}
	return nil
}

// close lets the guard kill what it still watches, and waits for it.
func (g *guard) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in.Close()
	if err := g.cmd.Wait(); err != nil {
		return fmt.Errorf("end the guard of instances: %w", err)
	}
	return nil
}
