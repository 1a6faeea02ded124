package main

import (
	"go/ast"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
)

// maxLine is how many characters a line may have; a tab is one. What cannot be
// broken (a recorded answer, a long URL) belongs into testdata, or is concatenated.
const maxLine = 140

var lineLength = &analysis.Analyzer{
	Name: "linelength",
	Doc:  "reports lines of more than 140 characters, in code that was not generated",
	Run:  lineLengths,
}

func lineLengths(pass *analysis.Pass) (any, error) {
	for _, file := range pass.Files {
		if ast.IsGenerated(file) {
			continue
		}
		positions := pass.Fset.File(file.FileStart)
		text, err := os.ReadFile(positions.Name())
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if n := utf8.RuneCountInString(line); n > maxLine {
				pass.Reportf(positions.LineStart(i+1), "the line has %d characters; break it at a sensible place, at most %d", n, maxLine)
			}
		}
	}
	return nil, nil
}
