package history

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	alice = "8a1f0c2b8a1f0c2b8a1f0c2b8a1f0c2b"
	bob   = "ffeeddccbbaa99887766554433221100"
)

func TestEntriesComeBackNewestFirstForTheirUserAlone(t *testing.T) {
	onEveryStore(t, entriesComeBackNewestFirstForTheirUserAlone)
}

func entriesComeBackNewestFirstForTheirUserAlone(t *testing.T, cfg Config) {
	h := opened(t, cfg)
	var want []Entry
	for i := range 7 {
		want = append(want, add(t, h, alice,
			Entry{Instance: "i-1", Operation: "+", Operands: []string{"1", fmt.Sprint(i)}, Result: fmt.Sprint(1 + i)}))
	}
	add(t, h, bob, Entry{Expression: "2^10", Result: "1024"})
	slices.Reverse(want)
	if diff := cmp.Diff(want, list(t, h, alice, Query{})); diff != "" {
		t.Errorf("List differs (-want +got):\n%s", diff)
	}
	if got := list(t, h, bob, Query{}); len(got) != 1 || got[0].Expression != "2^10" {
		t.Errorf("List of the other user = %v, want its one entry", got)
	}
	if got := list(t, h, "nobody", Query{}); len(got) != 0 {
		t.Errorf("List of an unknown user = %v, want none", got)
	}
	if diff := cmp.Diff(want[3:5], list(t, h, alice, Query{Before: want[2].ID, Limit: 2})); diff != "" {
		t.Errorf("the page before the third differs (-want +got):\n%s", diff)
	}
}

func TestSearchFindsWhatAPersonSeesOfAnEntry(t *testing.T) {
	h := opened(t, sqliteConfig(t))
	e := add(t, h, alice, Entry{Instance: "i-0abc", Operation: "mod-inverse", Operands: []string{"31337", "101"}, Result: "55555"})
	add(t, h, alice, Entry{Instance: "i-1", Expression: "GCD(12, 18)", Result: "6"})
	for _, tt := range []struct {
		search string
		found  bool
	}{
		{"313", true}, {"5555", true}, {"MOD-inv", true}, {"i-0abc", true}, {"99", false}, {"gcd", false},
	} {
		got := list(t, h, alice, Query{Search: tt.search})
		if found := slices.ContainsFunc(got, func(g Entry) bool { return g.ID == e.ID }); found != tt.found {
			t.Errorf("List(search %q) has the entry: %v, want %v", tt.search, found, tt.found)
		}
	}
	if got := list(t, h, alice, Query{Search: "gcd"}); len(got) != 1 {
		t.Errorf("List(search gcd) = %d entries, want the one in upper case", len(got))
	}
}

func TestSearchGoesOnBehindEntriesThatDoNotMatch(t *testing.T) {
	onEveryStore(t, searchGoesOnBehindEntriesThatDoNotMatch)
}

func searchGoesOnBehindEntriesThatDoNotMatch(t *testing.T, cfg Config) {
	h := opened(t, cfg)
	add(t, h, alice, Entry{Result: "sought"})
	for range pageSize + 5 {
		add(t, h, alice, Entry{Result: "other"})
	}
	if got := list(t, h, alice, Query{Search: "sought", Limit: 1}); len(got) != 1 {
		t.Errorf("List = %d entries, want the one on the second page", len(got))
	}
}

func TestDeletedEntriesAreGoneForTheirUserAlone(t *testing.T) {
	onEveryStore(t, deletedEntriesAreGoneForTheirUserAlone)
}

