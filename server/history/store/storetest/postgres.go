// Package storetest starts a real PostgreSQL server for tests.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// role is the server's superuser and the owner of every database.
const role = "calculator"

// server is the one of this test binary.
type server struct {
	folder   string
	url      *url.URL // of the database postgres, with TLS verified in full
	password string
	process  *os.Process
	ended    chan struct{}
}

var (
	mu      sync.Mutex
	started *server
	errNone error // why there is no server
)

// Run runs the tests of a package and stops the server if one was started. It
// returns the exit code for TestMain.
func Run(m *testing.M) int {
	code := m.Run()
	mu.Lock()
	defer mu.Unlock()
	if started != nil {
		if err := started.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
			code = max(code, 1)
		}
	}
	return code
}

// Postgres returns the URL of an empty database of the test's own, on a server
// that speaks TLS and asks for a password. It skips the test by name where
// PostgreSQL is not installed.
func Postgres(t *testing.T) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if started == nil && errNone == nil {
		started, errNone = start()
	}
	if errors.Is(errNone, exec.ErrNotFound) {
		t.Skipf("no PostgreSQL server runs here: %v", errNone)
	}
	if errNone != nil {
		t.Fatalf("start PostgreSQL: %v", errNone)
	}
	conn, err := pgx.Connect(t.Context(), started.url.String())
	if err != nil {
		t.Fatalf("connect to PostgreSQL: %v", err)
	}
	defer conn.Close(context.Background())
	name := "test_" + strings.ToLower(rand.Text())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	u := *started.url
	u.Path = "/" + name
	return u.String()
}

// programs returns the folder of the newest PostgreSQL server installed.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(all) == 0 {
		return "", fmt.Errorf("initdb is missing: install postgresql: %w", exec.ErrNotFound)
	}
	return filepath.Dir(all[len(all)-1]), nil
}

// start makes a cluster in a new folder and waits until it answers.
func start() (*server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "postgres")
	if err != nil {
		return nil, err
	}
	s := &server{folder: folder, password: rand.Text(), ended: make(chan struct{})}
	if err := s.launch(bin); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *server) launch(bin string) error {
	if err := s.certify(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.folder, "password"), []byte(s.password), 0o600); err != nil {
		return err
	}
	attributes, err := s.unprivileged()
	if err != nil {
		return err
	}
	data := filepath.Join(s.folder, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", role, "-A", "scram-sha-256",
		"--pwfile", filepath.Join(s.folder, "password"), "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = attributes, s.folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.url = &url.URL{Scheme: "postgres", User: url.UserPassword(role, s.password), Host: net.JoinHostPort("127.0.0.1", port),
		Path:     "/postgres",
		RawQuery: url.Values{"sslmode": {"verify-full"}, "sslrootcert": {filepath.Join(s.folder, "ca.crt")}}.Encode()}
	postgres := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-k", s.folder,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=50",
		"-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(s.folder, "server.crt"), "-c", "ssl_key_file="+filepath.Join(s.folder, "server.key"))
	postgres.SysProcAttr, postgres.Dir = attributes, s.folder
	return s.await(postgres)
}

// await starts the server and returns when it answers.
func (s *server) await(postgres *exec.Cmd) error {
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	postgres.Stdout, postgres.Stderr = log, log
	launched := make(chan error)
	go func() {
		// The thread lives as long as the server, which is killed with it.
		runtime.LockOSThread()
		defer close(s.ended)
		err := postgres.Start()
		s.process = postgres.Process
		launched <- err
		if err == nil {
			_ = postgres.Wait()
		}
	}()
	if err := <-launched; err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url.String())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-again.C:
		case <-s.ended:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("postgres ended: %s", text)
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		}
	}
}

// stop ends the server and removes its folder.
func (s *server) stop() error {
	if s.process != nil {
		if err := s.process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		<-s.ended
	}
	return os.RemoveAll(s.folder)
}

// unprivileged gives the folder to a user that PostgreSQL agrees to run as.
func (s *server) unprivileged() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return attributes(-1, -1), nil
	}
	other, err := user.Lookup("postgres")
	if err != nil {
		if other, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, _ := strconv.Atoi(other.Uid)
	gid, _ := strconv.Atoi(other.Gid)
	err = filepath.WalkDir(s.folder, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, uid, gid))
	})
	return attributes(uid, gid), err
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
