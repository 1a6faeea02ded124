package secondwind_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// metricFiles are the files in which the name of the claim's metric may stand, with
// the reason. Every other one asks the hypothesis or the run's record.
var metricFiles = map[string]string{
	"runlog/metric.go":            "the rule: what a claim is made about, on which verify, reports and doctor build",
	"autoscale/tracking.go":       "the engine imports none of the other parts: what ASGAverageCPUUtilization stands for",
	"localcloud/cloud/sampler.go": "the local cloud publishes the metric, as EC2 does, and may know no claim",
	"account/stack/scaling.go":    "the stack deploys an alarm on it, as terraform/ does: data of a deployment, not a rule",
}

// TestTheClaimsMetricIsNamedInFewPlaces holds string literals against metricFiles.
// Comments may name the metric; ASGAverageCPUUtilization is another name.
func TestTheClaimsMetricIsNamedInFewPlaces(t *testing.T) {
	found, err := naming(os.DirFS("."), "CPUUtilization")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		if metricFiles[file] == "" {
			t.Errorf("%s names the claim's metric: ask the hypothesis (runlog.Hypothesis.Metric, hypothesis.Configuration.Metric)", file)
		}
	}
	for file := range metricFiles {
		if !slices.Contains(found, file) {
			t.Errorf("%s does not name the metric any more: take it out of metricFiles", file)
		}
	}
}

func TestNamingFindsAWordInStringsOnly(t *testing.T) {
	const source = "package p\n\n// Word in a comment.\nvar a = \"Word\"\n"
	module := fstest.MapFS{}
	for name, text := range map[string]string{
		"a/alone.go": source, "a/inside.go": "package p\nvar a = `the average Word of it`\n", "a/a_test.go": source,
		"a/comment.go": "package p\n// Word\n", "a/longer.go": "package p\nvar a = \"ASGAverageWord\"\n",
		"testdata/a.go": source, "localcloud/apitest/a.go": source,
	} {
		module[name] = &fstest.MapFile{Data: []byte(text)}
	}
	found, err := naming(module, "Word")
	if want := []string{"a/alone.go", "a/inside.go"}; err != nil || !slices.Equal(found, want) {
		t.Errorf("naming() = %v, %v, want %v", found, err, want)
	}
}

// naming returns the files, other than tests and their tools, that have a string with
// the word in it.
func naming(module fs.FS, word string) (files []string, err error) {
	err = fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(base, ".") || slices.Contains([]string{"testdata", "apitest", "virtual"}, base)):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err == nil && names(file, word) {
			files = append(files, name)
		}
		return err
	})
	return files, err
}

func names(file *ast.File, word string) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		words := strings.FieldsFunc(text, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') })
		found = found || err == nil && slices.Contains(words, word)
		return true
	})
	return found
}
