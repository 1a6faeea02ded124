package runlog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The files of a run that are evidence. What else is in the folder is derived
// from them and can be made again.
const (
	ScenarioFile   = "scenario.yaml"
	HypothesisFile = "hypothesis.json"
	LoadFile       = "load.jsonl"
	CloudFile      = "cloud.jsonl"
	ManifestFile   = "manifest.json"
	VerdictFile    = "verdict.json"
	HistoryFile    = "history.json" // the judge does not read it
	// AttestationFile is signed over all other files, and thus in no manifest.
	AttestationFile = "attestation.intoto.jsonl"
)

// Command is the command that made a record.
type Command string

// The commands that make records. Those of load and of observe claim nothing.
const (
	CommandSoak    Command = "soak"
	CommandLoad    Command = "load"
	CommandObserve Command = "observe"
)

// Manifest is manifest.json. It is written when the run begins, so that even a
// killed run tells what it was, and again with every file's digest by Seal.
type Manifest struct {
	Version  int       `json:"version"`
	RunID    string    `json:"runId"`
	Command  Command   `json:"command,omitempty"` // "" in old records; CommandSoak is meant
	Started  time.Time `json:"started"`
	Revision string    `json:"revision,omitempty"` // of the code that ran
	// Versions of programs and modules that took part, by name.
	Versions map[string]string `json:"versions,omitempty"`
	// Seeds of every source of randomness, by what is drawn from it.
	Seeds   map[string]uint64 `json:"seeds,omitempty"`
	Machine Machine           `json:"machine"`
	// Program is what the instances ran, where the run itself started them; nil elsewhere.
	Program *Program `json:"program,omitempty"`
	// Complete is false until Seal.
	Complete bool `json:"complete"`
	// Files is empty until Seal; keyed by slash-separated path in the folder.
	Files map[string]FileDigest `json:"files,omitempty"`
}

// Program is an executable file, and how it was started. The values of its environment,
// which may be secret, are not recorded.
type Program struct {
	Path        string   `json:"path"`
	SHA256      string   `json:"sha256"`
	Arguments   []string `json:"arguments,omitempty"`   // with the placeholders of what is an instance's own
	Environment []string `json:"environment,omitempty"` // names of what was given beside every instance's own
	Folder      string   `json:"folder,omitempty"`      // the working folder; "" is that of the run
	// Files are the SHA-256 of arguments that name files, such as a script.
	Files map[string]string `json:"files,omitempty"`
}

// Machine is where the run's own processes ran.
type Machine struct {
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	CPUs      int    `json:"cpus"`
	GoVersion string `json:"goVersion"`
}

// FileDigest is what Seal found of a file.
type FileDigest struct {
	SHA256 string `json:"sha256"` // hexadecimal
	Size   int64  `json:"size"`   // bytes
}

// Seal ends a run: it writes the digest and size of every file below dir into
// the manifest and marks it complete. The Writer must be closed before. A sealed
// folder may be sealed again when its reports were written anew; evidence that
// changed since the first time is a *TamperedError. A signed folder stays as it is:
// if it is not what was sealed, that is an error.
func Seal(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("seal run: %w", err)
	}
	defer root.Close()
	m, err := readManifest(root)
	if err != nil {
		return fmt.Errorf("seal run %s: %w", dir, err)
	}
	files, err := digests(root)
	if err != nil {
		return fmt.Errorf("seal run %s: %w", dir, err)
	}
	if m.Complete {
		for _, name := range evidenceFiles() {
			if err := sameDigest(name, m.Files[name], files[name]); err != nil {
				return err
			}
		}
	}
	if Signed(dir) && !(m.Complete && maps.Equal(m.Files, files)) {
		return fmt.Errorf("seal run %s: the run is signed, and its files are not those that were signed", dir)
	}
	m.Complete, m.Files = true, files
	return writeJSON(dir, ManifestFile, m)
}

// Signed reports whether the folder of a run has an attestation, valid or not.
func Signed(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, AttestationFile))
	return err == nil
}

// sameDigest compares what is there now with what was sealed; zero: nothing.
func sameDigest(name string, sealed, now FileDigest) error {
	switch none := (FileDigest{}); {
	case sealed == now:
		return nil
	case now == none:
		return &TamperedError{name, "is missing: it was there when the run was sealed"}
	case sealed == none:
		return &TamperedError{name, "was added after the run was sealed"}
	}
	return &TamperedError{name, fmt.Sprintf("was changed after the run was sealed: it has %d bytes and SHA-256 %s, and had %d and %s",
		now.Size, now.SHA256, sealed.Size, sealed.SHA256)}
}

// digests reads every file of the folder but the manifest, what may come later (the audit,
// the attestation), and the temporary files of a write that was cut short.
func digests(root *os.Root) (map[string]FileDigest, error) {
	files := map[string]FileDigest{}
	err := fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || slices.Contains([]string{ManifestFile, AuditFile, AttestationFile}, path) || strings.HasSuffix(path, tempSuffix) {
			return nil
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file: a run holds nothing but files and folders", path)
		}
		digest, err := digestOf(root, path)
		files[path] = digest
		return err
	})
	return files, err
}

func digestOf(root *os.Root, path string) (FileDigest, error) {
	f, err := root.Open(filepath.FromSlash(path))
	if err != nil {
		return FileDigest{}, err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return FileDigest{}, fmt.Errorf("read %s: %w", path, err)
	}
	return FileDigest{hex.EncodeToString(h.Sum(nil)), size}, nil
}

// ReadManifest reads what the folder of a run holds, without its evidence. Its errors
// are those of Open.
func ReadManifest(dir string) (m Manifest, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return m, fmt.Errorf("open run: %w", err)
	}
	defer root.Close()
	if m, err = readManifest(root); err != nil {
		return m, fmt.Errorf("open run: %w", err)
	}
	return m, nil
}

// Claims is whether the record is of a run that sets out to prove something, so that it
// can be judged.
func (m Manifest) Claims() bool { return m.Command != CommandLoad && m.Command != CommandObserve }

func readManifest(root *os.Root) (m Manifest, err error) {
	data, err := root.ReadFile(ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("no %s in %s: this is not the folder of a run", ManifestFile, root.Name())
	}
	if err != nil {
		return m, err
	}
	read, err := decodeVersioned[Manifest](data)
	if err != nil {
		return m, &FormatError{ManifestFile, 0, err}
	}
	return *read, nil
}

// validate reports what makes the manifest no manifest of a run.
func (m Manifest) validate() error {
	switch {
	case !ValidID(m.RunID):
		return fmt.Errorf("runId %q is not of the form 20061102T150405Z-3fa9", m.RunID)
	case m.Started.IsZero():
		return errors.New("started is missing: it does not say when the run started")
	case !slices.Contains([]Command{"", CommandSoak, CommandLoad, CommandObserve}, m.Command):
		return fmt.Errorf("command is %q, want soak, load or observe", m.Command)
	case !m.Complete && len(m.Files) > 0:
		return errors.New("it lists files, but is not complete")
	}
	return nil
}
