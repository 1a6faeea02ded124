package terraform_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestStackIsFormatted(t *testing.T) {
	t.Parallel()
	program := terraformProgram(t)
	if said, err := do(".", environment(), program, "fmt", "-check", "-recursive", "-diff", "-no-color"); err != nil {
		t.Errorf("run terraform fmt -recursive: %s %v", said, err)
	}
}

// stacks are the folders of the two stacks: the one that is proven, and the role
// with which a workflow builds it.
var stacks = []string{".", "github"}

func TestStackPassesItsTestsWithTheFakeProvider(t *testing.T) {
	t.Parallel()
	provider, folder := theFake(t), aStackCopy(t)
	for _, stack := range stacks {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(folder, stack)
			if said, err := provider.started(folder, "validate"); err != nil || !strings.Contains(said, "The configuration is valid") {
				t.Fatalf("validate: %s %v", said, err)
			}
			said, err := provider.on(folder, "test")
			wantPassed(t, said, err)
		})
	}
}

// wantPassed fails unless terraform test ran something and all of it passed.
func wantPassed(t *testing.T, said string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	passed, ok := passedRuns(said)
	if !ok || passed == 0 {
		t.Fatalf("terraform test ran nothing: %s", said)
	}
	t.Logf("terraform test: %d runs passed", passed)
}

// passedRuns reads the last line of terraform test.
func passedRuns(said string) (passed int, ok bool) {
	counts := regexp.MustCompile(`(?:Success!|Failure!) (\d+) passed, (\d+) failed`).FindStringSubmatch(said)
	if counts == nil {
		return 0, false
	}
	passed, err := strconv.Atoi(counts[1])
	return passed, err == nil && counts[2] == "0"
}

func TestPassedRunsAreCounted(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]int{
		"Success! 12 passed, 0 failed.":            12,
		"Success! 3 passed, 0 failed, 1 skipped.":  3,
		"Success! 0 passed, 0 failed.":             0,
		"Failure! 3 passed, 1 failed.":             -1,
		"run \"x\"... pass":                        -1,
		"Success! The configuration is valid.":     -1,
		"Failure! 0 passed, 0 failed, 2 skipped. ": 0,
	} {
		got, ok := passedRuns(said)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("passedRuns(%q) = %d, want %d", said, got, want)
		}
	}
}

// unreachable are what Terraform and OpenTofu say when a registry, or where it
// keeps its files, does not answer.
var unreachable = regexp.MustCompile(`could not connect to registry|failed to request discovery document|no such host|` +
	`connection refused|network is unreachable|i/o timeout|Client\.Timeout exceeded|TLS handshake timeout|Forbidden|Service Unavailable`)

func TestStackPassesItsTestsWithTheRealProvider(t *testing.T) {
	t.Parallel()
	program, folder := terraformProgram(t), aStackCopy(t)
	env := environment(realSettings(t)...)
	for _, stack := range stacks { // one after the other: the second finds the provider in the cache
		folder := filepath.Join(folder, stack)
		if said, err := do(folder, env, program, "init", "-backend=false", "-input=false", "-no-color"); err != nil {
			switch {
			case !unreachable.MatchString(said):
				t.Fatalf("init with the real provider: %v", err)
			case os.Getenv("TF_REAL") == "1":
				t.Fatalf("real provider: the registry cannot be reached, and TF_REAL=1 wants it: %v", err)
			}
			t.Skip("real provider: SKIPPED, because the registry cannot be reached to download hashicorp/aws; TF_REAL=1 makes that a failure")
		}
		if _, err := do(folder, env, program, "validate", "-no-color"); err != nil {
			t.Fatal(err)
		}
		said, err := do(folder, env, program, "test", "-no-color")
		wantPassed(t, said, err)
		lock, err := os.ReadFile(filepath.Join(folder, ".terraform.lock.hcl"))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("real provider:%s", regexp.MustCompile(`(?m)^ *version .*$`).Find(lock))
	}
}

// realSettings keep a person's own way to the registry, and the provider from
// one test to the next: it is a download of 150 MB.
func realSettings(t *testing.T) []string {
	t.Helper()
	settings := []string{"TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1"}
	if config, ok := os.LookupEnv("TF_CLI_CONFIG_FILE"); ok {
		settings = append(settings, "TF_CLI_CONFIG_FILE="+config)
	}
	cache := os.Getenv("TF_PLUGIN_CACHE_DIR")
	if user, err := os.UserCacheDir(); cache == "" && err == nil {
		cache = filepath.Join(user, "secondwind", "terraform-providers")
	}
	if cache == "" {
		return settings
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Logf("the provider is not kept: %v", err)
		return settings
	}
	return append(settings, "TF_PLUGIN_CACHE_DIR="+cache)
}

func TestFakeProviderPassesItsOwnTests(t *testing.T) {
	t.Parallel()
	needModules(t)
	env := environment("GOWORK=off")
	if _, err := do("fakeprovider", env, "go", "vet", "./..."); err != nil {
		t.Error(err)
	}
	if said, err := do("fakeprovider", env, "go", "test", "./..."); err != nil || !strings.Contains(said, "ok fakeprovider") {
		t.Errorf("%s %v", said, err)
	}
}

// TestEveryStackGivesItsTagsToEverything reads the text: what default_tags add is
// the provider's to compute, so that terraform test does not see it under mocks.
func TestEveryStackGivesItsTagsToEverything(t *testing.T) {
	t.Parallel()
	for file, tags := range map[string]string{"versions.tf": "local.tags", filepath.Join("github", "main.tf"): `{ Project = "secondwind" }`} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := `provider "aws" { region = var.region default_tags { tags = ` + tags + " } }"
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("%s does not say %s: sweep finds what has the run's tags", file, want)
		}
	}
}
