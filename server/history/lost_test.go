package history

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// losses are what can happen to a store's file while a calculator uses it. another is a
// whole store of other keys.
var losses = []struct {
	name string
	to   func(path string, another []byte) error
	says string // Ready
	late bool   // an entry is added before it is noticed
}{
	{"removed", func(path string, _ []byte) error { return os.Remove(path) }, "was removed, moved or replaced", false},
	{"replaced", func(path string, another []byte) error {
		return errors.Join(os.WriteFile(path+".new", another, 0o600), os.Rename(path+".new", path))
	}, "was removed, moved or replaced", false},
	{"overwritten with noise", func(path string, another []byte) error {
		return os.WriteFile(path, bytes.Repeat([]byte{0x5a}, len(another)), 0o600)
	}, "was overwritten", false},
	{"emptied", func(path string, _ []byte) error { return os.Truncate(path, 0) }, "was overwritten", false},
	{"overwritten with another store", func(path string, another []byte) error { return os.WriteFile(path, another, 0o600) },
		"its keys were removed, or replaced by another store's", true},
	{"without its keys", func(path string, _ []byte) error {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			return err
		}
		_, err = db.Exec(`DELETE FROM history_keyset`)
		return errors.Join(err, db.Close())
	}, "its keys were removed", true},
}

func TestALostStoreIsNotReadyAndIsCountedAndLogged(t *testing.T) {
	other := sqliteConfig(t).withDefaults()
	add(t, opened(t, other), alice, Entry{Result: "other"})
	o := opened(t, other)
	o.unscrubbed.Store(true)
	o.scrub(t.Context(), o.state.Load().store)
	another, err := os.ReadFile(strings.TrimPrefix(other.Store, sqlitePrefix))
	if err != nil {
		t.Fatal(err)
	}
	for _, loss := range losses {
		t.Run(loss.name, func(t *testing.T) {
			var log bytes.Buffer
			cfg := sqliteConfig(t).withDefaults()
			cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
			h, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = h.stop() }()
			if err := h.tend(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			add(t, h, alice, Entry{Result: "1"})
			h.unscrubbed.Store(true)
			h.scrub(t.Context(), h.state.Load().store) // nothing is in the log alone
			if err := h.Ready(t.Context()); err != nil {
				t.Fatalf("Ready before = %v, want nil", err)
			}
			if err := loss.to(strings.TrimPrefix(cfg.Store, sqlitePrefix), another); err != nil {
				t.Fatal(err)
			}
			if err := h.Add(t.Context(), &Addition{alice, Entry{Result: "2"}}); !loss.late && !errors.Is(err, ErrUnavailable) {
				t.Errorf("Add = %v, want ErrUnavailable", err)
			}
			if err := h.Ready(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), loss.says) {
				t.Errorf("Ready = %v, want that it %s", err, loss.says)
			}
			if len(h.failed) != 1 {
				t.Error("Run is not asked to look into it")
			}
			if err := h.tend(t.Context(), false); err == nil || h.Losses() != 1 || !strings.Contains(log.String(), loss.says) {
				t.Errorf("tend = %v, %d losses, log %q, want one loss that is logged", err, h.Losses(), &log)
			}
		})
	}
}

// A row of keys that is gone is not made again: nothing would open what is there.
func TestAStoreWithRecordsGetsNoNewKeys(t *testing.T) {
	cfg := sqliteConfig(t).withDefaults()
	add(t, opened(t, cfg), alice, Entry{Result: "1"})
	if err := losses[len(losses)-1].to(strings.TrimPrefix(cfg.Store, sqlitePrefix), nil); err != nil {
		t.Fatal(err)
	}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.stop() }()
	if err := h.tend(t.Context(), true); err == nil || !strings.Contains(err.Error(), "no keys to them") {
		t.Errorf("a store without its keys opens with %v, want that they are missing", err)
	}
}

