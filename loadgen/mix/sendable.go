package mix

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"
)

// plain tells whether a text has no control character.
func plain(text string) bool { return !strings.ContainsFunc(text, unicode.IsControl) }

// validName tells whether a header, a cookie or a method can have the name.
func validName(name string) bool { return httpguts.ValidHeaderFieldName(name) }

// framing are the headers that say where a request ends, which the program sees to itself.
var framing = []string{"Content-Length", "Transfer-Encoding", "Trailer"}

// sendable are the faults of what a request's head consists of; {{…}} in it is good.
func sendable(method, path string, header map[string][]string) []Fault {
	var f faults
	f.check(validName(method), "method", "is %q; give a method such as GET", method)
	f.check(method != "CONNECT", "method", "is CONNECT, which asks for a tunnel and has no path; give another method")
	if path != "" {
		wrong := pathFault(path)
		f.check(wrong == "", "path", "%s", wrong)
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		key, folded := "headers."+name, strings.ToLower(name)
		f.check(validName(name), key, "is no name of a header; give letters, digits and hyphens")
		f.check(!seen[folded], key, "is given twice; upper and lower case are the same")
		f.check(!slices.ContainsFunc(framing[1:], func(known string) bool { return strings.EqualFold(known, name) }), key,
			"cannot be sent; leave it out: a body goes out whole, with its length")
		seen[folded] = true
		for _, value := range header[name] {
			f.check(httpguts.ValidHeaderFieldValue(value), key, "is %q; give a value without line breaks and control characters", value)
			f.check(folded != "host" || httpguts.ValidHostHeader(marker.ReplaceAllString(value, "x")), key, "is %q, which is no host", value)
		}
	}
	return f.found
}

// pathFault says why a path, with its query, cannot be sent; "" if it can.
func pathFault(path string) string {
	if at := marker.FindStringIndex(path); !strings.HasPrefix(path, "/") && (at == nil || at[0] > 0) {
		return fmt.Sprintf("is %q; begin it with /", path)
	}
	path = marker.ReplaceAllString(path, "x")
	for _, r := range path {
		if r <= ' ' || r >= 0x7f || r == '#' {
			return fmt.Sprintf("is %q, and %q cannot be sent in a path; write %s", path, r, url.PathEscape(string(r)))
		}
	}
	if _, err := url.Parse("http://host/" + strings.TrimLeft(path, "/")); err != nil {
		return fmt.Sprintf("is %q; write %% as %%25, unless two hexadecimal digits follow", path)
	}
	return ""
}
