package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commandLines are the command lines of this program in a text, each without what is quoted.
func commandLines(text string, code bool) (found [][]string) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			code = !code
		}
		if !code || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		line = quoted.ReplaceAllStringFunc(line, func(q string) string {
			if strings.HasSuffix(strings.Trim(q, `'"`), "/secondwind") {
				return strings.Trim(q, `'"`) // the program itself
			}
			return "quoted"
		})
		for _, match := range commandLine.FindAllStringSubmatch(line, -1) {
			found = append(found, strings.Fields(match[1]))
		}
	}
	return found
}

var (
	quoted      = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	commandLine = regexp.MustCompile(`(?:^|[\s(])(?:\S*/)?secondwind ([a-z][^#|;&)>]*)`)
)

// TestEveryCommandOfTheDocsExists reads the blocks of the documents, and the scripts of CI.
func TestEveryCommandOfTheDocsExists(t *testing.T) {
	read := 0
	for pattern, code := range map[string]bool{
		"README.md": false, "CONTRIBUTING.md": false, "docs/*.md": false, "docs/ci/*.yml": true, "docs/ci/github/*.yml": true,
		".github/workflows/*.yml": true, ".ci/run": true, "terraform/*.sh": true,
	} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("no file is %s (%v)", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, words := range commandLines(string(text), code) {
				read++
				if fault := unknownIn(words); fault != "" {
					t.Errorf("%s: `secondwind %s`: there is no %s", file, strings.Join(words, " "), fault)
				}
			}
		}
	}
	if read < 60 {
		t.Errorf("only %d command lines were found, want those of all documents", read)
	}
}

// unknownIn is the command or the flag of a command line that does not exist; "" if all do.
func unknownIn(words []string) string {
	root := newRoot(&output{})
	command, _, err := root.Find(words[:1])
	if err != nil || command == root {
		return words[0]
	}
	for _, word := range words[1:] {
		name, _, _ := strings.Cut(word, "=")
		switch long, is := strings.CutPrefix(name, "--"); {
		case is && command.Flags().Lookup(long) == nil && command.InheritedFlags().Lookup(long) == nil:
			return name
		case !is && len(name) == 2 && name[0] == '-' && command.Flags().ShorthandLookup(name[1:]) == nil:
			return name
		}
	}
	return ""
}

func TestACommandLineThatDoesNotExistIsFound(t *testing.T) {
	for text, want := range map[string]string{
		"```\nbin/secondwind soak -f my.yaml --hold 3s   # --nothing\n```": "",
		"```\nsecondwind soka\n```":                                        "soka",
		"```\ncode=0; \"$x/secondwind\" soak -q\n```":                      "-q",
		"```\nsecondwind load \\\n  --grup=a\n```":                         "--grup",
		"```\nsecondwind init --program './a --b c'\n```":                  "",
		"no code: secondwind soka":                                         "",
	} {
		got := ""
		for _, words := range commandLines(text, false) {
			got += unknownIn(words)
		}
		if got != want {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
}
