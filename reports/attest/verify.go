package attest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"secondwind/runlog"
)

// Verify reports why the attestation of a sealed run is not one of this run, signed
// with this key; nil: it is. That the files are those of the manifest is for
// runlog.Open to say.
func (v Verifier) Verify(ctx context.Context, dir string) error {
	m, subject, err := subjects(dir)
	if err != nil {
		return fmt.Errorf("verify the signature: %w", err)
	}
	bundle, err := os.ReadFile(filepath.Join(dir, runlog.AttestationFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not signed: it has no %s; `secondwind soak --sign` makes one", dir, runlog.AttestationFile)
	}
	if err != nil {
		return fmt.Errorf("verify the signature: %w", err)
	}
	verdicts, number := 0, 0
	for line := range bytes.Lines(bundle) {
		number++
		statement, err := v.statement(ctx, line)
		if err == nil {
			err = statement.fits(subject)
		}
		if err == nil && statement.PredicateType == VerdictPredicate {
			verdicts++
			err = statement.isOf(m)
		}
		if err != nil {
			return &runlog.FormatError{File: runlog.AttestationFile, Line: int64(number), Err: err}
		}
	}
	if verdicts != 1 {
		return fmt.Errorf("%s has %d statements about a verdict, want 1", runlog.AttestationFile, verdicts)
	}
	return nil
}

// statement opens an envelope that is signed with the key.
func (v Verifier) statement(ctx context.Context, line []byte) (s statement, err error) {
	var envelope dsse.Envelope
	if err := json.Unmarshal(line, &envelope); err != nil {
		return s, fmt.Errorf("this is no DSSE envelope: %w", err)
	}
	verifier, err := dsse.NewEnvelopeVerifier(v.key)
	if err != nil {
		return s, err
	}
	_, payload, err := verifier.VerifyAndDecode(ctx, &envelope)
	if err != nil {
		own, _ := v.key.KeyID()
		ids := map[string]bool{}
		for _, signature := range envelope.Signatures {
			ids[signature.KeyID] = true
		}
		switch others := slices.Sorted(maps.Keys(ids)); {
		case len(others) == 0:
			return s, errors.New("it has no signature")
		case !ids[own]:
			return s, fmt.Errorf("it is signed with another key: %q, not %s", others, own)
		}
		return s, errors.New("the signature does not fit: what was signed was changed, or another key made it")
	}
	if envelope.PayloadType != payloadType {
		return s, fmt.Errorf("the payload is %q, want %q", envelope.PayloadType, payloadType)
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil || s.Type != statementType {
		return s, fmt.Errorf("the payload is no in-toto statement: type %q, %w", s.Type, err)
	}
	return s, nil
}

// fits reports which file of the run is not as it was signed.
func (s statement) fits(now []resource) error {
	signed, there := map[string]string{}, map[string]string{}
	for _, r := range s.Subject {
		if _, twice := signed[r.Name]; twice {
			return fmt.Errorf("it names %s twice", r.Name)
		}
		signed[r.Name] = r.Digest["sha256"]
	}
	for _, r := range now {
		there[r.Name] = r.Digest["sha256"]
	}
	union := maps.Clone(signed)
	maps.Copy(union, there)
	delete(union, runlog.ManifestFile) // it comes last: that another file was changed says more
	for _, name := range append(slices.Sorted(maps.Keys(union)), runlog.ManifestFile) {
		switch was, is := signed[name], there[name]; {
		case was == is && is != "":
		case was == "" && name == runlog.AuditFile:
			return fmt.Errorf("%s was added after the run was signed; remove it, or make it with `secondwind audit --sign`", name)
		case was == "":
			return fmt.Errorf("%s was not there when the run was signed", name)
		case is == "":
			return fmt.Errorf("%s was there when the run was signed, and is missing", name)
		default:
			return fmt.Errorf("%s was changed after the run was signed, or another run was signed", name)
		}
	}
	return nil
}

// isOf reports what the statement says of another run.
func (s statement) isOf(m runlog.Manifest) error {
	var p Predicate
	if err := json.Unmarshal(s.Predicate, &p); err != nil {
		return fmt.Errorf("its predicate cannot be read: %w", err)
	}
	if p.RunID != m.RunID {
		return fmt.Errorf("it is about run %s, and this is %s", p.RunID, m.RunID)
	}
	return nil
}
