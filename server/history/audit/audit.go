package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"secondwind/server/history"
	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

// Options of an audit. The zero value is a whole one.
type Options struct {
	// Known are texts that users entered or saw, or users' cookies, each at
	// least MinKnown bytes: none may be found in the store's raw bytes.
	Known []string
	// ReadOnly writes no marked record, and so shows nothing of deletion.
	ReadOnly bool
}

// Validate reports every known text that is too short to look for.
func (o Options) Validate() error {
	var wrong []error
	for i, text := range o.Known {
		if len(text) < MinKnown {
			wrong = append(wrong, fmt.Errorf("known text %d has %d bytes: give at least %d, since a shorter one is found by chance",
				i+1, len(text), MinKnown))
		}
	}
	return errors.Join(wrong...)
}

// Run audits the store of a configuration. An error says that it could not be
// audited; what the audit found is in the report.
func Run(ctx context.Context, cfg history.Config, o Options) (Report, error) {
	if err := o.Validate(); err != nil {
		return Report{}, err
	}
	u, err := history.Unlock(ctx, cfg)
	if err != nil {
		return Report{}, err
	}
	report, err := audit(ctx, u, o)
	return report, errors.Join(err, u.Close())
}

func audit(ctx context.Context, u *history.Unlocked, o Options) (Report, error) {
	report := Report{Version: Version, Time: time.Now().UTC(), Store: u.Store.Name(), KEK: u.KEK.Name(), DataKeys: u.Keys.Len(), Passed: true}
	var marks []mark
	if !o.ReadOnly {
		var err error
		if marks, err = newMarks(ctx, u); err != nil {
			return report, fmt.Errorf("write marked records: %w", err)
		}
	}
	err := errors.Join(examine(ctx, u, o, marks, &report), forget(ctx, u, marks, &report))
	return report, err
}

// examine looks at the store while the marked records are in it.
func examine(ctx context.Context, u *history.Unlocked, o Options, marks []mark, report *Report) error {
	if err := searchPlaintext(ctx, u, o, marks, report); err != nil {
		return err
	}
	t, err := newTried(u)
	if err != nil {
		return err
	}
	if err := t.all(ctx); err != nil {
		return err
	}
	t.report(report)
	err = vault.WrapHolds(ctx, u.KEK, u.Wrapped)
	report.check("the wrapped keys open with the key-encryption key alone, for their store alone, and unchanged alone", err,
		"data keys %d bytes, look-up key %d bytes, revision %d", len(u.Wrapped.Data), len(u.Wrapped.Lookup), u.Wrapped.Revision)
	return ctx.Err()
}

// searchPlaintext looks for whatever the raw bytes must not contain, and for
// the marked records themselves, which must: a search that does not find those
// shows nothing.
func searchPlaintext(ctx context.Context, u *history.Unlocked, o Options, marks []mark, report *Report) error {
	secrets, err := u.Keys.Secrets()
	if err != nil {
		return err
	}
	var plain, keys, stored []searchPattern
	for i, text := range o.Known {
		plain = append(plain, patternsOf(plaintext, fmt.Sprintf("known text %d", i+1), []byte(text))...)
	}
	for i, m := range marks {
		for what, text := range m.secrets() {
			plain = append(plain, patternsOf(plaintext, fmt.Sprintf("the %s of marked record %d", what, i+1), []byte(text))...)
		}
		stored = append(stored, searchPattern{sealed, fmt.Sprintf("marked record %d", i+1), "encrypted", m.record.Sealed[:pieceBytes]})
	}
	for i, key := range secrets {
		keys = append(keys, patternsOf(secret, fmt.Sprintf("key %d", i+1), key)...)
	}
	hits, parts, err := search(ctx, u.Store, slices.Concat(plain, keys, stored))
	if err != nil {
		return err
	}
	report.Parts = parts
	if len(marks) > 0 {
		var err error
		if lost := len(stored) - len(of(sealed, hits)); lost > 0 {
			err = fmt.Errorf("%d of %d marked records were not found in the raw bytes, so these are not all of the store's", lost, len(stored))
		}
		report.check("the search finds what is there: each marked record, encrypted", err, "%d of %d", len(stored), len(stored))
	}
	if len(plain) > 0 {
		report.check("no known plaintext and no user is in the raw bytes", asError(of(plaintext, hits)),
			"%d known texts and %d marked records, %d forms of them", len(o.Known), len(marks), len(plain))
	}
	report.check("no key is in the raw bytes", asError(of(secret, hits)), "%d keys, %d forms of them", len(secrets), len(keys))
	return nil
}