// link stands between a calculator and its PostgreSQL server.
type link struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	cut   bool // there is nobody
	still bool // nothing arrives
	conns []net.Conn
}

// linked is the configuration of a database behind a link.
func linked(t *testing.T) (Config, *link) {
	t.Helper()
	cfg := postgresConfig(t)
	u, err := url.Parse(cfg.Store)
	if err != nil {
		t.Fatal(err)
	}
	l := &link{server: u.Host}
	if l.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.listener.Close(); l.set(true, false) })
	go l.serve()
	u.Host = l.listener.Addr().String()
	cfg.Store = u.String()
	return cfg, l
}

func (l *link) serve() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		l.mu.Lock()
		if err != nil || l.cut {
			client.Close()
		}
		if err == nil && l.cut {
			server.Close()
		}
		if err == nil && !l.cut {
			l.conns = append(l.conns, client, server)
			go l.pass(client, server)
			go l.pass(server, client)
		}
		l.mu.Unlock()
	}
}

// pass passes on what arrives; what arrives while it is still is lost.
func (l *link) pass(from, to net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		l.mu.Lock()
		still := l.still
		l.mu.Unlock()
		if err != nil {
			return
		}
		if still {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// set cuts the link, makes it still, or lets all pass again.
func (l *link) set(cut, still bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.still = cut, still
	if cut {
		for _, conn := range l.conns {
			conn.Close()
		}
		l.conns = nil
	}
}

// TestAPostgreSQLThatFails: gone, slow, read-only, and fine again for new connections alone,
// as after a failover.
func TestAPostgreSQLThatFails(t *testing.T) {
	cfg, l := linked(t)
	cfg.Timeout = 500 * time.Millisecond
	admin, err := pgx.Connect(t.Context(), strings.Replace(cfg.Store, l.listener.Addr().String(), l.server, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	sql := func(text string) func() {
		return func() {
			if _, err := admin.Exec(t.Context(), strings.ReplaceAll(text, "DB", admin.Config().Database)); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	const readOnly = `ALTER DATABASE DB SET default_transaction_read_only = on;
		SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'DB' AND pid <> pg_backend_pid()`
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.stop() }()
	kept := map[string]bool{}
	for _, fault := range []struct {
		name       string
		make, mend func()
	}{
		{"gone", func() { l.set(true, false) }, func() { l.set(false, false) }},
		{"slow", func() { l.set(false, true) }, func() { l.set(true, false); l.set(false, false) }},
		{"read-only", sql(readOnly), sql(`ALTER DATABASE DB RESET default_transaction_read_only`)},
	} {
		await(t, "an entry that is kept before it is "+fault.name, func() bool {
			added := &Addition{alice, Entry{Result: fault.name}}
			if h.tend(t.Context(), false) != nil || h.Add(t.Context(), added) != nil {
				return false
			}
			kept[added.Entry.ID] = true
			return true
		})
		fault.make()
		fails(t, h, fault.name)
		fault.mend()
	}
	var got []Entry
	await(t, "a store that works again", func() bool {
		err := h.tend(t.Context(), false)
		if err == nil {
			got, err = h.List(t.Context(), alice, Query{})
		}
		return err == nil
	})
	for _, e := range got {
		delete(kept, e.ID)
	}
	if len(kept) > 0 || h.Losses() < 3 {
		t.Errorf("%d entries were added and are gone, %d losses of the store, want none and one for each fault", len(kept), h.Losses())
	}
}

// fails holds that nothing is said to be kept, and that it is noticed.
func fails(t *testing.T, h *History, how string) {
	t.Helper()
	if err := h.Add(t.Context(), &Addition{bob, Entry{Result: "x"}}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%s: Add = %v, want ErrUnavailable", how, err)
	}
	if err := h.Ready(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%s: Ready = %v, want ErrUnavailable", how, err)
	}
	if err := h.tend(t.Context(), false); err == nil {
		t.Errorf("%s: tend = nil, want its error", how)
	}
}
