package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// AuditFile is the audit of a run. It is not in the manifest.
const AuditFile = "audit.jsonl"

// auditEnd is the last line of an audit.
type auditEnd struct {
	SHA256 string `json:"sha256"` // of all bytes before it
}

func (e auditEnd) validate() error {
	if e.SHA256 == "" {
		return errors.New("the last line has no sha256: the audit is not whole")
	}
	return nil
}

// RecordSHA256 identifies a record: it is the digest of the manifest as it is when the
// evidence of files is sealed, and nothing else. It stays the same when reports are added
// or made anew.
func (m Manifest) RecordSHA256(files map[string]FileDigest) string {
	m.Complete, m.Files = true, map[string]FileDigest{}
	for _, name := range evidenceFiles() {
		if digest, ok := files[name]; ok {
			m.Files[name] = digest
		}
	}
	data, _ := json.Marshal(m) // of texts, times and numbers
	return digest(data)
}

// WriteAudit writes the audit of the record in dir, in place of one that is there. It
// fills in which record it is about. Nothing else in the folder is touched.
func WriteAudit(dir string, a Audit) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("write %s: %w", AuditFile, err)
	}
	defer root.Close()
	m, err := readManifest(root)
	if err != nil {
		return fmt.Errorf("write %s: %w", AuditFile, err)
	}
	files := m.Files
	if !m.Complete {
		if files, err = digests(root); err != nil {
			return fmt.Errorf("write %s: %w", AuditFile, err)
		}
	}
	a.Version, a.RunID, a.RecordSHA256 = Version, m.RunID, m.RecordSHA256(files)
	data, err := a.marshal()
	if err != nil {
		return fmt.Errorf("write %s: %w", AuditFile, err)
	}
	return WriteFile(dir, AuditFile, data)
}

// marshal gives the bytes of the file: the audit itself, a line for each event, and the
// digest of these.
func (a Audit) marshal() ([]byte, error) {
	if err := a.validate(); err != nil {
		return nil, err
	}
	var all bytes.Buffer
	enc := json.NewEncoder(&all)
	enc.SetEscapeHTML(false)
	err := enc.Encode(a)
	for _, e := range sorted(a.Events) {
		err = errors.Join(err, e.validate(), enc.Encode(e))
	}
	err = errors.Join(err, enc.Encode(auditEnd{digest(all.Bytes())}))
	return all.Bytes(), err
}

// readAudit reads the audit beside the record, which must be about this one and whole.
func (r *Record) readAudit(root *os.Root) error {
	data, err := root.ReadFile(AuditFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := slices.Collect(bytes.Lines(data))
	if len(lines) < 2 {
		return &FormatError{AuditFile, 0, errors.New("the audit is not whole")}
	}
	number := len(lines)
	end, err := decodeStrict[auditEnd](lines[number-1])
	if err != nil {
		return &FormatError{AuditFile, int64(number), err}
	}
	if is := digest(data[:len(data)-len(lines[number-1])]); is != end.SHA256 {
		return &TamperedError{AuditFile, fmt.Sprintf("was changed: its lines have SHA-256 %s, and had %s", is, end.SHA256)}
	}
	if r.Audit, err = decodeVersioned[Audit](lines[0]); err != nil {
		return &FormatError{AuditFile, 1, err}
	}
	if r.Audit.RunID != r.Manifest.RunID || r.Audit.RecordSHA256 != r.Manifest.RecordSHA256(r.digests) {
		return &TamperedError{AuditFile, fmt.Sprintf("is of another record of run %s than this one; remove it, or audit the run anew",
			r.Audit.RunID)}
	}
	for i, line := range lines[1 : number-1] {
		e, err := decodeStrict[AuditEvent](line)
		if err != nil {
			return &FormatError{AuditFile, int64(i + 2), err}
		}
		r.Audit.Events = append(r.Audit.Events, *e)
	}
	return nil
}
