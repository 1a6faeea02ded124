package textfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"secondwind/textfile"
)

// inUTF16 is a text as Windows PowerShell writes it, in the order of bytes asked for.
func inUTF16(text string, big bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		first, second := byte(unit), byte(unit>>8)
		if big {
			first, second = second, first
		}
		b.WriteByte(first)
		b.WriteByte(second)
	}
	return b.String()
}

func TestUTF8TakesTheByteOrderMarkOffAndNamesOtherEncodings(t *testing.T) {
	for name, test := range map[string]struct{ text, want, fault string }{
		"nothing":                       {"", "", ""},
		"one character":                 {"a", "a", ""},
		"text":                          {"users: 5 # häufig", "users: 5 # häufig", ""},
		"a byte order mark":             {"\ufeffusers: 5", "users: 5", ""},
		"a mark alone":                  {"\ufeff", "", ""},
		"a second mark is text":         {"\ufeff\ufeffa", "\ufeffa", ""},
		"UTF-16, little-endian":         {inUTF16("\ufeff{}", false), "", "this is UTF-16 text"},
		"UTF-16, big-endian":            {inUTF16("\ufeff{}", true), "", "this is UTF-16 text"},
		"UTF-16 without a mark":         {inUTF16("{}", false), "", "this is UTF-16 text"},
		"big-endian without a mark":     {inUTF16("{}", true), "", "this is UTF-16 text"},
		"UTF-16 that holds only a mark": {inUTF16("\ufeff", false), "", "this is UTF-16 text"},
		"UTF-32, little-endian":         {"\xff\xfe\x00\x00{\x00\x00\x00", "", "this is UTF-32 text"},
		"UTF-32, big-endian":            {"\x00\x00\xfe\xff\x00\x00\x00{", "", "this is UTF-32 text"},
		"UTF-32 without a mark":         {"{\x00\x00\x00}\x00\x00\x00", "", "this is UTF-32 text"},
		"big-endian UTF-32, unmarked":   {"\x00\x00\x00{", "", "this is UTF-32 text"},
		"Latin-1":                       {"h\xe4ufig", "", "this is not UTF-8 text"},
	} {
		got, err := textfile.UTF8([]byte(test.text))
		if string(got) != test.want || !reports(err, test.fault) {
			t.Errorf("%s: UTF8(%q) = %q, %v, want %q, %q", name, test.text, got, err, test.want, test.fault)
		}
	}
}

// reports is whether an error has a text in it; none is wanted where it is "".
func reports(err error, text string) bool {
	return (err != nil) == (text != "") && (err == nil || strings.Contains(err.Error(), text))
}

func TestJSONIsOneValueWithKnownMembersOnly(t *testing.T) {
	for name, test := range map[string]struct{ text, fault string }{
		"one value":             {`{"users": 5}`, ""},
		"a byte order mark":     {"\ufeff" + `{"users": 5}`, ""},
		"line breaks around it": {"\r\n" + `{"users": 5}` + "\r\n\r\n", ""},
		"UTF-16":                {inUTF16(`{"users": 5}`, false), "this is UTF-16 text"},
		"a misspelt key":        {`{"users": 5, "user": 6}`, `unknown key "user"; remove it or correct its name`},
		"a key twice":           {`{"users": 4, "users": 5}`, "users: given twice; keep one"},
		"a key twice, deep":     {`{"users": 5, "groups": [{}, {"a": {"b": 1, "b": 2}}]}`, "b: given twice"},
		"one key in two groups": {`{"users": 5, "groups": [{"a": {"b": 1}}, {"a": {"b": 1}}]}`, ""},
		"YAML":                  {"# five\nusers: 5\n", "line 1, column 1: not valid JSON: '#' is unexpected here"},
		"a comma too many":      {"{\r\n  \"users\": 5,\r\n}", "line 3, column 1: not valid JSON: '}' is unexpected here"},
		"an umlaut":             {"{\"ä\": ö}", "line 1, column 7: not valid JSON: 'ö' is unexpected here"},
		"a number for a choice": {`{"kept": 1}`, "line 1: kept is a JSON number; give true or false"},
		"a list":                {`[]`, "line 1: this is a JSON array; give an object in {}"},
		"two values":            {`{"users": 5} {}`, "more than one JSON value"},
		"a bracket too many":    {`{"users": 5}}`, "more than one JSON value"},
		"a text for a number":   {`{"users": "5"}`, "line 1: users is a JSON string; give a whole number"},
		"a cut file":            {`{"users"`, "not valid JSON: the file ends early"},
		"nothing":               {"", "the file is empty"},
		"a mark and blanks":     {"\ufeff \n", "the file is empty"},
	} {
		var got struct {
			Users  int                         `json:"users"`
			Kept   bool                        `json:"kept"`
			Groups []map[string]map[string]int `json:"groups"`
		}
		err := textfile.JSON([]byte(test.text), &got)
		if !reports(err, test.fault) || err == nil && got.Users != 5 {
			t.Errorf("%s: JSON(%q) = %v, %+v, want %q", name, test.text, err, got, test.fault)
		}
	}
	if err := textfile.JSON(nil, new(any)); !errors.Is(err, textfile.ErrEmpty) {
		t.Errorf("JSON(nothing) = %v, want ErrEmpty", err)
	}
}

func FuzzUTF8(f *testing.F) {
	for _, seed := range []string{"", "a", "\ufeffa", "\xff\xfea\x00", "\x00a", "\xe4"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := textfile.UTF8(data)
		if err == nil && !utf8.Valid(text) {
			t.Errorf("UTF8(%q) = %q, want UTF-8", data, text)
		}
		if err == nil && len(text) != len(data) && len(text) != len(data)-3 {
			t.Errorf("UTF8(%q) = %q, want all but the mark", data, text)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{"", "{", `{"a": {"b": [1, 2.5, null]}}`, `{"a": 1, "a": 2}`, "# a", "{\n,}", `{"a": "ä`, "[]", "null 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var into map[string]map[string]int
		if err := textfile.JSON(data, &into); err != nil && err.Error() == "" {
			t.Errorf("JSON(%q) = an error without a text", data)
		}
	})
}

func ExampleUTF8() {
	text, err := textfile.UTF8([]byte("\xef\xbb\xbfhold: 8h"))
	fmt.Println(string(text), err)
	_, err = textfile.UTF8([]byte("\xff\xfe{\x00}\x00"))
	fmt.Println(err != nil)
	// Output:
	// hold: 8h <nil>
	// true
}
