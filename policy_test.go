package secondwind_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"secondwind/verify/doctor"
)

// TestVerifierPolicyAllowsWhatAProofReadsAndNoMore holds the IAM policy that the
// stack makes against the operations that secondwind doctor tries one by one.
func TestVerifierPolicyAllowsWhatAProofReadsAndNoMore(t *testing.T) {
	const name = "terraform/verifier-policy.json"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Statement []struct {
			Effect   string
			Action   []string
			Resource string
		}
	}
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(policy.Statement) != 1 || policy.Statement[0].Effect != "Allow" {
		t.Fatalf("%s has %d statements, want one that allows", name, len(policy.Statement))
	}
	allowed, needed := policy.Statement[0].Action, doctor.Actions()
	for _, action := range needed {
		if !slices.Contains(allowed, action) {
			t.Errorf("%s does not allow %s, which a proof reads", name, action)
		}
	}
	for _, action := range allowed {
		if !slices.Contains(needed, action) {
			t.Errorf("%s allows %s, which no proof reads", name, action)
		}
	}
}
