package mix_test

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"secondwind/loadgen/mix"
)

// A request is filled in from the rows of a file.
func ExampleMake() {
	spec := mix.Spec{Requests: []mix.Request{
		{Name: "find", Path: "/find?q={{word}}", Rows: "words.csv", Expect: mix.Expect{Text: "found"}},
	}}
	open := func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("word\ntwo words\n")), nil }
	m, err := mix.Make(spec, &url.URL{Scheme: "http", Host: "shop.example", Path: "/api"}, open)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, wire := m.Describe(17)
	fmt.Println(id)
	fmt.Println(strings.ReplaceAll(string(wire), "\r", ""))
	// Output:
	// seed 0, request 17: find, row 1
	// GET /api/find?q=two+words HTTP/1.1
	// Host: shop.example
	// User-Agent: secondwind
}

// What cannot be sent is refused by its key.
func ExampleSpec_Faults() {
	for _, fault := range (mix.Spec{Requests: []mix.Request{{Path: "/a b"}}}).Faults() {
		fmt.Println(fault)
	}
	// Output:
	// requests[0].path: is "/a b", and ' ' cannot be sent in a path; write %20
}

// Targets are sent one after the other.
func ExampleFromTargets() {
	m, err := mix.FromTargets(strings.NewReader("GET http://shop.example/\n\nDELETE http://shop.example/cart\n"), mix.Targets{Format: "http"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for seq := range uint64(3) {
		fmt.Println(m.Kinds()[m.Kind(seq)])
	}
	// Output:
	// GET /
	// DELETE /cart
	// GET /
}
