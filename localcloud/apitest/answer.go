package apitest

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Answer is an answer of the API by the paths of its values, such as
// "TargetGroups.1.Port". Lists count from 1, as in requests, and "TargetGroups#" is
// how many elements a list has.
type Answer map[string]string

// Get returns a value, and fails the test if there is none.
func (a Answer) Get(t *testing.T, path string) string {
	t.Helper()
	v, ok := a[path]
	if !ok {
		t.Fatalf("the answer has no %s:\n%s", path, a)
	}
	return v
}

// String lists the values, a line each.
func (a Answer) String() string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(a)) {
		fmt.Fprintf(&b, "\t%s=%s\n", path, a[path])
	}
	return b.String()
}

// lacks says which of the wanted values an answer does not have. They are joined
// by "&": "path=value", or "!path" for what must not be there.
func (a Answer) lacks(want string) []string {
	var lacking []string
	for one := range strings.SplitSeq(want, "&") {
		path, value, _ := strings.Cut(one, "=")
		if absent, not := strings.CutPrefix(one, "!"); not {
			if _, has := a[absent]; has {
				lacking = append(lacking, one)
			}
			continue
		}
		got, ok := a[path]
		if strings.HasSuffix(path, "#") && !ok {
			got, ok = "0", true
		}
		if want != "" && (!ok || got != value) {
			lacking = append(lacking, fmt.Sprintf("%s (is %q)", one, got))
		}
	}
	return lacking
}

// readXML reads an answer of a query protocol, without what surrounds it.
func readXML(body string) (Answer, error) {
	a := Answer{}
	d := xml.NewDecoder(strings.NewReader(body))
	err := a.element(d, nil)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return a, err
}

// element reads what is in an element, to its end.
func (a Answer) element(d *xml.Decoder, path []string) error {
	var text strings.Builder
	leaf, count := true, 0
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			leaf = false
			step := token.Name.Local
			if step == "member" || step == "item" {
				count++
				step = strconv.Itoa(count)
			}
			if err := a.element(d, append(slices.Clip(path), step)); err != nil {
				return err
			}
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			a.note(path, leaf, text.String(), count)
			return nil
		}
	}
}

// note keeps a value under its path below the answer's result.
func (a Answer) note(path []string, leaf bool, text string, count int) {
	for len(path) > 0 && (strings.HasSuffix(path[0], "Response") || strings.HasSuffix(path[0], "Result")) {
		path = path[1:]
	}
	name := strings.Join(path, ".")
	if count > 0 {
		a[name+"#"] = strconv.Itoa(count)
	}
	if leaf && len(path) > 0 {
		a[name] = text
	}
}

// readJSON reads an answer of AWS JSON.
func readJSON(body string) (Answer, error) {
	var v any
	err := json.Unmarshal([]byte(body), &v)
	a := Answer{}
	a.value(v, "")
	return a, err
}

func (a Answer) value(v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			a.value(member, strings.TrimPrefix(path+"."+name, "."))
		}
	case []any:
		a[path+"#"] = strconv.Itoa(len(v))
		for i, element := range v {
			a.value(element, path+"."+strconv.Itoa(i+1))
		}
	default:
		a[path] = fmt.Sprint(v)
	}
}
