// Package attest signs what a run showed, for whoever receives its folder: an in-toto
// statement about every file of the run, in a DSSE envelope, signed with an Ed25519 key.
//
// A manifest without a signature shows that a file was damaged, not that somebody wrote
// it: whoever changes a file can write the manifest anew. With a signature that takes the
// key. Neither shows that the record was true when it was signed.
//
// Sources: in-toto Attestation Framework v1 (Statement, Bundle, Test Result predicate),
// DSSE v1.
package attest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

const (
	statementType = "https://in-toto.io/Statement/v1"
	payloadType   = "application/vnd.in-toto+json"
	// VerdictPredicate is the type of the predicate that is a Predicate.
	VerdictPredicate = "urn:secondwind:verdict:1"
	// testResult has no word for a verdict that decides nothing: such a run has none.
	testResult = "https://in-toto.io/attestation/test-result/v0.1"
)

// statement is an in-toto Statement.
type statement struct {
	Type          string          `json:"_type"`
	Subject       []resource      `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// resource is a ResourceDescriptor: a file and its digest.
type resource struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// Predicate is what a statement says of a run.
type Predicate struct {
	RunID    string        `json:"runId"`
	Started  time.Time     `json:"started"`
	Where    string        `json:"where"`
	Claim    string        `json:"claim"`
	Outcome  judge.Outcome `json:"outcome"`
	Reason   string        `json:"reason,omitempty"`
	Revision string        `json:"revision,omitempty"` // of the program that ran
}

// testPredicate is the predicate of a test-result.
type testPredicate struct {
	Result        string     `json:"result"` // PASSED or FAILED
	Configuration []resource `json:"configuration"`
}

// Sign writes the attestation of a sealed run into its folder: a bundle with a line for
// the verdict and, if that decides, one for the test result. From then on nothing else
// may be changed in the folder.
func (s Signer) Sign(ctx context.Context, dir string, v judge.Verdict) error {
	m, subject, err := subjects(dir)
	if err != nil {
		return fmt.Errorf("sign run: %w", err)
	}
	predicates := map[string]any{VerdictPredicate: Predicate{
		RunID: m.RunID, Started: m.Started, Where: v.Where, Claim: v.Claim, Outcome: v.Outcome, Reason: v.Reason, Revision: m.Revision,
	}}
	if result, decided := map[judge.Outcome]string{judge.Proved: "PASSED", judge.Refuted: "FAILED"}[v.Outcome]; decided {
		scenario := resource{runlog.ScenarioFile, map[string]string{"sha256": m.Files[runlog.ScenarioFile].SHA256}}
		predicates[testResult] = testPredicate{result, []resource{scenario}}
	}
	var bundle bytes.Buffer
	lines := json.NewEncoder(&bundle)
	for _, kind := range slices.Backward(slices.Sorted(maps.Keys(predicates))) { // the verdict first
		envelope, err := s.envelope(ctx, statement{Type: statementType, Subject: subject, PredicateType: kind}, predicates[kind])
		if err = errors.Join(err, lines.Encode(envelope)); err != nil {
			return fmt.Errorf("sign run: %w", err)
		}
	}
	return runlog.WriteFile(dir, runlog.AttestationFile, bundle.Bytes())
}

func (s Signer) envelope(ctx context.Context, of statement, predicate any) (*dsse.Envelope, error) {
	var err error
	if of.Predicate, err = json.Marshal(predicate); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(of)
	if err != nil {
		return nil, err
	}
	signer, err := dsse.NewEnvelopeSigner(s.key)
	if err != nil {
		return nil, err
	}
	return signer.SignPayload(ctx, payloadType, payload)
}

// subjects are every file of a sealed run, sorted by name: what its manifest lists, the
// manifest, and an audit, which the judge reads too.
func subjects(dir string) (m runlog.Manifest, all []resource, err error) {
	if m, err = runlog.ReadManifest(dir); err != nil {
		return m, nil, err
	}
	if !m.Complete {
		return m, nil, fmt.Errorf("%s is not sealed: nothing shows that its files are whole", dir)
	}
	digests := map[string]string{}
	for name, file := range m.Files {
		digests[name] = file.SHA256
	}
	for _, name := range []string{runlog.ManifestFile, runlog.AuditFile} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if name == runlog.AuditFile && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return m, nil, err
		}
		sum := sha256.Sum256(raw)
		digests[name] = hex.EncodeToString(sum[:])
	}
	for _, name := range slices.Sorted(maps.Keys(digests)) {
		all = append(all, resource{name, map[string]string{"sha256": digests[name]}})
	}
	return m, all, nil
}
