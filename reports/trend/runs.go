// Package trend sees many runs together: how many were proved, how long each link of the
// chain took, and where that changed.
package trend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// Run is what is compared of a run.
type Run struct {
	ID      string
	Where   string
	Outcome judge.Outcome
	seconds []*float64 // by measure; nil: not seen
}

// measure is a time that every run has, if it was seen.
type measure struct {
	code string
	name string
	of   func(judge.Verdict) *float64
}

// measures are the links, each from the one before it, and all of them until the second
// instance serves.
func measures() (all []measure) {
	for _, link := range runlog.Links()[1:] {
		all = append(all, measure{link.Code(), link.String() + " " + link.Name(), func(v judge.Verdict) *float64 {
			if i := slices.IndexFunc(v.Chain, func(l judge.Link) bool { return l.ID == link }); i >= 0 {
				return v.Chain[i].SinceSeconds
			}
			return nil
		}})
	}
	return append(all, measure{"second-instance", "load step to first request", func(v judge.Verdict) *float64 {
		return v.Figures.SecondsToFirstRequest
	}})
}

// NewRun takes from a verdict what is compared.
func NewRun(v judge.Verdict) Run {
	r := Run{ID: v.RunID, Where: v.Where, Outcome: v.Outcome}
	for _, m := range measures() {
		r.seconds = append(r.seconds, m.of(v))
	}
	return r
}

// Read reads the verdicts in the folders of runs, and in those below a folder of runs,
// sorted by when the runs began. Records that claim nothing, and runs without a verdict,
// are counted and left out. A run that is named twice counts once.
func Read(paths []string) (runs []Run, leftOut int, err error) {
	var dirs []string
	for _, path := range paths {
		if isRun(path) {
			dirs = append(dirs, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, 0, fmt.Errorf("%w; name the folders of runs, or the folder that they are in", err)
		}
		for _, entry := range entries {
			if dir := filepath.Join(path, entry.Name()); isRun(dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	for _, dir := range dirs {
		switch v, err := readVerdict(dir); {
		case err != nil:
			return nil, 0, err
		case v == nil:
			leftOut++
		default:
			runs = append(runs, NewRun(*v))
		}
	}
	slices.SortFunc(runs, func(a, b Run) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(runs, func(a, b Run) bool { return a.ID == b.ID }), leftOut, nil
}

func isRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, runlog.ManifestFile))
	return err == nil
}

// readVerdict reads the verdict in the folder of a run; nil: it has none.
func readVerdict(dir string) (*judge.Verdict, error) {
	data, err := os.ReadFile(filepath.Join(dir, runlog.VerdictFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	v := new(judge.Verdict)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %s cannot be read: %w; `secondwind judge` writes it again", dir, runlog.VerdictFile, err)
	case v.Version > runlog.Version:
		return nil, fmt.Errorf("%s: the verdict has version %d, and this program reads up to %d: use a newer one", dir, v.Version, runlog.Version)
	}
	return v, nil
}
