package main_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The calculators of a local cloud are told of one store and of the stack's key,
// and nothing of the store is left once the cloud has ended.
func TestTheCalculatorsOfALocalCloudShareTheirHistory(t *testing.T) {
	t.Parallel()
	seen := filepath.Join(t.TempDir(), "environment")
	program := filepath.Join(t.TempDir(), "program")
	script := fmt.Sprintf("#!/bin/sh\nenv > %s\nexec %s \"$@\"\n", seen, filepath.Join(bin, "calculator"))
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := startCloud(t, "--calculator", program)
	c.awaitHealthy(t)
	env := readEnvironment(t, seen)
	if env["CALCULATOR_KEY"] != "aws-kms:alias/secondwind-history" || env["AWS_ENDPOINT_URL"] != c.env["AWS_ENDPOINT_URL"] ||
		env["AWS_REGION"] != c.env["AWS_REGION"] {
		t.Errorf("a calculator's key is %q at %q, %q; want aws-kms:alias/secondwind-history at the cloud's", env["CALCULATOR_KEY"],
			env["AWS_ENDPOINT_URL"], env["AWS_REGION"])
	}
	for _, secret := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		if env[secret] != "" {
			t.Errorf("a calculator is given %s: it must act as its role", secret)
		}
	}
	store, ok := strings.CutPrefix(env["CALCULATOR_HISTORY"], "sqlite:")
	if !ok || !filepath.IsAbs(store) {
		t.Fatalf("a calculator's history is %q, want sqlite: and a path", env["CALCULATOR_HISTORY"])
	}
	if info, err := os.Stat(filepath.Dir(store)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the store's folder is %v, %v, want 0700", info, err)
	}
	c.stop(t)
	if _, err := os.Stat(filepath.Dir(store)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the cloud has ended the store's folder is there: %v", err)
	}
}

func readEnvironment(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	return env
}
