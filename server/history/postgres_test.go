package history

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestAPostgreSQLThatDropsItsConnectionsIsFoundAgain(t *testing.T) {
	cfg := postgresConfig(t)
	h := opened(t, cfg)
	want := add(t, h, alice, Entry{Result: "1"})
	conn, err := pgx.Connect(t.Context(), cfg.Store)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for round := range 3 {
		const others = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`
		if _, err := conn.Exec(t.Context(), others); err != nil {
			t.Fatal(err)
		}
		await(t, fmt.Sprintf("an entry that is kept after break %d", round), func() bool {
			err := h.Add(t.Context(), &Addition{bob, Entry{Result: "2"}})
			if err != nil && !errors.Is(err, ErrUnavailable) {
				t.Errorf("Add = %v, want nil or ErrUnavailable", err)
			}
			return err == nil
		})
	}
	if got := list(t, h, alice, Query{}); len(got) != 1 || got[0].ID != want.ID {
		t.Errorf("List = %v, want the entry from before", got)
	}
}
