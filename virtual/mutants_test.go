package virtual_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

var mutantsAsked = flag.Int("mutants", 100, "how many mutants of recorded runs are judged")

// TestBothJudgesAgreeAboutMutants changes something at random in the records of a virtual soak and of
// the real ones that are kept: whatever it is, what the judge proves the formulas must hold of.
func TestBothJudgesAgreeAboutMutants(t *testing.T) {
	withoutRace(t)
	d := drawn{change: cheap}
	records := []*runlog.Record{virtual.Soak(t, d.configure(virtual.Default(t))).Record}
	for _, name := range kept(t) {
		records = append(records, unpacked(t, name))
	}
	for i, r := range records {
		if v := judge.Judge(r); v.Outcome != judge.Proved {
			t.Fatalf("record %d, as it was: %s %s", i, v.Outcome, v.Reason)
		} else if is := differs(virtual.Result{Record: r, Verdict: v}); is != nil {
			t.Fatalf("record %d, as it was: %q", i, is)
		}
	}
	proved, found := 0, map[string][]string{}
	for number := range *mutantsAsked {
		draw := rand.New(rand.NewPCG(uint64(number), 0x3a7))
		r, what := mutant(records[number%len(records)], draw)
		v := judge.Judge(r)
		if v.Outcome == judge.Proved {
			proved++
		}
		for _, is := range differs(virtual.Result{Record: r, Verdict: v}) {
			found[is] = append(found[is], fmt.Sprintf("mutant %d: %s: %s", number, what, v.Summary))
		}
	}
	for is, all := range found {
		t.Errorf("%d × %s: %s", len(all), is, strings.Join(all[:min(3, len(all))], "\n\t"))
	}
	t.Logf("%d mutants, of which %d are PROVED still", *mutantsAsked, proved)
}

func kept(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("..", "verify", "judge", "testdata", "real", "*.zip"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no real run is kept (%v)", err)
	}
	return all
}

// unpacked is a record that was packed without a seal.
func unpacked(t *testing.T, name string) *runlog.Record {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// mutant is a copy of a record with one line changed, lost, doubled or moved.
func mutant(r *runlog.Record, draw *rand.Rand) (*runlog.Record, string) {
	is := *r
	if draw.IntN(3) == 0 {
		i := draw.IntN(len(r.Load))
		var what string
		is.Load, what = altered(r.Load, i, draw)
		return &is, fmt.Sprintf("load line %d: %s", i+1, what)
	}
	i := draw.IntN(len(r.Cloud))
	var what string
	is.Cloud, what = altered(r.Cloud, i, draw)
	if strings.HasPrefix(what, ".answer") {
		is.Cloud[i].Unchanged = 0 // it has an answer of its own now
		for j := range is.Cloud { // as the lines that repeat it have
			if is.Cloud[j].Unchanged == r.Cloud[i].Seq {
				is.Cloud[j].Answer = is.Cloud[i].Answer
			}
		}
	}
	if draw.IntN(2) == 0 { // as a forger would, who numbers them anew
		for j := range is.Cloud {
			is.Cloud[j].Seq = int64(j + 1)
		}
	}
	return &is, fmt.Sprintf("%s, line %d: %s", r.Cloud[i].Operation, i+1, what)
}

func altered[T any](all []T, i int, draw *rand.Rand) ([]T, string) {
	all = slices.Clone(all)
	switch draw.IntN(10) {
	case 0:
		return slices.Delete(all, i, i+1), "lost"
	case 1:
		return slices.Insert(all, i, all[i]), "doubled"
	case 2:
		j := draw.IntN(len(all))
		all[i], all[j] = all[j], all[i]
		return all, fmt.Sprintf("exchanged with line %d", j+1)
	}
	text, err := json.Marshal(all[i])
	if err != nil {
		return all, "nothing"
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return all, "nothing"
	}
	var leaves []leaf
	walk(value, "", &leaves)
	l := leaves[draw.IntN(len(leaves))]
	what := l.alter(draw)
	var changed T
	if text, err = json.Marshal(value); err != nil || json.Unmarshal(text, &changed) != nil {
		return all, "nothing that can be read"
	}
	all[i] = changed
	return all, what
}

// leaf is a value in a line.
type leaf struct {
	path string
	is   any
	set  func(any)
}

func walk(value any, path string, all *[]leaf) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			*all = append(*all, leaf{path + "." + key, member, func(to any) { v[key] = to }})
			walk(member, path+"."+key, all)
		}
	case []any:
		for i, member := range v {
			*all = append(*all, leaf{path, member, func(to any) { v[i] = to }})
			walk(member, path, all)
		}
	}
	slices.SortStableFunc(*all, func(a, b leaf) int { return strings.Compare(a.path, b.path) }) // maps have no order
}

// alter changes the value to another of its type, or takes it away.
func (l leaf) alter(draw *rand.Rand) string {
	var to any
	switch is := l.is.(type) {
	case bool:
		to = !is
	case json.Number:
		n, _ := is.Float64() // it was just read
		to = []float64{0, n + 1, n - 1, n * 2, n / 2, -n}[draw.IntN(6)]
	case string:
		to = []string{"", is + "x", "OK", "ALARM"}[draw.IntN(4)]
		if at, err := time.Parse(time.RFC3339Nano, is); err == nil {
			to = at.Add(time.Duration(draw.IntN(120)-60) * time.Second / 2).Format(time.RFC3339Nano)
		}
	}
	l.set(to)
	return fmt.Sprintf("%s: %.80v became %.80v", l.path, l.is, to)
}
