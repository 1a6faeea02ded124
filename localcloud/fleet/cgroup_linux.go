package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// cpuPeriod is over which a cgroup's CPU quota is counted, in µs. Short, so
	// that an instance that used up its quota stalls for milliseconds: a real
	// vCPU does not stall at all.
	cpuPeriod = 20_000
	// sharesV1 and weightV2 are a fleet's claim on a busy machine, ten times that
	// of a process: a vCPU is its instance's own on EC2, whatever its neighbours do.
	sharesV1 = "10240"
	weightV2 = "1000"
	// removeTries and removePause bound the wait for a cgroup to become empty.
	removeTries = 100
	removePause = 10 * time.Millisecond
)

// A dependency would spare little here: what an instance needs of cgroups is
// making a folder and writing three files, and containerd/cgroups brings
// protobuf, D-Bus and eBPF with it (7.5 MB of binary).

// cgroups makes the cgroups of a fleet's instances. Each hierarchy has one
// parent folder of this fleet, named after its process, so that another fleet
// can tell when it is stale.
type cgroups struct {
	parents []string // with one hierarchy or two
	unified bool
	log     *slog.Logger
}

// newCgroups makes the parent folders and removes stale ones; an error says why
// CPU cannot be limited here.
func newCgroups(log *slog.Logger) (*cgroups, error) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("find cgroups: %w", err)
	}
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("find cgroups: %w", err)
	}
	name, err := newOwner()
	if err != nil {
		return nil, err
	}
	h := parseHierarchies(string(mountinfo), string(self))
	c := &cgroups{log: log}
	if h.cpu != "" {
		err = c.makeParents(name, h.cpu, h.cpuacct)
	} else {
		c.unified = true
		err = c.makeUnified(name, h.unified, h.top)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	for _, parent := range c.parents {
		sweep(filepath.Dir(parent), log)
	}
	return c, nil
}

// makeParents makes version 1's parents: of controller cpu, and of cpuacct
// where it is mounted apart.
func (c *cgroups) makeParents(owner owner, folders ...string) error {
	for i, folder := range folders {
		if folder == "" || (i > 0 && folder == folders[0]) {
			continue
		}
		parent := filepath.Join(folder, owner.String())
		if err := os.Mkdir(parent, 0o755); err != nil {
			return fmt.Errorf("make a cgroup: %w", err)
		}
		c.parents = append(c.parents, parent)
		if i == 0 {
			if err := write(parent, "cpu.shares", sharesV1); err != nil {
				return fmt.Errorf("weigh a cgroup: %w", err)
			}
		}
	}
	return nil
}

// makeUnified makes version 2's parent. A cgroup that hands controllers down
// may hold no process itself, so the parent stands beside this process's cgroup
// or further up: in the nearest that hands down cpu and lets this user in.
func (c *cgroups) makeUnified(owner owner, folder, top string) error {
	if folder == "" {
		return errors.New("no cgroup hierarchy with the cpu controller is mounted")
	}
	var errs []error
	for dir := folder; ; dir = filepath.Dir(dir) {
		err := c.tryUnified(owner, dir)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
		if dir == top || len(dir) <= len(top) {
			return errors.Join(errs...)
		}
	}
}

func (c *cgroups) tryUnified(owner owner, dir string) error {
	handed, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
	if err != nil {
		return fmt.Errorf("read what a cgroup hands down: %w", err)
	}
	if !slices.Contains(strings.Fields(string(handed)), "cpu") {
		return fmt.Errorf("cgroup %s does not hand down the cpu controller", dir)
	}
	parent := filepath.Join(dir, owner.String())
	if err := os.Mkdir(parent, 0o755); err != nil {
		return fmt.Errorf("make a cgroup: %w", err)
	}
	if err := write(parent, "cgroup.subtree_control", "+cpu"); err != nil {
		return errors.Join(err, os.Remove(parent))
	}
	c.parents = []string{parent}
	if err := write(parent, "cpu.weight", weightV2); err != nil {
		return fmt.Errorf("weigh a cgroup: %w", err)
	}
	return nil
}

