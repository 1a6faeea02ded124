package main

import (
	"go/ast"
	"go/token"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
)

// maxLine is how many characters a line may have; a tab is one.
const maxLine = 140

// maxUnbreakable is how long a word or a raw string may be before a line break
// cannot be asked for: a URL, an ARN, a recorded answer of AWS.
const maxUnbreakable = 100

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
		raw := rawStrings(file)
		for i, line := range strings.Split(string(text), "\n") {
			if n := utf8.RuneCountInString(line); n > maxLine && !breakless(line, positions.LineStart(i+1), raw) {
				pass.Reportf(positions.LineStart(i+1), "the line has %d characters; break it at a sensible place, at most %d", n, maxLine)
			}
		}
	}
	return nil, nil
}

// breakless tells whether the line is long because of a word or a raw string.
func breakless(line string, start token.Pos, raw []*ast.BasicLit) bool {
	for _, word := range strings.Fields(line) {
		if len(word) > maxUnbreakable {
			return true
		}
	}
	end := start + token.Pos(len(line))
	for _, literal := range raw {
		if min(end, literal.End())-max(start, literal.Pos()) > maxUnbreakable {
			return true
		}
	}
	return false
}

func rawStrings(file *ast.File) (all []*ast.BasicLit) {
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(literal.Value, "`") {
			all = append(all, literal)
		}
		return true
	})
	return all
}
