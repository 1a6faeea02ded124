package balancer

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkRequest is one request through the load balancer, client and target
// in the same process; BenchmarkDirect is the same without it. The difference is
// what the load balancer costs.
func BenchmarkRequest(b *testing.B) {
	d := deploy(b, nil)
	s := server(b, small)
	d.register(b, "i-1", s.URL, StateHealthy)
	measure(b, d.url)
}

// BenchmarkDirect is the target alone.
func BenchmarkDirect(b *testing.B) { measure(b, server(b, small).URL) }

func small(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"result":42}`) }

func measure(b *testing.B, url string) {
	c := client(b)
	b.ReportAllocs()
	for b.Loop() {
		resp, err := c.Post(url+"/api/calculate", "application/json", strings.NewReader(`{"expression":"6*7"}`))
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}
