// Package textfile reads text that a person or a command has written to a file:
// editors and shells differ in the encoding and in what they put in front.
package textfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// UTF8 returns the text of a file without its byte order mark. Its error names the
// encoding of what is not UTF-8.
func UTF8(data []byte) ([]byte, error) {
	// Without a byte order mark, too, a zero byte gives away a wider encoding: no
	// text in UTF-8 has one among its first characters.
	start := data[:min(4, len(data))]
	switch {
	case bytes.Contains(start, []byte{0, 0}):
		return nil, errors.New("this is UTF-32 text; save it as UTF-8")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.IndexByte(start, 0) >= 0:
		return nil, errors.New("this is UTF-16 text, as `>` in Windows PowerShell writes it; " +
			"save it as UTF-8, for instance with `| Out-File -Encoding utf8`")
	case !utf8.Valid(data):
		return nil, errors.New("this is not UTF-8 text; save it as UTF-8")
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// ErrEmpty is the error for a file with nothing in it.
var ErrEmpty = errors.New("the file is empty")

// JSON decodes the text of a file that holds one JSON value. Unknown keys, keys that
// come twice, a second value and an empty file are errors.
func JSON(data []byte, into any) error {
	text, err := UTF8(data)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return ErrEmpty
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return jsonError(text, err)
	}
	if err := decoder.Decode(new(json.RawMessage)); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value: remove what comes after the first")
	}
	if key := duplicate(json.NewDecoder(bytes.NewReader(text))); key != "" {
		return fmt.Errorf("%s: given twice; keep one", key)
	}
	return nil
}

// duplicate is a key that an object in the next value has twice, which encoding/json
// would silently take the last of; "" if there is none. The text is valid JSON.
func duplicate(d *json.Decoder) string {
	opening, _ := d.Token()
	if opening != json.Delim('{') && opening != json.Delim('[') {
		return ""
	}
	seen := map[json.Token]bool{}
	for d.More() {
		if opening == json.Delim('{') {
			key, _ := d.Token()
			if seen[key] {
				return fmt.Sprint(key)
			}
			seen[key] = true
		}
		if key := duplicate(d); key != "" {
			return key
		}
	}
	_, _ = d.Token() // the end of the value
	return ""
}

// jsonError says what encoding/json found wrong with a text, and where.
func jsonError(text []byte, err error) error {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // an error without a type
		return fmt.Errorf("unknown key %s; remove it or correct its name", name)
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		before := text[:max(0, syntax.Offset-1)]
		found, _ := utf8.DecodeRune(text[len(before):])
		return fmt.Errorf("line %d, column %d: not valid JSON: %q is unexpected here", 1+bytes.Count(before, []byte("\n")),
			1+utf8.RuneCount(before[1+bytes.LastIndexByte(before, '\n'):]), found)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not valid JSON: the file ends early; a bracket or a quotation mark is not closed")
	case errors.As(err, &kind) && kind.Type.Kind() == reflect.Int &&
		strings.HasPrefix(kind.Value, "number ") && !strings.ContainsAny(kind.Value, ".E"):
		return fmt.Errorf("line %d: %s is the %s; give a number that is not so large", 1+bytes.Count(text[:kind.Offset], []byte("\n")),
			cmp.Or(kind.Field, "this"), kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("line %d: %s is a JSON %s; give %s", 1+bytes.Count(text[:kind.Offset], []byte("\n")),
			cmp.Or(kind.Field, "this"), kind.Value, Wanted(kind.Type.Kind()))
	}
	return err
}

var wanted = map[reflect.Kind]string{
	reflect.Float64: "a number", reflect.Int: "a whole number", reflect.String: "text in quotation marks",
	reflect.Bool: "true or false",
}

// Wanted is what a key takes whose value is of the kind.
func Wanted(kind reflect.Kind) string { return cmp.Or(wanted[kind], "an object in {}") }

// In names a file in each of the faults that err is joined of.
func In(file string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return fmt.Errorf("%s: %w", file, err)
	}
	var faults []error
	for _, fault := range joined.Unwrap() {
		faults = append(faults, In(file, fault))
	}
	return errors.Join(faults...)
}

// UnknownKey is the text for a key that a struct does not have, whose fields, and those of
// structs embedded in it, are named by a tag: which one was probably meant, else all that there are.
func UnknownKey(key string, of reflect.Type, tag string) string {
	var known []string
	for _, field := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(field.Tag.Get(tag), ","); name != "" && name != "-" {
			known = append(known, name)
		}
	}
	if near := Nearest(key, known); near != "" {
		return fmt.Sprintf("unknown key; did you mean %q?", near)
	}
	return "unknown key; known here: " + strings.Join(known, ", ")
}

// Nearest is the name that was probably meant by one that is not known: one that
// at most two letters make it, or that it begins. "" is none.
func Nearest(name string, known []string) string {
	name = strings.ToLower(name)
	for edits := range 3 {
		for _, k := range known {
			if within(edits, name, k) || edits == 2 && name != "" && strings.HasPrefix(k, name) {
				return k
			}
		}
	}
	return ""
}

// within reports whether Levenshtein's distance of two names is at most edits.
func within(edits int, a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	if edits == 0 || a == "" || b == "" {
		return len(a)+len(b) <= edits
	}
	return within(edits-1, a[1:], b) || within(edits-1, a, b[1:]) || within(edits-1, a[1:], b[1:])
}
