package secondwind_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instruction is one of a Dockerfile; one that goes on over several lines is not read.
type instruction struct{ name, args string }

func recipe(t *testing.T) []instruction {
	t.Helper()
	var all []instruction
	for _, line := range lines(t, "Dockerfile") {
		name, args, _ := strings.Cut(line, " ")
		all = append(all, instruction{name, args})
	}
	return all
}

// lines are those of a file that are neither empty nor comments.
func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(l string) bool { return l == "" || l[0] == '#' })
}

// argumentsOf are the arguments of every instruction of a name.
func argumentsOf(all []instruction, name string) (args []string) {
	for _, i := range all {
		if i.name == name {
			args = append(args, i.args)
		}
	}
	return args
}

func TestTheImageIsPinnedSmallAndOfTheGoOfThisModule(t *testing.T) {
	all := recipe(t)
	from := argumentsOf(all, "FROM")
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(strings.Join(lines(t, "go.mod"), "\n"))[1]
	if len(from) != 2 || !strings.HasPrefix(from[0], "golang:"+version+"-") || !strings.HasPrefix(from[1], "gcr.io/distroless/static") {
		t.Errorf("FROM %q, want golang:%s, as go.mod says, and distroless static", from, version)
	}
	for _, base := range from {
		if !regexp.MustCompile(`^\S+:\S+@sha256:[0-9a-f]{64}( AS \w+)?$`).MatchString(base) {
			t.Errorf("FROM %s is not pinned by tag and digest", base)
		}
	}
	if user := argumentsOf(all, "USER"); !slices.Equal(user, []string{"65532:65532"}) {
		t.Errorf("USER %q, want distroless's nonroot by its number, which Kubernetes can check", user)
	}
	if len(argumentsOf(all, "ADD")) > 0 {
		t.Error("ADD takes whatever a URL serves; use COPY")
	}
}

// dockerIgnored reads .dockerignore, of whose patterns there are three kinds: a path, **/ before a
// name, and a name with asterisks.
func dockerIgnored(t *testing.T) func(name string) bool {
	patterns := lines(t, ".dockerignore")
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			if base, anywhere := strings.CutPrefix(p, "**/"); anywhere {
				is, err := path.Match(base, path.Base(name))
				return err == nil && is
			}
			return name == p || strings.HasPrefix(name, p+"/")
		})
	}
}

func TestTheBuildContextHasNoSecretAndNoRecord(t *testing.T) {
	out := dockerIgnored(t)
	for _, name := range []string{
		".git/config", "bin/secondwind", "reports/runs/20261101T000000Z-0001/report.html", "terraform/terraform.tfvars", "key.pem",
		"terraform/terraform.tfstate", "terraform/terraform.tfstate.backup", "terraform/run.tfplan", "terraform/run.env",
	} {
		if !out(name) {
			t.Errorf("%s gets into the build's context, want it in .dockerignore", name)
		}
	}
}
