package instance_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Where the tests' load balancer and their other clients come from.
const (
	balancerCIDR    = "127.0.1.0/24"
	balancerAddress = "127.0.1.1"
	otherAddress    = "127.0.0.9"
	nobody          = 65534
)

// usual are the values of a stack with a rate limit that no test reaches by chance.
func usual() values {
	v := longest()
	v["load_balancer_cidrs"] = []string{balancerCIDR}
	return v
}

// proxy is a running nginx with the configuration of an instance.
type proxy struct {
	address string
	folder  string // logs, process id and temporary files
	process *exec.Cmd
	ended   chan error
}

// startProxy runs the rendered configuration in front of the upstream. Only
// paths and ports are substituted. It never runs as root.
func startProxy(t *testing.T, upstream string, v values) *proxy {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed: its configuration cannot run")
	}
	files := unpack(t, render(t, v))
	p := &proxy{folder: folder(t), ended: make(chan error, 1)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p.address = listener.Addr().String()

	paths := strings.NewReplacer(
		"/etc/secondwind/nginx.d", p.folder, "/var/log/nginx", p.folder, "/run/nginx.pid", p.folder+"/nginx.pid",
		"listen 8080", "listen "+p.address, "127.0.0.1:8081", upstream)
	write(t, filepath.Join(p.folder, "nginx.main"), []byte(paths.Replace(files["/etc/secondwind/nginx.conf"].content)), 0o644)
	write(t, filepath.Join(p.folder, "settings.conf"), []byte(files["/etc/secondwind/nginx.d/settings.conf"].content), 0o644)
	write(t, filepath.Join(p.folder, "paths.conf"), []byte(temporaryPaths(p.folder)), 0o644)
	p.start(t, program, listener)
	return p
}

// temporaryPaths are directives in place of the paths that are compiled in.
func temporaryPaths(folder string) string {
	var text strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&text, "%s_temp_path %s/%s;\n", kind, folder, kind)
	}
	return text.String()
}

// start hands nginx a socket that listens already: no port can be lost to
// another program, and nobody has to wait until it is there.
func (p *proxy) start(t *testing.T, program string, listener net.Listener) {
	t.Helper()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	p.process = exec.Command(program, "-p", p.folder, "-e", "start.log", "-c", "nginx.main", "-g", "daemon off;")
	p.process.Env = []string{"NGINX=3;"}
	p.process.ExtraFiles = []*os.File{socket}
	p.process.SysProcAttr = unprivileged()
	var said strings.Builder
	p.process.Stdout, p.process.Stderr = &said, &said
	if err := p.process.Start(); err != nil {
		t.Fatalf("start nginx: %v", err)
	}
	go func() { p.ended <- p.process.Wait() }()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("nginx says: %s\n%s", said.String(), read(t, filepath.Join(p.folder, "start.log")))
		}
	})
}

// stop ends nginx and lets it write what its logs hold back.
func (p *proxy) stop(t *testing.T) {
	if p.process == nil {
		return
	}
	if err := p.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("end nginx: %v", err)
	}
	if err := <-p.ended; err != nil {
		t.Errorf("nginx ended with %v", err)
	}
	p.process = nil
}

// unprivileged has a child run as nobody where the tests run as root.
func unprivileged() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	}
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// folder is one that nobody owns, and may reach.
func folder(t *testing.T) string {
	t.Helper()
	name, err := os.MkdirTemp("", "instance")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(name) })
	if os.Getuid() == 0 {
		err = os.Chown(name, nobody, nobody)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// logs are what nginx has written, by file. It ends nginx first.
func (p *proxy) logs(t *testing.T) map[string]string {
	t.Helper()
	p.stop(t)
	files, err := filepath.Glob(filepath.Join(p.folder, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, file := range files {
		all[filepath.Base(file)] = read(t, file)
	}
	return all
}

// from returns a client whose connections come from an address.
func (p *proxy) from(t *testing.T, address string) *http.Client {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, p.address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// answer is a response, read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request to the proxy. Headers are name, value, name, value.
func (p *proxy) do(t *testing.T, client *http.Client, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.address+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s %.60s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %.60s: %v", method, path, err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// problem fails unless the answer is problem details of that status.
func (a answer) problem(t *testing.T, status int) {
	t.Helper()
	var problem struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	err := json.Unmarshal([]byte(a.body), &problem)
	if a.status != status || problem.Status != status || problem.Detail == "" || err != nil ||
		a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer = %d, %q, %q, want problem details of %d", a.status, a.header.Get("Content-Type"), a.body, status)
	}
}

var buildCalculator = sync.OnceValues(func() (string, error) {
	name := filepath.Join(built, "calculator")
	out, err := exec.Command("go", "build", "-o", name, "secondwind/cmd/calculator").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the calculator: %w\n%s", err, out)
	}
	return name, os.Chmod(name, 0o755)
})

var built string // the folder of what TestMain's tests build

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if built, err = os.MkdirTemp("", "calculator"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(built)
	if err := os.Chmod(built, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// calculator is a running process of cmd/calculator.
type calculator struct {
	address string
	process *exec.Cmd
	log     strings.Builder // whole once it has ended
	read    chan struct{}
}

// startCalculator runs the calculator on an address, under a command if one is
// given, and waits until it listens.
func startCalculator(t *testing.T, address string, under ...string) *calculator {
	t.Helper()
	program, err := buildCalculator()
	if err != nil {
		t.Fatal(err)
	}
	c := &calculator{read: make(chan struct{})}
	command := append(under, program, "--address", address)
	c.process = exec.Command(command[0], command[1:]...)
	c.process.Env = []string{
		"AWS_EC2_METADATA_DISABLED=true", "CALCULATOR_LOG_LEVEL=debug",
		"STATE_DIRECTORY=" + folder(t), "HOME=" + folder(t),
	}
	c.process.SysProcAttr = unprivileged()
	c.process.SysProcAttr.Setpgid = true
	output, err := c.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		t.Fatalf("start the calculator: %v", err)
	}
	t.Cleanup(c.stop)
	listening := make(chan string, 1)
	go c.follow(output, listening)
	select {
	case c.address = <-listening:
	case <-c.read:
		t.Fatalf("the calculator ended instead of listening: %s", c.log.String())
	}
	return c
}

// follow keeps the log and reports the address that its first line names.
func (c *calculator) follow(output io.Reader, listening chan<- string) {
	defer close(c.read)
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			listening <- line.Address
		}
		c.log.WriteString(lines.Text() + "\n")
	}
}

// end has the calculator drain, and waits for it.
func (c *calculator) end(t *testing.T) {
	t.Helper()
	// A command that it runs under ends with it.
	group := -c.process.Process.Pid
	if err := syscall.Kill(group, syscall.SIGTERM); err != nil {
		t.Errorf("end the calculator: %v", err)
	}
	<-c.read
	if err := c.process.Wait(); err != nil {
		t.Errorf("the calculator ended with %v", err)
	}
}

// stop ends the calculator at once, as a crash would.
func (c *calculator) stop() {
	if c.process.ProcessState != nil {
		return
	}
	syscall.Kill(-c.process.Process.Pid, syscall.SIGKILL)
	<-c.read
	c.process.Wait()
}