func deletedEntriesAreGoneForTheirUserAlone(t *testing.T, cfg Config) {
	h := opened(t, cfg)
	one, two := add(t, h, alice, Entry{Result: "1"}), add(t, h, alice, Entry{Result: "2"})
	other := add(t, h, bob, Entry{Result: "3"})
	if err := h.Delete(t.Context(), bob, one.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("Delete of another user's entry = %v, want ErrNotFound", err)
	}
	if err := h.Delete(t.Context(), alice, one.ID); err != nil {
		t.Errorf("Delete = %v", err)
	}
	if err := h.Delete(t.Context(), alice, one.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a second Delete = %v, want ErrNotFound", err)
	}
	if diff := cmp.Diff([]Entry{two}, list(t, h, alice, Query{})); diff != "" {
		t.Errorf("what is left differs (-want +got):\n%s", diff)
	}
	if err := h.DeleteAll(t.Context(), alice); err != nil {
		t.Errorf("DeleteAll = %v", err)
	}
	if got := list(t, h, alice, Query{}); len(got) != 0 {
		t.Errorf("after DeleteAll List = %v, want none", got)
	}
	if diff := cmp.Diff([]Entry{other}, list(t, h, bob, Query{})); diff != "" {
		t.Errorf("the other user's differ (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoIDIsNotFound(t *testing.T) {
	h := opened(t, sqliteConfig(t))
	for _, id := range []string{"", "1", "'; DROP TABLE history_record", strings.Repeat("9", 1<<20),
		"{0198F2A0-0000-7000-8000-000000000000}"} {
		if err := h.Delete(t.Context(), alice, id); !errors.Is(err, ErrNotFound) || len(err.Error()) > 300 {
			t.Errorf("Delete(%.20q) = %v, want a short ErrNotFound", id, err)
		}
		if id == "" {
			continue
		}
		if _, err := h.List(t.Context(), alice, Query{Before: id}); !errors.Is(err, ErrNotFound) {
			t.Errorf("List(before %.20q) = %v, want ErrNotFound", id, err)
		}
	}
}

func TestAUserKeepsTheNewestEntries(t *testing.T) { onEveryStore(t, aUserKeepsTheNewestEntries) }

func aUserKeepsTheNewestEntries(t *testing.T, cfg Config) {
	cfg.MaxEntries = 3
	h := opened(t, cfg)
	other := add(t, h, bob, Entry{Result: "other"})
	var all []Entry
	for i := range 5 {
		all = append(all, add(t, h, alice, Entry{Result: fmt.Sprint(i)}))
	}
	if diff := cmp.Diff([]Entry{all[4], all[3], all[2]}, list(t, h, alice, Query{})); diff != "" {
		t.Errorf("what is kept differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Entry{other}, list(t, h, bob, Query{})); diff != "" {
		t.Errorf("the other user's differ (-want +got):\n%s", diff)
	}
}

func TestPruningRemovesWhatIsTooOldAndWhatIsTooMuch(t *testing.T) {
	onEveryStore(t, pruningRemovesWhatIsTooOldAndWhatIsTooMuch)
}

func pruningRemovesWhatIsTooOldAndWhatIsTooMuch(t *testing.T, cfg Config) {
	cfg.MaxTotal = 2
	cfg.Retention = time.Hour
	h := opened(t, cfg)
	for _, user := range []string{alice, bob, alice} {
		add(t, h, user, Entry{Result: "x"})
	}
	now := time.Now()
	h.prune(t.Context(), now)
	if a, b := len(list(t, h, alice, Query{})), len(list(t, h, bob, Query{})); a != 1 || b != 1 {
		t.Errorf("after pruning to 2 of 3 the users have %d and %d entries, want 1 and 1", a, b)
	}
	h.prune(t.Context(), now.Add(59*time.Minute))
	if a := len(list(t, h, alice, Query{})); a != 1 {
		t.Errorf("before the retention has passed there are %d entries, want 1", a)
	}
	h.prune(t.Context(), now.Add(61*time.Minute))
	if a, b := len(list(t, h, alice, Query{})), len(list(t, h, bob, Query{})); a+b != 0 {
		t.Errorf("after the retention there are %d and %d entries, want none", a, b)
	}
}

func TestNothingIsThereBeforeRunAndAfterIt(t *testing.T) {
	h, err := New(sqliteConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	unavailableEverywhere(t, h)
	if err := h.stop(); err != nil {
		t.Errorf("stop = %v", err)
	}
	unavailableEverywhere(t, h)
}

// unavailableEverywhere holds every method to ErrUnavailable.
func unavailableEverywhere(t *testing.T, h *History) {
	t.Helper()
	add := h.Add(t.Context(), &Addition{alice, Entry{Result: "1"}})
	_, list := h.List(t.Context(), alice, Query{})
	for name, err := range map[string]error{
		"Add": add, "List": list, "Ready": h.Ready(t.Context()), "DeleteAll": h.DeleteAll(t.Context(), alice),
		"Delete": h.Delete(t.Context(), alice, "0198f2a0-0000-7000-8000-000000000000"),
	} {
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s = %v, want ErrUnavailable", name, err)
		}
	}
}

func TestRunConnectsInTheBackground(t *testing.T) {
	h, err := New(sqliteConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	running(t, h)
	await(t, "Ready", func() bool { return h.Ready(t.Context()) == nil })
	add(t, h, alice, Entry{Result: "1"})
}

func TestConfigReportsEverythingThatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		says []string
	}{
		{"an unknown store and key", Config{Store: "mysql://root:secret@host/x", Key: "pkcs11:1"},
			[]string{"mysql://host/x", "sqlite:PATH", "pkcs11:1", "aws-kms:KEY"}},
		{"a store without a path", Config{Store: "sqlite:"}, []string{"names no file"}},
		{"a PostgreSQL store without a key", Config{Store: "postgres://host/x"}, []string{"needs a key"}},
		{"a PostgreSQL URL that is none", Config{Store: "postgres://u:secret@host:port/x", Key: "file:k"}, []string{"no valid PostgreSQL URL"}},
		{"negative limits", Config{MaxEntries: -1, Retention: -1}, []string{"max entries is negative", "retention is negative"}},
		{"a history that is off", Config{Store: Off}, []string{"is off"}},
		{"a key without a name", Config{Key: "aws-kms:"}, []string{"alias/NAME"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.cfg)
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Fatalf("New = %v, want an error without the password", err)
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("New = %v, want it to say %q", err, says)
				}
			}
		})
	}
}

func TestTheDefaultStoreIsInTheFolderForState(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"systemd's", map[string]string{"STATE_DIRECTORY": "/var/lib/calculator:/x", "HOME": "/root"}, "sqlite:/var/lib/calculator/history.db"},
		{"none", nil, ""},
	} {
		if got := defaultStore(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%s: defaultStore = %q, want %q", tt.name, got, tt.want)
		}
	}
}
