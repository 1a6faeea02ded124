// A service that burns CPU, for docs/your-service.md: it answers /work and /healthz on the port
// that it is given, and names its instance in the header X-Instance-Id.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	port := flag.String("port", "8080", "where to listen")
	flag.Parse()
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("GET /work", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.URL.Query().Get("word")))
		for range 40_000 { // some 8 ms
			sum = sha256.Sum256(sum[:])
		}
		w.Header().Set("X-Instance-Id", os.Getenv("INSTANCE_ID"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"status\": \"ok\", \"sum\": \"%x\"}\n", sum)
	})
	log.Fatal(http.ListenAndServe(":"+*port, nil))
}