// A mark is a record that the audit wrote itself.
type mark struct {
	user   string
	entry  history.Entry
	record store.Record
}

// longMark is how many digits the operand of the second mark has: so many that
// a database keeps its record apart from the others.
const longMark = 9_000

// newMarks writes two records of a user that nobody has.
func newMarks(ctx context.Context, u *history.Unlocked) ([]mark, error) {
	var marks []mark
	for _, digits := range []int{40, longMark} {
		a, b := randomNumber(digits), randomNumber(40)
		m := mark{user: "audit-" + rand.Text(), entry: history.Entry{
			Instance: "audit-" + rand.Text(), Operation: "*", Operands: []string{a.String(), b.String()}, Result: new(big.Int).Mul(a, b).String(),
		}}
		var err error
		if m.record, err = u.Add(ctx, m.user, m.entry); err != nil {
			return marks, err
		}
		marks = append(marks, m)
	}
	return marks, nil
}

func randomNumber(digits int) *big.Int {
	least := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits-1)), nil)
	n, err := rand.Int(rand.Reader, new(big.Int).Mul(least, big.NewInt(9)))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return n.Add(n, least)
}

// secrets are texts of the mark that must not be found. Of long ones a part is
// enough: it is in whatever the whole is in.
func (m mark) secrets() map[string]string {
	const enough = 40
	operand, result := m.entry.Operands[0], m.entry.Result
	return map[string]string{
		"user": m.user, "instance": m.entry.Instance, "first operand": operand[:min(len(operand), enough)],
		"second operand": m.entry.Operands[1], "result": result[len(result)-min(len(result), enough):],
	}
}

// pieceBytes is the length of the pieces of a deleted record that are looked for.
const pieceBytes = 16

// maxPieces bounds how many pieces of a record are looked for.
const maxPieces = 64

// forget deletes the marked records and looks for what is left of them.
func forget(ctx context.Context, u *history.Unlocked, marks []mark, report *Report) error {
	if len(marks) == 0 {
		return nil
	}
	var pieces []searchPattern
	for i, m := range marks {
		// Even an audit that was interrupted leaves nothing behind.
		if _, err := u.Store.Delete(context.WithoutCancel(ctx), m.record.Owner, m.record.ID); err != nil {
			return err
		}
		bytes := m.record.Sealed
		step := max(pieceBytes, len(bytes)/maxPieces)
		for at := 0; at+pieceBytes <= len(bytes); at += step {
			what := fmt.Sprintf("deleted record %d, from its byte %d,", i+1, at)
			pieces = append(pieces, searchPattern{sealed, what, "encrypted", bytes[at : at+pieceBytes]})
		}
		pieces = append(pieces, searchPattern{sealed, fmt.Sprintf("the id of deleted record %d", i+1), "as it is", m.record.ID})
	}
	if err := scrub(ctx, u.Store); err != nil {
		report.check("deleted records leave no bytes", err, "")
		return nil
	}
	hits, _, err := search(ctx, u.Store, pieces)
	if err != nil {
		return err
	}
	report.check("deleted records leave no bytes", asError(hits), "%d pieces of %d deleted records", len(pieces), len(marks))
	return nil
}

// scrubTries is how often readers may be in the way, for seconds each time.
const scrubTries = 3

func scrub(ctx context.Context, s *store.Store) (err error) {
	for range scrubTries {
		if err = s.Scrub(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}
