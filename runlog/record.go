package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Record is a run as read back from its folder.
type Record struct {
	Manifest Manifest
	// Scenario is scenario.yaml; nil if the run ended before it was written.
	Scenario []byte
	// Hypothesis is nil if the run ended before it was declared.
	Hypothesis       *Hypothesis
	HypothesisSHA256 string // of hypothesis.json as it is in the folder; "" without
	// Load[i] is line i+1 of load.jsonl.
	Load []LoadLine
	// Cloud[i] is line i+1 of cloud.jsonl and has Seq i+1. Where the line says
	// Unchanged, Answer is the earlier one's: the same bytes, not a copy.
	Cloud []Observation
	// History is nil if nothing was asked of the calculators' history.
	History *History
	// Audit is nil if nobody asked CloudTrail who called.
	Audit *Audit
	// Torn are the files whose last line was cut short, as a killed run leaves
	// them; the rest of that line is not in the record.
	Torn []string

	digests map[string]FileDigest // of the evidence, as it was read
}

// Open reads a run's folder. A sealed one must be byte for byte what was
// sealed, else the error is a *TamperedError; an unsealed one, of a run that
// lives or was killed, may end in a torn line. What cannot be read is a
// *FormatError with file and line.
func Open(dir string) (*Record, error) { return open(dir, false) }

// OpenToJudge is Open without what only reports read of a load's lines: latencies, connections,
// kinds of requests, the generator. The lines of a day take 60 % less memory without.
func OpenToJudge(dir string) (*Record, error) { return open(dir, true) }

func open(dir string, toJudge bool) (*Record, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	defer root.Close()
	r := &Record{digests: map[string]FileDigest{}}
	if r.Manifest, err = readManifest(root); err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	// Reports first and evidence as it is read: what is hashed is what is used.
	if err := r.verifyDerived(root); err != nil {
		return nil, fmt.Errorf("open run %s: %w", dir, err)
	}
	if r.Scenario, err = r.evidence(root, ScenarioFile); err != nil {
		return nil, fmt.Errorf("open run %s: %w", dir, err)
	}
	for _, read := range []func(*os.Root) error{
		r.readHypothesis, func(root *os.Root) error { return r.readAllLines(root, toJudge) }, r.readHistory, r.readAudit,
	} {
		if err := read(root); err != nil {
			return nil, fmt.Errorf("open run %s: %w", dir, err)
		}
	}
	return r, nil
}

// evidenceFiles are those that stay as they were once a run is sealed.
func evidenceFiles() []string {
	return []string{ScenarioFile, HypothesisFile, LoadFile, CloudFile, HistoryFile}
}

func (r *Record) verifyDerived(root *os.Root) error {
	for _, name := range slices.Sorted(maps.Keys(r.Manifest.Files)) {
		if slices.Contains(evidenceFiles(), name) {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return &FormatError{ManifestFile, 0, fmt.Errorf("%q is not a path inside the folder", name)}
		}
		now, err := digestOf(root, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("verify %s: %w", name, err)
		}
		if err := sameDigest(name, r.Manifest.Files[name], now); err != nil {
			return err
		}
	}
	return nil
}

// evidence reads a file and, in a sealed run, holds it against the manifest.
// A file that is not there is nil.
func (r *Record) evidence(root *os.Root, name string) (data []byte, err error) {
	var now FileDigest
	switch data, err = root.ReadFile(name); {
	case err == nil:
		now = FileDigest{digest(data), int64(len(data))}
		r.digests[name] = now
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if r.Manifest.Complete {
		return data, sameDigest(name, r.Manifest.Files[name], now)
	}
	return data, nil
}

func (r *Record) readHypothesis(root *os.Root) (err error) {
	var data []byte
	if r.Hypothesis, data, err = readVersioned[Hypothesis](r, root, HypothesisFile); r.Hypothesis != nil {
		r.Hypothesis.Upgrade()
		r.HypothesisSHA256 = digest(data)
	}
	return err
}

func (r *Record) readHistory(root *os.Root) (err error) {
	r.History, _, err = readVersioned[History](r, root, HistoryFile)
	return err
}

// readVersioned reads evidence with a version; nil if the file is not there.
func readVersioned[T validator](r *Record, root *os.Root, name string) (*T, []byte, error) {
	data, err := r.evidence(root, name)
	if err != nil || data == nil {
		return nil, nil, err
	}
	v, err := decodeVersioned[T](data)
	if err != nil {
		return nil, nil, &FormatError{name, 0, err}
	}
	return v, data, nil
}
