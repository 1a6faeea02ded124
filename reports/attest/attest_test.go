package attest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"secondwind/reports/attest"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// sealed makes the sealed folder of a run with a report in it.
func sealed(t *testing.T, id string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), id)
	w, err := runlog.Create(dir, runlog.Manifest{RunID: id, Command: runlog.CommandSoak, Started: time.Unix(1e9, 0)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.WriteScenario([]byte("name: a\n"))
	if err = errors.Join(err, w.Close(), runlog.WriteFile(dir, "report.md", []byte("report")), runlog.Seal(dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// newKey returns a private key in the forms in which it and its public key are written.
func newKey(t *testing.T) (private ed25519.PrivateKey, forms map[string][]byte) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err1 := x509.MarshalPKCS8PrivateKey(private)
	pkix, err2 := x509.MarshalPKIXPublicKey(public)
	own, err3 := ssh.MarshalPrivateKey(private, "comment")
	line, err4 := ssh.NewPublicKey(public)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return private, map[string][]byte{
		"PKCS #8": block("PRIVATE KEY", pkcs8), "OpenSSH": pem.EncodeToMemory(own),
		"PKIX": block("PUBLIC KEY", pkix), "authorized key": ssh.MarshalAuthorizedKey(line),
	}
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func signer(t *testing.T, key []byte) attest.Signer {
	t.Helper()
	s, err := attest.ParseSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verifier(t *testing.T, key []byte) attest.Verifier {
	t.Helper()
	v, err := attest.ParseVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestARunIsSignedAndVerifiedWithEveryFormOfAKey(t *testing.T) {
	_, key := newKey(t)
	for _, private := range []string{"PKCS #8", "OpenSSH"} {
		for _, public := range []string{"PKIX", "authorized key"} {
			for outcome, statements := range map[judge.Outcome]int{judge.Proved: 2, judge.Refuted: 2, judge.Inconclusive: 1} {
				dir := sealed(t, "20261128T120000Z-0001")
				s := signer(t, key[private])
				if err := s.Sign(t.Context(), dir, judge.Verdict{Outcome: outcome, Where: "here"}); err != nil {
					t.Fatal(err)
				}
				if err := verifier(t, key[public]).Verify(t.Context(), dir); err != nil {
					t.Errorf("%s, %s: %v", private, public, err)
				}
				bundle, err := os.ReadFile(filepath.Join(dir, runlog.AttestationFile))
				if n := bytes.Count(bundle, []byte("\n")); err != nil || n != statements {
					t.Errorf("%s has %d statements, want %d", outcome, n, statements)
				}
				// Signing is no part of what is sealed: nothing else changes.
				if _, err := runlog.Open(dir); err != nil || runlog.Seal(dir) != nil {
					t.Errorf("a signed run: %v, %v", err, runlog.Seal(dir))
				}
			}
		}
	}
}

func TestTheStatementIsWhatInTotoReads(t *testing.T) {
	_, key := newKey(t)
	dir := sealed(t, "20261128T120000Z-0001")
	v := judge.Verdict{Outcome: judge.Proved, Where: "here", Claim: "it scales"}
	if err := signer(t, key["PKCS #8"]).Sign(t.Context(), dir, v); err != nil {
		t.Fatal(err)
	}
	bundle, err := os.ReadFile(filepath.Join(dir, runlog.AttestationFile))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for line := range bytes.Lines(bundle) {
		var envelope struct{ Payload, PayloadType string }
		var statement struct {
			Type          string `json:"_type"`
			PredicateType string
			Subject       []struct {
				Name   string
				Digest map[string]string
			}
			Predicate map[string]any
		}
		err := json.Unmarshal(line, &envelope)
		payload, err1 := base64.StdEncoding.DecodeString(envelope.Payload)
		if err := errors.Join(err, err1, json.Unmarshal(payload, &statement)); err != nil {
			t.Fatal(err)
		}
		if statement.Type != "https://in-toto.io/Statement/v1" || envelope.PayloadType != "application/vnd.in-toto+json" {
			t.Errorf("statement %q in %q", statement.Type, envelope.PayloadType)
		}
		// scenario.yaml, load.jsonl, cloud.jsonl, report.md and the manifest
		if n := len(statement.Subject); n != 5 || len(statement.Subject[0].Digest["sha256"]) != 64 {
			t.Errorf("%d subjects: %v", n, statement.Subject)
		}
		kinds = append(kinds, statement.PredicateType)
		if o, r := statement.Predicate["outcome"], statement.Predicate["result"]; o != "PROVED" && r != "PASSED" {
			t.Errorf("predicate %v", statement.Predicate)
		}
	}
	if got := strings.Join(kinds, " "); got != attest.VerdictPredicate+" https://in-toto.io/attestation/test-result/v0.1" {
		t.Errorf("predicates %s", got)
	}
}

func TestWhatIsNotSignedAsItIsIsRefused(t *testing.T) {
	_, key := newKey(t)
	_, other := newKey(t)
	edit := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	// resealed is what somebody does who changes a run and writes its manifest anew.
	resealed := func(change func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			signed := filepath.Join(dir, runlog.AttestationFile)
			bundle, err := os.ReadFile(signed)
			if err = errors.Join(err, os.Remove(signed)); err != nil {
				t.Fatal(err)
			}
			change(t, dir)
			if err := errors.Join(runlog.Seal(dir), os.WriteFile(signed, bundle, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	bundleOf := func(t *testing.T, id string) string {
		t.Helper()
		dir := sealed(t, id)
		if err := signer(t, key["PKCS #8"]).Sign(t.Context(), dir, judge.Verdict{Outcome: judge.Inconclusive}); err != nil {
			t.Fatal(err)
		}
		bundle, err := os.ReadFile(filepath.Join(dir, runlog.AttestationFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(bundle)
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const id = "20261128T120000Z-0001"
	for name, c := range map[string]struct {
		change func(*testing.T, string)
		key    []byte
		want   string
	}{
		"no signature":      {remove(runlog.AttestationFile), key["PKIX"], "is not signed"},
		"another key":       {nil, other["PKIX"], "signed with another key"},
		"a changed report":  {resealed(edit("report.md", "better")), key["PKIX"], "report.md was changed"},
		"a file more":       {resealed(edit("more.txt", "more")), key["PKIX"], "more.txt was not there"},
		"a file less":       {resealed(remove("report.md")), key["PKIX"], "report.md was there"},
		"an audit":          {edit(runlog.AuditFile, "{}"), key["PKIX"], "audit.jsonl was added after the run was signed"},
		"no envelope":       {edit(runlog.AttestationFile, "signed\n"), key["PKIX"], "no DSSE envelope"},
		"no signatures":     {edit(runlog.AttestationFile, `{"payload":"","payloadType":"","signatures":[]}`), key["PKIX"], "no signature"},
		"an empty bundle":   {edit(runlog.AttestationFile, ""), key["PKIX"], "0 statements about a verdict"},
		"another statement": {edit(runlog.AttestationFile, strings.Repeat(bundleOf(t, id), 2)), key["PKIX"], "2 statements about a verdict"},
		"another run's":     {edit(runlog.AttestationFile, bundleOf(t, "20261128T120000Z-0002")), key["PKIX"], "another run was signed"},
		"a manifest of another format": {func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, runlog.ManifestFile)
			raw, err := os.ReadFile(path)
			if err = errors.Join(err, os.WriteFile(path, append(raw, '\n'), 0o600)); err != nil {
				t.Fatal(err)
			}
		}, key["PKIX"], "manifest.json was changed"},
		"a changed statement": {func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, runlog.AttestationFile)
			raw, err := os.ReadFile(path)
			raw = bytes.Replace(raw, []byte(`"payload":"e`), []byte(`"payload":"f`), 1)
			if err = errors.Join(err, os.WriteFile(path, raw, 0o600)); err != nil {
				t.Fatal(err)
			}
		}, key["PKIX"], "the signature does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := sealed(t, id)
			if err := signer(t, key["PKCS #8"]).Sign(t.Context(), dir, judge.Verdict{Outcome: judge.Inconclusive}); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(t, dir)
			}
			if err := verifier(t, c.key).Verify(t.Context(), dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Verify() = %v, want %q", err, c.want)
			}
		})
	}
}

func TestASignedRunIsNotSealedAnew(t *testing.T) {
	_, key := newKey(t)
	dir := sealed(t, "20261128T120000Z-0001")
	err := signer(t, key["PKCS #8"]).Sign(t.Context(), dir, judge.Verdict{})
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "report.md"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := runlog.Seal(dir); err == nil || !strings.Contains(err.Error(), "is signed") {
		t.Errorf("Seal() = %v, want it refused", err)
	}
}

func TestAKeyThatCannotBeUsedIsRefusedPlainly(t *testing.T) {
	private, key := newKey(t)
	encrypted, err := ssh.MarshalPrivateKeyWithPassphrase(private, "comment", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err1 := x509.MarshalECPrivateKey(curve)
	pkcs8, err2 := x509.MarshalPKCS8PrivateKey(curve)
	pkix, err3 := x509.MarshalPKIXPublicKey(curve.Public())
	line, err4 := ssh.NewPublicKey(curve.Public())
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	legacy := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-128-CBC,00"}, Bytes: sec1})
	for name, c := range map[string]struct {
		data             []byte
		signing, testing string
	}{
		"nothing":              {nil, "no key in PEM", "no public key"},
		"PKCS #8":              {key["PKCS #8"], "", "is PRIVATE KEY, and not a public key"},
		"PKIX":                 {key["PKIX"], "is a public key", ""},
		"authorized key":       {key["authorized key"], "is a public key", ""},
		"OpenSSH encrypted":    {pem.EncodeToMemory(encrypted), "is encrypted", "not a public key"},
		"PKCS #8 encrypted":    {block("ENCRYPTED PRIVATE KEY", sec1), "is encrypted", "not a public key"},
		"PEM encrypted":        {legacy, "is encrypted", "not a public key"},
		"EC":                   {block("EC PRIVATE KEY", sec1), "is EC PRIVATE KEY; only Ed25519", "not a public key"},
		"EC in PKCS #8":        {block("PRIVATE KEY", pkcs8), "another kind", "not a public key"},
		"EC public":            {block("PUBLIC KEY", pkix), "is a public key", "another kind"},
		"EC as OpenSSH has it": {ssh.MarshalAuthorizedKey(line), "is a public key", "another kind"},
		"PKCS #8 cut off":      {block("PRIVATE KEY", pkcs8[:9]), "cannot be read", "not a public key"},
		"PKIX cut off":         {block("PUBLIC KEY", pkix[:9]), "is a public key", "cannot be read"},
	} {
		_, signing := attest.ParseSigner(c.data)
		_, testing := attest.ParseVerifier(c.data)
		for _, got := range []struct {
			err  error
			want string
		}{{signing, c.signing}, {testing, c.testing}} {
			if (got.err == nil) != (got.want == "") || got.err != nil && !strings.Contains(got.err.Error(), got.want) {
				t.Errorf("%s: %v, want %q", name, got.err, got.want)
			}
		}
	}
}
