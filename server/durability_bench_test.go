package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkDurability is of 32 clients side by side.
func BenchmarkDurability(b *testing.B) {
	for _, durability := range []Durability{Written, Queued} {
		b.Run(string(durability), func(b *testing.B) {
			s, err := New(Config{Durability: durability, History: keptIn(b, b.TempDir()+"/history.db")})
			if err != nil {
				b.Fatal(err)
			}
			var became atomic.Int64
			b.SetParallelism(32)
			b.RunParallel(func(next *testing.PB) {
				r := httptest.NewRequest(http.MethodGet, "/_calculate?number1=6&operator=*&number2=7", nil)
				r.AddCookie(&http.Cookie{Name: userCookie, Value: alice})
				for next.Next() {
					w := httptest.NewRecorder()
					s.Handler().ServeHTTP(w, r)
					if strings.EqualFold(w.Header().Get(headerHistory), string(durability)) {
						became.Add(1)
					}
				}
			})
			s.recorder.settle(b.Context())
			b.ReportMetric(float64(became.Load())/float64(b.N), string(durability)+"/request")
		})
	}
}