// add makes a cgroup that holds its processes to vcpus CPUs.
func (c *cgroups) add(id string, vcpus int) (*cgroup, error) {
	g := &cgroup{unified: c.unified}
	for _, parent := range c.parents {
		dir := filepath.Join(parent, id)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, errors.Join(fmt.Errorf("make a cgroup: %w", err), g.remove())
		}
		g.dirs = append(g.dirs, dir)
	}
	if err := g.limit(vcpus); err != nil {
		return nil, errors.Join(fmt.Errorf("limit CPU: %w", err), g.remove())
	}
	return g, nil
}

// close removes the parents. Their cgroups must have been removed before.
func (c *cgroups) close() error { return removeTrees(c.parents) }

// cgroup is one instance's.
type cgroup struct {
	dirs    []string // the first limits, the last counts
	unified bool
}

// start starts cmd inside the cgroup: moved there afterwards, it could have
// children by then that stay outside. The caller is locked to its thread.
func (g *cgroup) start(cmd *exec.Cmd) (err error) {
	if g.unified {
		dir, err := os.Open(g.dirs[0])
		if err != nil {
			return err
		}
		defer dir.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
		return cmd.Start()
	}
	// Version 1 has no such clone, but it can move single threads, and a process
	// begins where the thread is that starts it.
	thread := strconv.Itoa(unix.Gettid())
	for _, dir := range g.dirs {
		defer func() {
			home := filepath.Dir(filepath.Dir(dir))
			err = errors.Join(err, write(home, "tasks", thread))
		}()
		if err := write(dir, "tasks", thread); err != nil {
			return err
		}
	}
	return cmd.Start()
}

// limit sets the quota.
func (g *cgroup) limit(vcpus int) error {
	quota := strconv.Itoa(vcpus * cpuPeriod)
	if g.unified {
		return write(g.dirs[0], "cpu.max", quota+" "+strconv.Itoa(cpuPeriod))
	}
	return errors.Join(
		write(g.dirs[0], "cpu.cfs_period_us", strconv.Itoa(cpuPeriod)),
		write(g.dirs[0], "cpu.cfs_quota_us", quota),
	)
}

// cpu is what the cgroup's processes have used, those that ended included.
func (g *cgroup) cpu() (time.Duration, error) {
	file, before, unit := "cpuacct.usage", "", time.Nanosecond
	if g.unified {
		file, before, unit = "cpu.stat", "usage_usec ", time.Microsecond
	}
	path := filepath.Join(g.dirs[len(g.dirs)-1], file)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read CPU usage: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if usage, ok := strings.CutPrefix(line, before); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(usage), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("parse CPU usage: %w", err)
			}
			return time.Duration(n) * unit, nil
		}
	}
	return 0, fmt.Errorf("no CPU usage in %s", path)
}

// kill ends every process in the cgroup.
func (g *cgroup) kill() error { return killAll(g.dirs[0]) }

// remove removes the cgroup as soon as it is empty.
func (g *cgroup) remove() error { return removeTrees(g.dirs) }

func removeTrees(dirs []string) error {
	errs := make([]error, len(dirs))
	for i, dir := range dirs {
		errs[i] = removeTree(dir)
	}
	return errors.Join(errs...)
}

// killAll ends every process in the cgroup at dir.
func killAll(dir string) error {
	// Version 2 has a file for it since Linux 5.14, safe against forks.
	if err := write(dir, "cgroup.kill", "1"); err == nil {
		return nil
	}
	pids, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the processes of a cgroup: %w", err)
	}
	for _, field := range strings.Fields(string(pids)) {
		pid, err := strconv.Atoi(field)
		// 0 is a process of another namespace. This process has a thread in
		// there if it could not come back from start.
		if err != nil || pid <= 1 || pid == os.Getpid() {
			continue
		}
		if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("kill process %d: %w", pid, err)
		}
	}
	return nil
}

// removeTree kills what is left in a cgroup and below, and removes its folders.
// Processes that were just killed leave a moment later.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove cgroup: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() {
			errs = append(errs, removeTree(filepath.Join(dir, e.Name())))
		}
	}
	for range removeTries {
		if err = os.Remove(dir); !errors.Is(err, unix.EBUSY) {
			break
		}
		if kerr := killAll(dir); kerr != nil {
			return errors.Join(append(errs, kerr)...)
		}
		<-time.After(removePause)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, fmt.Errorf("remove cgroup: %w", err))
	}
	return errors.Join(errs...)
}

// write writes a cgroup's file; these files are never made by writing.
func write(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}
