package instance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// entry makes a name space in which /etc and /usr/local are the machine's own
// copies, and the installer's other places are empty, and runs install.sh there.
const entry = `set -e
if [ ! -e "$1/etc/passwd" ]; then
	cp -an /etc/. "$1/etc/" 2>/dev/null || true
	# A user who is not root has but one id here.
	[ "$2" = -m ] || sed -i 's/^www-data:x:[0-9]*:[0-9]*:/www-data:x:0:0:/' "$1/etc/passwd"
fi
mount --bind "$1/etc" /etc
mount --bind "$1/local" /usr/local
for place in /var/log /var/lib/nginx /run; do mount -t tmpfs tmpfs $place; done
mkdir /var/log/nginx
PATH=/usr/local/stand-in:/usr/sbin:/usr/bin:/sbin:/bin exec /usr/local/lib/secondwind/install.sh
`

// systemctl stands in for systemd, which cannot be started here. It keeps what
// it was asked for.
const systemctl = `#!/bin/sh
echo "$*" >>/usr/local/stand-in/asked
`

// machine is an instance's file system after cloud-init has written its files.
type machine struct {
	root    string
	space   string // how unshare makes the name space
	account *account
}

func newMachine(t *testing.T, a *account, userData string) *machine {
	t.Helper()
	for _, program := range []string{"unshare", "nginx", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: the installer cannot run", program)
		}
	}
	m := &machine{root: t.TempDir(), space: "-m", account: a}
	if os.Getuid() != 0 {
		m.space = "-Urm"
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", m.space, "mount", "-t", "tmpfs", "tmpfs", "/mnt").CombinedOutput(); err != nil {
		t.Skipf("this system lets this user make no name space, in which the installer would run: %s", out)
	}
	for path, file := range unpack(t, userData) {
		mode := os.FileMode(0o644)
		if file.executable {
			mode = 0o755
		}
		m.write(t, path, file.content, mode)
	}
	m.write(t, "/usr/local/stand-in/systemctl", systemctl, 0o755)
	m.write(t, "/usr/local/bin/.keep", "", 0o644)
	return m
}

// path is where a file of the machine is outside of it.
func (m *machine) path(name string) string {
	return filepath.Join(m.root, strings.Replace(name, "/usr/local/", "/local/", 1))
}

func (m *machine) write(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, m.path(name), []byte(content), mode)
}

// install runs the installer. It returns what was asked of systemd for the two
// units since the last time, and what the installer says.
func (m *machine) install(t *testing.T) (asked []string, said string, err error) {
	t.Helper()
	record := m.path("/usr/local/stand-in/asked")
	if err := os.RemoveAll(record); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", m.space, "sh", "-c", entry, "sh", m.root, m.space)
	cmd.Env = m.account.environment()
	out, err := cmd.CombinedOutput()
	text, _ := os.ReadFile(record) // not there: nothing was asked
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "calculator.service") {
			asked = append(asked, strings.TrimSpace(line))
		}
	}
	return asked, string(out), err
}

func TestInstallerDoesWhatIsMissing(t *testing.T) {
	t.Parallel()
	binary := []byte("#!/bin/true\n")
	a := (&account{objects: map[string][]byte{"artifacts/calculator/1?versionId=v1": binary}}).serve(t)
	v := usual()
	v["region"], v["bucket"] = region, "artifacts"
	v["artifact_key"], v["artifact_version"], v["artifact_sha256"] = "calculator/1", "v1", sum(binary)
	m := newMachine(t, a, render(t, v))
	const (
		enable  = "enable calculator.service nginx.service"
		start   = "start calculator.service nginx.service"
		restart = "restart calculator.service nginx.service"
	)

	for _, step := range []struct {
		name     string
		before   func()
		asked    []string // of systemd; none where the installer must fail
		says     string
		requests int32 // to S3, in all
	}{
		{"the first boot installs and starts", func() {}, []string{enable, restart}, "restarted", 1},
		{"a baked image is left running", func() {}, []string{enable, start}, "started", 1},
		{"another configuration of nginx is taken up", func() {
			m.write(t, "/etc/secondwind/nginx.conf", read(t, "nginx.conf")+"# changed\n", 0o644)
		}, []string{enable, restart}, "restarted", 1},
		{"a configuration that nginx refuses changes nothing", func() {
			m.write(t, "/etc/secondwind/nginx.conf", read(t, "nginx.conf")+"wrong;\n", 0o644)
		}, nil, `unknown directive "wrong"`, 1},
		{"a binary that was changed is fetched again", func() {
			m.write(t, "/etc/secondwind/nginx.conf", read(t, "nginx.conf")+"# changed\n", 0o644)
			m.write(t, "/usr/local/bin/calculator", "changed", 0o755)
		}, []string{enable, restart}, "restarted", 2},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.before()
			asked, said, err := m.install(t)
			if fails := step.asked == nil; (err != nil) != fails || strings.Join(asked, "\n") != strings.Join(step.asked, "\n") ||
				!strings.Contains(said, step.says) {
				t.Errorf("install = %v, asked systemd for %q, want %q and %q in:\n%s", err, asked, step.asked, step.says, said)
			}
			if got := a.requests.Load(); got != step.requests {
				t.Errorf("%d requests to S3 in all, want %d", got, step.requests)
			}
			if got := read(t, m.path("/usr/local/bin/calculator")); got != string(binary) {
				t.Errorf("installed is %q", got)
			}
			if got := read(t, m.path("/etc/secondwind/memory.env")); !regexp.MustCompile(`^GOMEMLIMIT=[1-9]\d+KiB\n$`).MatchString(got) {
				t.Errorf("memory.env is %q", got)
			}
			if got := read(t, m.path("/etc/nginx/nginx.conf")); strings.Contains(got, "wrong;") || !strings.Contains(got, "server 127.0.0.1:8081;") {
				t.Errorf("nginx.conf is\n%s", got)
			}
		})
	}
}

func TestInstallerStartsNothingThatIsNotTheBuiltBinary(t *testing.T) {
	t.Parallel()
	a := (&account{objects: map[string][]byte{"artifacts/calculator/1?versionId=v1": []byte("another")}}).serve(t)
	v := usual()
	v["region"], v["bucket"], v["artifact_key"], v["artifact_version"] = region, "artifacts", "calculator/1", "v1"
	m := newMachine(t, a, render(t, v))
	asked, said, err := m.install(t)
	if err == nil || len(asked) > 0 || !strings.Contains(said, "it is not installed") {
		t.Errorf("install = %v, asked systemd for %q, want a refusal:\n%s", err, asked, said)
	}
	if _, err := os.Stat(m.path("/usr/local/bin/calculator")); err == nil {
		t.Error("the binary is there")
	}
}
