package runlog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// flushEvery is how long a line waits at most before it is handed to the
// operating system: what a killed run can lose.
const flushEvery = time.Second

// Writer writes the record of a run that is under way. It is safe for
// concurrent use. A write that failed is never silent: it is the error of that
// call or of the next one, and of Close.
type Writer struct {
	dir      string
	manifest Manifest // as it was created

	mu          sync.Mutex
	load, cloud *lines
	hypothesis  bool
	scenario    string // SHA-256 of what was written
	audit       *Audit

	closing sync.Once
	stop    chan struct{}
	stopped chan struct{}
}

// Create makes the folder dir, which must not hold a run yet, and begins its
// record. The caller fills in RunID, Started, Revision, Versions and Seeds of m;
// the rest is filled in here.
func Create(dir string, m Manifest) (*Writer, error) {
	m.Version, m.Complete, m.Files = Version, false, nil
	m.Machine = Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), GoVersion: runtime.Version()}
	m.Started = m.Started.UTC()
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, ManifestFile)); err == nil {
		return nil, fmt.Errorf("create run: %s already holds a run: name another folder", dir)
	}
	load, err := createLines(dir, LoadFile)
	if err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	_ = lock(load.file) // where there are no locks, nobody finds out that this process lives
	cloud, err := createLines(dir, CloudFile)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create run: %w", err), load.close())
	}
	if err := writeJSON(dir, ManifestFile, m); err != nil {
		return nil, errors.Join(fmt.Errorf("create run: %w", err), load.close(), cloud.close())
	}
	return newWriter(dir, m, load, cloud), nil
}

func newWriter(dir string, m Manifest, load, cloud *lines) *Writer {
	w := &Writer{dir: dir, manifest: m, load: load, cloud: cloud, stop: make(chan struct{}), stopped: make(chan struct{})}
	go w.flushLoop()
	return w
}

// Dir is the run's folder.
func (w *Writer) Dir() string { return w.dir }

// WriteScenario writes scenario.yaml and returns its SHA-256 in hexadecimal.
func (w *Writer) WriteScenario(yaml []byte) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scenario = digest(yaml)
	return w.scenario, WriteFile(w.dir, ScenarioFile, yaml)
}

// WriteProgram notes in the manifest what the run's instances run, with the digests of its
// files.
func (w *Writer) WriteProgram(p Program) error {
	var err error
	if p.SHA256, err = fileSHA256(p.Path); err != nil {
		return fmt.Errorf("read the program of the instances: %w", err)
	}
	p.Files = map[string]string{}
	for _, name := range p.Arguments {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.Folder, name)
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			if p.Files[name], err = fileSHA256(path); err != nil {
				return fmt.Errorf("read an argument of the program of the instances: %w", err)
			}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.manifest.Program = &p
	return writeJSON(w.dir, ManifestFile, w.manifest)
}

func fileSHA256(path string) (string, error) {
	data, err := os.ReadFile(path)
	return digest(data), err
}

// WriteHypothesis writes hypothesis.json and returns its SHA-256 in
// hexadecimal, which belongs into the next phase line of the load. The hypothesis has
// the digest of the scenario that was written before. A hypothesis
// is declared once: a second call is an error.
func (w *Writer) WriteHypothesis(h Hypothesis) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hypothesis {
		return "", errors.New("write hypothesis: it was declared already, and a run has one")
	}
	if err := h.validate(); err != nil {
		return "", fmt.Errorf("write %s: %w", HypothesisFile, err)
	}
	h.Version, h.ScenarioSHA256 = Version, w.scenario
	data, err := Marshal(h)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", HypothesisFile, err)
	}
	if err := WriteFile(w.dir, HypothesisFile, data); err != nil {
		return "", err
	}
	w.hypothesis = true
	return digest(data), nil
}

// WriteLoad appends a line to load.jsonl.
func (w *Writer) WriteLoad(l LoadLine) error {
	if err := cmp.Or(l.validate(), w.manifest.validateLoad(l)); err != nil {
		return fmt.Errorf("write %s: %w", LoadFile, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.load.append(l)
}

// WriteObservation appends a line to cloud.jsonl. Seq must go on where the last
// one was.
func (w *Writer) WriteObservation(o Observation) error {
	if err := o.validate(); err != nil {
		return fmt.Errorf("write %s: %w", CloudFile, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if want := w.cloud.count + 1; o.Seq != want {
		return fmt.Errorf("write %s: seq is %d, want %d", CloudFile, o.Seq, want)
	}
	return w.cloud.append(o)
}

// WriteAudit sees to it that Close writes the audit: it is about the other files as they
// are then.
func (w *Writer) WriteAudit(a Audit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.audit = &a
}

// Flush hands everything written so far to the operating system.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.load.flush(), w.cloud.flush())
}

// Close writes what is left, syncs and closes the files. The folder is not
// sealed by it: reports may still be added. Closing again does nothing.
func (w *Writer) Close() (err error) {
	w.closing.Do(func() {
		close(w.stop)
		<-w.stopped
		w.mu.Lock()
		defer w.mu.Unlock()
		err = errors.Join(w.load.close(), w.cloud.close())
		if w.audit != nil && err == nil {
			err = WriteAudit(w.dir, *w.audit)
		}
	})
	return err
}

func (w *Writer) flushLoop() {
	defer close(w.stopped)
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-ticker.C:
			_ = w.Flush() // kept by lines, and returned by the next call
		}
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
