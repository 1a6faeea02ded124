package history

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/server/history/store"
	"secondwind/server/history/vault"
	"secondwind/server/internal/config"
)

// Off is the Config.Store of a calculator that keeps no history.
const Off = "off"

// Defaults of a Config that its user must know.
const (
	DefaultMaxEntries    = 1_000
	DefaultMaxEntryBytes = 16 << 10
)

// Config is what a History is made of. Every zero value means its default.
type Config struct {
	// Store is "sqlite:PATH" or "postgres://…". "" means history.db in
	// $STATE_DIRECTORY, which systemd sets, or in the user's state folder.
	Store string
	// Key is "file:PATH" or "aws-kms:KEY" (a key id, an ARN or alias/NAME).
	// "" means a file next to the SQLite store; PostgreSQL needs a name.
	Key string
	// AWS says how to reach AWS KMS, each time that a key of it is opened. nil: no
	// such key can be.
	AWS func(context.Context) (aws.Config, error)
	Log *slog.Logger // nil: discard

	MaxEntries    int           // of a user: the oldest go first; 0 means DefaultMaxEntries
	MaxTotal      int           // of all users together; 0 means 100,000
	MaxEntryBytes int           // of an entry's texts: longer ones are shortened; 0 means DefaultMaxEntryBytes
	Retention     time.Duration // how long an entry is kept; 0 means 90 days
	Refresh       time.Duration // how often the store is asked for new keys; 0 means 30 s
	KeyCheck      time.Duration // how often the key is tried; 0 means 5 min
	Timeout       time.Duration // of one request to the store; 0 means 5 s
}

// Validate reports every field that is wrong. It asks neither store nor key.
func (c Config) Validate() error {
	var wrong []error
	if c.Store == Off {
		return errors.New("the history is off: there is nothing to make")
	}
	if c.Store != "" {
		wrong = append(wrong, store.Check(c.Store))
	}
	switch {
	case c.Key != "":
		wrong = append(wrong, vault.CheckName(c.Key))
	case c.Store != "" && !strings.HasPrefix(c.Store, sqlitePrefix):
		wrong = append(wrong, errors.New("a PostgreSQL store needs a key: give file:PATH, the same file on every instance, or aws-kms:KEY"))
	}
	return errors.Join(append(wrong, config.Validate(c.fields()))...)
}

// fields are the numbers, with their defaults.
func (c *Config) fields() []config.Field {
	return []config.Field{
		config.Number("max entries", &c.MaxEntries, DefaultMaxEntries),
		config.Number("max total", &c.MaxTotal, 100_000),
		config.Number("max entry bytes", &c.MaxEntryBytes, DefaultMaxEntryBytes),
		config.Number("retention", &c.Retention, 90*24*time.Hour),
		config.Number("refresh", &c.Refresh, 30*time.Second),
		config.Number("key check", &c.KeyCheck, 5*time.Minute),
		config.Number("timeout", &c.Timeout, 5*time.Second),
	}
}

const sqlitePrefix = "sqlite:"

// source is the key that the defaults filled in.
func (c Config) source() vault.Source { return vault.Source{Name: c.Key, AWS: c.AWS} }

// withDefaults fills in what was left zero. Where no folder is known for the
// default store, Store stays "".
func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Store == "" {
		c.Store = defaultStore(os.Getenv)
	}
	if path, ok := strings.CutPrefix(c.Store, sqlitePrefix); ok && c.Key == "" {
		c.Key = "file:" + path + ".key"
	}
	config.Fill(c.fields())
	return c
}

// defaultStore returns "" where the environment names no folder for state.
func defaultStore(env func(string) string) string {
	folder, _, _ := strings.Cut(env("STATE_DIRECTORY"), ":")
	if folder == "" {
		state := env("XDG_STATE_HOME")
		home := env("HOME")
		switch {
		case runtime.GOOS == "windows":
			state = env("LocalAppData")
		case runtime.GOOS == "darwin" && home != "":
			state = filepath.Join(home, "Library", "Application Support")
		case state == "" && home != "":
			state = filepath.Join(home, ".local", "state")
		}
		if state == "" {
			return ""
		}
		folder = filepath.Join(state, "calculator")
	}
	return sqlitePrefix + filepath.Join(folder, "history.db")
}
