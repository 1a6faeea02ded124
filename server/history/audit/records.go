package audit

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"secondwind/server/history"
	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

// recordsAtOnce is how many records are read from the store at a time.
const recordsAtOnce = 100

// tried counts the records, and keeps for each check how many failed it, and the first.
type tried struct {
	unlocked *history.Unlocked
	impostor *vault.Keys
	records  int
	perKey   map[uint32]int
	flips    int
	checks   []recordCheck
}

// recordCheck is something that must be true of every record.
type recordCheck struct {
	name   string
	try    func(store.Record) error
	failed error
	count  int // of failures
}

func newTried(u *history.Unlocked) (*tried, error) {
	impostor, err := u.Keys.Impostor()
	if err != nil {
		return nil, err
	}
	t := &tried{unlocked: u, impostor: impostor, perKey: map[uint32]int{}}
	t.checks = []recordCheck{
		{name: "every record decrypts with the store's keys", try: t.opens},
		{name: "no record decrypts with other keys under the same ids", try: t.refusesOtherKeys},
		{name: "no record decrypts in another row or for another user", try: t.refusesOtherRows},
		{name: "a changed byte is noticed in every region of every record", try: t.noticesChanges},
	}
	return t, nil
}

func (t *tried) all(ctx context.Context) error {
	var after []byte
	for {
		records, err := t.unlocked.Store.After(ctx, after, recordsAtOnce)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			t.one(r)
		}
		after = records[len(records)-1].ID
	}
}

func (t *tried) one(r store.Record) {
	t.records++
	if id, err := vault.KeyID(r.Sealed); err == nil {
		t.perKey[id]++
	}
	for i := range t.checks {
		if err := t.checks[i].try(r); err != nil {
			t.checks[i].count++
			if t.checks[i].failed == nil {
				t.checks[i].failed = fmt.Errorf("record %x: %w", r.ID, err)
			}
		}
	}
}

func (t *tried) report(r *Report) {
	r.Records = t.records
	for _, c := range t.checks {
		err := c.failed
		if c.count > 1 {
			err = fmt.Errorf("%w (and %d more)", err, c.count-1)
		}
		r.check(c.name, err, "records: %d, data keys: %d, changed bytes tried: %d", t.records, len(t.perKey), t.flips)
	}
}

func (t *tried) opens(r store.Record) error {
	text, err := t.unlocked.Keys.Open(r)
	if err != nil {
		return err
	}
	if _, err := t.unlocked.Decode(text); err != nil {
		return fmt.Errorf("decrypts, but is no entry: %w", err)
	}
	return nil
}

func (t *tried) refusesOtherKeys(r store.Record) error {
	if _, err := t.impostor.Open(r); err == nil {
		return fmt.Errorf("decrypts with a key that was made just now")
	}
	return nil
}

func (t *tried) refusesOtherRows(r store.Record) error {
	row, owner := r, r
	row.ID = changed(r.ID, len(r.ID)-1)
	owner.Owner = changed(r.Owner, 0)
	for name, moved := range map[string]store.Record{"row": row, "user": owner} {
		if _, err := t.unlocked.Keys.Open(moved); err == nil {
			return fmt.Errorf("decrypts in another %s", name)
		}
	}
	return nil
}

func (t *tried) noticesChanges(r store.Record) error {
	if len(r.Sealed) < vault.Overhead {
		return vault.ErrFormat
	}
	for _, region := range vault.Regions(len(r.Sealed)) {
		if region.From >= region.To {
			continue
		}
		at := region.From + rand.IntN(region.To-region.From)
		t.flips++
		if _, err := t.unlocked.Keys.Open(store.Record{Owner: r.Owner, ID: r.ID, Sealed: changed(r.Sealed, at)}); err == nil {
			return fmt.Errorf("a change of byte %d, in its %s, is not noticed", at, region.Name)
		}
	}
	for name, sealed := range map[string][]byte{"a lost": r.Sealed[:len(r.Sealed)-1], "an added": append(bytes.Clone(r.Sealed), 0)} {
		if _, err := t.unlocked.Keys.Open(store.Record{Owner: r.Owner, ID: r.ID, Sealed: sealed}); err == nil {
			return fmt.Errorf("%s last byte is not noticed", name)
		}
	}
	return nil
}

// changed returns b with one bit of byte at changed.
func changed(b []byte, at int) []byte {
	b = bytes.Clone(b)
	if at < len(b) {
		b[at] ^= 1 << rand.IntN(8)
	}
	return b
}
