package fleet

import (
	"testing"
	"time"
)

func TestParseHierarchies(t *testing.T) {
	tests := []struct {
		name, mountinfo, self string
		want                  hierarchies
	}{
		{"version 2 alone", "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
			"0::/user.slice/session-1.scope\n",
			hierarchies{unified: "/sys/fs/cgroup/user.slice/session-1.scope", top: "/sys/fs/cgroup"}},
		{"version 1 with cpu and cpuacct in one", "33 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
			"4:cpu,cpuacct:/jobs\n",
			hierarchies{cpu: "/sys/fs/cgroup/cpu,cpuacct/jobs", cpuacct: "/sys/fs/cgroup/cpu,cpuacct/jobs"}},
		{"both, cpu in version 1", "1 0 0:1 / /c/cpu rw - cgroup cgroup rw,cpu\n2 0 0:2 / /c/cpuacct rw - cgroup cgroup rw,cpuacct\n3 0 " +
			"0:3 / /c/unified rw - cgroup2 cgroup2 rw\n",
			"2:cpuacct:/\n1:cpu:/a\n0::/\n",
			hierarchies{cpu: "/c/cpu/a", cpuacct: "/c/cpuacct", unified: "/c/unified", top: "/c/unified"}},
		{"a container that sees only its own part", "1 0 0:1 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
			"0::/docker/abc/child\n", hierarchies{unified: "/sys/fs/cgroup/child", top: "/sys/fs/cgroup"}},
		{"a cgroup outside of what is mounted", "1 0 0:1 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
			"0::/elsewhere\n", hierarchies{top: "/sys/fs/cgroup"}},
		{"nothing", "", "", hierarchies{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseHierarchies(tt.mountinfo, tt.self); got != tt.want {
				t.Errorf("parseHierarchies() = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestParseStat(t *testing.T) {
	const line = "4711 (a) (b c) S 1 4711 4711 0 -1 4194560 100 200 0 0 5 6 70 8 20 0 9 0 123456 1 2 3\n"
	got, err := parseStat(line)
	if want := (stat{waited: 780 * time.Millisecond, started: 123456}); err != nil || got != want {
		t.Errorf("parseStat() = %+v, %v, want %+v", got, err, want)
	}
}

func FuzzParseStat(f *testing.F) {
	for _, s := range []string{"", ")", "1 (x) S", "1 (a) (b c) S 1 4711 4711 0 -1 4194560 100 200 0 0 5 6 70 8 20 0 9 0 123456"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if s, err := parseStat(line); err != nil && s != (stat{}) {
			t.Errorf("parseStat(%q) = %+v with error %v, want nothing", line, s, err)
		}
	})
}
