package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/scenario"
	"secondwind/reports/attest"
	"secondwind/runlog"
)

// keyFiles writes a new key pair.
func keyFiles(t *testing.T) (private, public string) {
	t.Helper()
	dir := t.TempDir()
	private, public = filepath.Join(dir, "key.pem"), filepath.Join(dir, "public.pem")
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	pkcs8, err1 := x509.MarshalPKCS8PrivateKey(key)
	pkix, err2 := x509.MarshalPKIXPublicKey(pub)
	err = errors.Join(err, err1, err2,
		os.WriteFile(private, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600),
		os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

// signedRun makes a run that ended at once, signed as soak signs it.
func signedRun(t *testing.T, private string) string {
	t.Helper()
	signer, err := readKey(t.Context(), "sign", private, attest.ParseSigner)
	if err != nil {
		t.Fatal(err)
	}
	out := &output{stdout: io.Discard, stderr: io.Discard, interrupts: newInterrupts(func() {}, nil)}
	w, _, err := newRun(t.TempDir(), runlog.CommandSoak, scenario.Default(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := finishing{out, out.reporter(time.Now()), w, time.Now(), signer}
	if _, err := f.finish(context.Background(), errors.New("it is over")); codeOf(err) != 3 {
		t.Fatalf("finish() = %v, want exit code 3", err)
	}
	return w.Dir()
}

func TestASignedRunIsExportedAndJudgedAsItIs(t *testing.T) {
	t.Parallel()
	private, public := keyFiles(t)
	_, other := keyFiles(t)
	dir := signedRun(t, private)
	packed := filepath.Join(t.TempDir(), "run.zip")
	unsigned := recordOf(t, t.TempDir(), runlog.CommandSoak, 0)
	before, err := os.ReadFile(filepath.Join(dir, runlog.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"judge", dir, "--key", public}, 3, ""},
		{[]string{"judge", dir, "--key", other}, 2, "signed with another key"},
		{[]string{"judge", dir, "--key", private}, 2, "--key " + private + ": this is PRIVATE KEY"},
		{[]string{"judge", dir, "--key", dir}, 2, "is a directory"},
		{[]string{"judge", unsigned, "--key", public}, 2, "is not signed"},
		{[]string{"soak", "--sign", public}, 2, "this is a public key"},
		{[]string{"report", dir}, 2, "copy the folder, and remove attestation.intoto.jsonl"},
		{[]string{"export", dir, "--to", packed}, 0, ""},
		{[]string{"export", dir, "--to", packed}, 2, "is there already"},
		{[]string{"export", packed}, 2, "is an archive; unpack it"},
		{[]string{"judge", packed, "--key", public}, 3, ""},
		{[]string{"judge", packed, "--key", other}, 2, "signed with another key"},
		{[]string{"report", packed}, 2, "unpack the archive"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), c.args, &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.stderr) || c.stderr == "" && stderr.Len() > 0 {
			t.Errorf("%q = %d, %q, want %d, %q", c.args, code, &stderr, c.code, c.stderr)
		}
		if code == 3 && !strings.HasSuffix(stdout.String(), "INCONCLUSIVE  "+c.args[1]+"\n") && c.args[1] == packed {
			t.Errorf("%q ends with %q, want the archive named", c.args, &stdout)
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, runlog.ManifestFile))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the signed folder was changed: %v", err)
	}
}

// TestAnotherVerdictInAnArchiveIsTold is a run whose verdict somebody wrote, with a
// manifest to match: the judge's own verdict counts.
func TestAnotherVerdictInAnArchiveIsTold(t *testing.T) {
	t.Parallel()
	dir := recordOf(t, t.TempDir(), runlog.CommandSoak, 0)
	packed := filepath.Join(t.TempDir(), "run.zip")
	if err := errors.Join(runlog.WriteFile(dir, runlog.VerdictFile, []byte(`{"outcome":"PROVED"}`)), runlog.Seal(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := export(dir, packed); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"judge", packed}, io.Discard, &stderr)
	if code != 3 || !strings.Contains(stderr.String(), "is not this verdict") {
		t.Errorf("judge = %d, %q, want 3 and that it is another", code, &stderr)
	}
}
