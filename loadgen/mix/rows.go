package mix

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"secondwind/textfile"
)

// table is the rows of a file.
type table struct {
	names []string
	rows  [][][]byte // by row, then column
}

// readTable reads a CSV or JSONL file.
func readTable(name string, data []byte) (*table, error) {
	text, err := textfile.UTF8(data)
	if err != nil {
		return nil, err
	}
	t := new(table)
	switch kind := strings.ToLower(filepath.Ext(name)); kind {
	case ".csv":
		err = t.readCSV(text)
	case ".jsonl", ".ndjson":
		err = t.readJSONL(text)
	default:
		return nil, errors.New("is neither a .csv nor a .jsonl file")
	}
	if err == nil && len(t.rows) == 0 {
		err = errors.New("has no row")
	}
	return t, err
}

// readCSV reads a header line, and the rows below it (RFC 4180).
func (t *table) readCSV(text []byte) error {
	r := csv.NewReader(bytes.NewReader(text))
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if t.names == nil {
			for _, name := range record {
				t.names = append(t.names, strings.TrimSpace(name))
			}
			if twice := duplicate(t.names); twice != "" {
				return fmt.Errorf("has the column %q twice", twice)
			}
			continue
		}
		row := make([][]byte, len(record))
		for i, value := range record {
			row[i] = []byte(value)
		}
		t.rows = append(t.rows, row)
	}
}

// duplicate is a name that stands in the list twice, "" if none does.
func duplicate(names []string) string {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return name
		}
	}
	return ""
}

// readJSONL reads an object a line, each with the names of the first. A text is its
// characters, everything else what stands in the file.
func (t *table) readJSONL(text []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &object); err != nil || object == nil {
			return fmt.Errorf("line %d is no JSON object", number)
		}
		if t.names == nil {
			for name := range object {
				t.names = append(t.names, name)
			}
			slices.Sort(t.names)
		}
		row := make([][]byte, len(t.names))
		for i, name := range t.names {
			raw, there := object[name]
			if !there {
				return fmt.Errorf("line %d lacks %q, which the first line has", number, name)
			}
			row[i] = raw
			if raw[0] == '"' {
				var value string
				_ = json.Unmarshal(raw, &value) // it was read as a value before
				row[i] = []byte(value)
			}
		}
		t.rows = append(t.rows, row)
	}
	return lines.Err()
}

// column finds a column by its name, in the form that convert gives to its values.
func (t *table) column(name string, convert func([]byte) ([]byte, error)) (int, error) {
	at := slices.Index(t.names, name)
	switch {
	case at >= 0:
	case name == "user":
		return columnUser, nil
	case name == "seq":
		return columnSeq, nil
	case len(t.names) == 0:
		return 0, fmt.Errorf("has {{%s}}, but there are no rows; {{user}} and {{seq}} need none", name)
	default:
		return 0, fmt.Errorf("has {{%s}}, but the columns are %s", name, strings.Join(t.names, ", "))
	}
	if convert == nil {
		return at, nil
	}
	for i, row := range t.rows {
		value, err := convert(row[at])
		if err != nil {
			return 0, fmt.Errorf("gets {{%s}} from row %d, which %w", name, i+1, err)
		}
		t.rows[i] = append(row, value)
	}
	return len(t.rows[0]) - 1, nil
}

// inBody finds a column whose values are sent as they are.
func (t *table) inBody(name, _ string) (int, error) { return t.column(name, nil) }

// inHeader finds a column whose values must be good in a header.
func (t *table) inHeader(name, _ string) (int, error) {
	return t.column(name, func(value []byte) ([]byte, error) {
		if !httpguts.ValidHeaderFieldValue(string(value)) {
			return nil, fmt.Errorf("is %.100q, and cannot be sent in a header", value)
		}
		return value, nil
	})
}

// inPath finds a column whose values are escaped for where they stand: in a path, or in
// its query. At the very beginning a value is a whole path, and must be good as it is.
func (t *table) inPath(name, before string) (int, error) {
	return t.column(name, func(value []byte) ([]byte, error) {
		switch {
		case before == "":
			if fault := pathFault(string(value)); fault != "" {
				return nil, errors.New(fault)
			}
			return value, nil
		case strings.Contains(before, "?"):
			return []byte(url.QueryEscape(string(value))), nil
		}
		return []byte(url.PathEscape(string(value))), nil
	})
}
