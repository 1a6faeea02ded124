package server

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"secondwind/server/statistics"
)

// fieldBytes is what a field of a row costs while the row is taken apart.
const fieldBytes = 40

// numbers are those in lines of CSV or JSON.
type numbers struct {
	lines     *lineReader
	json      bool
	column    string // of CSV: its name, or its number from 1; "" is all of them
	maxDigits int

	line int      // from 1, that was read last
	rows int      // that were not blank
	at   int      // the column's place; -1 is all of them
	row  []string // the numbers of the line that are still to come
}

// next returns the next number, a *lineFault, or io.EOF.
func (n *numbers) next(ctx context.Context) (statistics.Number, error) {
	for len(n.row) == 0 {
		line, err := n.lines.next(ctx)
		n.line++
		if err != nil {
			return statistics.Number{}, err
		}
		if n.line == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // as spreadsheets begin their files
		}
		if len(line) == 0 {
			continue
		}
		if n.row, err = n.split(ctx, line); err != nil {
			return statistics.Number{}, err
		}
		n.rows++
	}
	text := n.row[0]
	n.row = n.row[1:]
	number, err := statistics.Parse(text, n.maxDigits)
	if err != nil {
		return statistics.Number{}, n.fault("%q %v", shortened(text), err)
	}
	return number, nil
}

// shortened is a client's text as far as a person would read it.
func shortened(text string) string {
	if len(text) > 40 {
		return text[:40] + "…"
	}
	return text
}

func (n *numbers) fault(format string, args ...any) error {
	return &lineFault{badRequest("line %d: "+format, append([]any{n.line}, args...)...)}
}

// split returns the texts on a line that must be numbers.
func (n *numbers) split(ctx context.Context, line []byte) ([]string, error) {
	if n.json {
		text := string(line)
		if line[0] == '"' && json.Unmarshal(line, &text) != nil {
			return nil, n.fault("this is not a JSON text: write a number a line, as it is or in quotes")
		}
		return []string{text}, nil
	}
	fields, err := n.fields(ctx, line)
	if err != nil {
		return nil, err
	}
	if n.rows == 0 {
		return n.first(fields)
	}
	return n.chosen(fields)
}

// fields takes a row of CSV apart.
func (n *numbers) fields(ctx context.Context, line []byte) ([]string, error) {
	count := bytes.Count(line, []byte(",")) + 1
	if count == 1 {
		return []string{strings.Trim(string(line), `"`)}, nil
	}
	if err := n.lines.reserved.grow(ctx, int64(count)*fieldBytes); err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(line))
	r.TrimLeadingSpace = true
	fields, err := r.Read()
	if err != nil {
		return nil, n.fault("this is not CSV: a quote stands where none may, or is not closed")
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields, nil
}

// first reads the first row, which may be a header. It finds the column.
func (n *numbers) first(fields []string) ([]string, error) {
	n.at = -1
	if n.column != "" {
		n.at = slices.Index(fields, n.column)
		if n.at >= 0 {
			return nil, nil // the header
		}
		number, err := strconv.Atoi(n.column)
		if err != nil || number < 1 {
			return nil, n.fault("there is no column %q: give the name of a column, or its number from 1", shortened(n.column))
		}
		n.at = number - 1
	}
	chosen, err := n.chosen(fields)
	if err != nil || !slices.ContainsFunc(chosen, isValue) {
		return nil, err // a header
	}
	return chosen, nil
}

// isValue distinguishes a cell with a value, even a malformed number, from the name
// of a column: a bad number in the first row must not pass for a header.
func isValue(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	switch strings.ToLower(text) {
	case "nan", "inf", "infinity":
		return true
	}
	return text != "" && !unicode.IsLetter(first) && first != '_'
}

func (n *numbers) chosen(fields []string) ([]string, error) {
	if n.at < 0 {
		return fields, nil
	}
	if n.at >= len(fields) {
		return nil, n.fault("it has %d columns, not %d", len(fields), n.at+1)
	}
	return fields[n.at : n.at+1], nil
}
