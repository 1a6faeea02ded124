package fleet

import (
	"path/filepath"
	"slices"
	"strings"
)

// hierarchies are the cgroup hierarchies that matter to CPU, each as the folder
// in which this process stands; "" where there is none.
type hierarchies struct {
	cpu     string // version 1, controller cpu
	cpuacct string // version 1, controller cpuacct; may be the same folder
	unified string // version 2
	top     string // version 2: the mount point, above which there is nothing
}

// parseHierarchies reads /proc/self/mountinfo and /proc/self/cgroup.
// Source: proc_pid_mountinfo(5), cgroups(7) "/proc files".
func parseHierarchies(mountinfo, self string) hierarchies {
	var h hierarchies
	for line := range strings.Lines(mountinfo) {
		m, ok := parseMount(line)
		if !ok {
			continue
		}
		switch {
		case m.fstype == "cgroup2" && h.unified == "":
			h.unified, h.top = m.folder(selfPath(self, "")), m.point
		case m.fstype == "cgroup" && slices.Contains(m.options, "cpu") && h.cpu == "":
			h.cpu = m.folder(selfPath(self, "cpu"))
		}
		if m.fstype == "cgroup" && slices.Contains(m.options, "cpuacct") && h.cpuacct == "" {
			h.cpuacct = m.folder(selfPath(self, "cpuacct"))
		}
	}
	return h
}

// mount is a line of mountinfo.
type mount struct {
	root, point string
	fstype      string
	options     []string
}

func parseMount(line string) (mount, bool) {
	before, after, ok := strings.Cut(line, " - ")
	left, right := strings.Fields(before), strings.Fields(after)
	if !ok || len(left) < 5 || len(right) < 3 {
		return mount{}, false
	}
	// Blanks in paths are written as octal escapes.
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	return mount{
		root: unescape.Replace(left[3]), point: unescape.Replace(left[4]),
		fstype: right[0], options: strings.Split(right[2], ","),
	}, true
}

// folder is where path of the hierarchy is seen; "" if it lies outside of what is mounted.
func (m mount) folder(path string) string {
	if path == "" {
		return ""
	}
	rel, err := filepath.Rel(m.root, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return ""
	}
	return filepath.Join(m.point, rel)
}

// selfPath finds the path of this process in the hierarchy of a controller, ""
// for version 2's; "" if /proc/self/cgroup does not name it.
func selfPath(self, controller string) string {
	for line := range strings.Lines(self) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) == 3 && slices.Contains(strings.Split(parts[1], ","), controller) {
			return parts[2]
		}
	}
	return ""
}
