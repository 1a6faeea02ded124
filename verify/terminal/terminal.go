// Package terminal lays out text for a person who reads it on a terminal.
package terminal

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"secondwind/runlog"
)

// Style is how text is laid out. The zero value is plain text, a paragraph a line.
type Style struct {
	Width  int  // columns to wrap at; 0 wraps nowhere
	Colour bool // whether escape codes for colour may be written
}

// The colours and weights, as SGR parameters.
const (
	Bold   = "1"
	Dim    = "2"
	Red    = "31"
	Green  = "32"
	Yellow = "33"
)

// Paint returns text in a colour or weight.
func (s Style) Paint(sgr, text string) string {
	if !s.Colour {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

var painted = regexp.MustCompile("\x1b\\[[0-9]*m")

// Bare removes what Paint adds.
func Bare(text string) string { return painted.ReplaceAllString(text, "") }

// Wrap breaks a text that begins at column indent between words, and begins the
// further lines there too. A word that is longer than a line stays whole: it may
// be a name to copy.
func (s Style) Wrap(text string, indent int) string {
	if s.Width <= indent {
		return text
	}
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(Bare(word))
		switch {
		case i == 0:
		case column+1+n > s.Width:
			fmt.Fprintf(&b, "\n%*s", indent, "")
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// heading is the first column of a line, with its indentation, up to the text of the second.
var heading = regexp.MustCompile(`^ *(\S+ )*\S+ {2,}`)

// Fold wraps the lines of a text that are too long, each at its own indentation, or at its
// second column, if there is one in its left half. The others keep their columns.
func (s Style) Fold(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		bare := strings.TrimSuffix(line, "\n")
		if s.Width > 0 && utf8.RuneCountInString(Bare(bare)) > s.Width {
			indent := len(bare) - len(strings.TrimLeft(bare, " "))
			if first := heading.FindString(bare); first != "" && 2*utf8.RuneCountInString(Bare(first)) <= s.Width {
				indent = len(first)
			}
			words := s.Wrap(bare[indent:], utf8.RuneCountInString(Bare(bare[:indent])))
			line = bare[:indent] + words + line[len(bare):]
		}
		b.WriteString(line)
	}
	return b.String()
}

// Plural is how many there are of a thing, in words: "no resources", "1 resource", "2 resources".
func Plural(n int, noun string) string {
	if n == 0 {
		return "no " + noun + "s"
	}
	return runlog.Count(n, noun)
}
