package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"secondwind/server"
)

// bare is the least that a handler can do for the same answer.
func bare(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	x, _ := strconv.Atoi(q.Get("number1"))
	y, _ := strconv.Atoi(q.Get("number2"))
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]int{"result": x * y})
}

// BenchmarkOriginal compares the two over connections, with a client's own cost
// in both.
func BenchmarkOriginal(b *testing.B) {
	for name, handler := range map[string]http.Handler{"calculator": newServer(b, server.Config{}).Handler(), "bare": http.HandlerFunc(bare)} {
		b.Run(name, func(b *testing.B) {
			s := httptest.NewServer(handler)
			defer s.Close()
			for b.Loop() {
				got, err := http.Get(s.URL + "/_calculate?number1=6&operator=*&number2=7")
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, got.Body)
				got.Body.Close()
			}
		})
	}
}

// BenchmarkOriginalAlone is the calculator's share of it.
func BenchmarkOriginalAlone(b *testing.B) {
	h := newServer(b, server.Config{}).Handler()
	r := httptest.NewRequest(http.MethodGet, "/_calculate?number1=6&operator=*&number2=7", nil)
	w := discard{}
	for b.Loop() {
		clear(w)
		h.ServeHTTP(w, r)
	}
	b.ReportAllocs()
}

type discard http.Header

func (d discard) Header() http.Header         { return http.Header(d) }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
