package virtual_test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// shop is another program than the calculator: it knows no large numbers, and says in a
// cookie who answers.
func shop(instance string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shop/search", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "served_by", Value: instance, Path: "/"})
		fmt.Fprintf(w, `{"found":{"word":%q,"total":3}}`, r.URL.Query().Get("q"))
	})
	mux.HandleFunc("POST /shop/users/{user}/orders", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "served_by", Value: instance, Path: "/"})
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `{"item":7}` || r.Header.Get("Idempotency-Key") == "" {
			http.Error(w, "want item 7", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"order":{"state":"accepted","user":%q}}`, r.PathValue("user"))
	})
	return mux
}

// ofTheShop is a world whose instances run the shop, and whose scenario is a file.
func ofTheShop(t *testing.T) virtual.Config {
	t.Helper()
	s, err := scenario.Read(t.Context(), filepath.Join("testdata", "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := virtual.Default(t)
	cfg.Scenario, cfg.Program = s, shop
	return cfg
}

func TestAnotherProgramIsProved(t *testing.T) {
	r := virtual.Soak(t, ofTheShop(t))
	if r.Verdict.Outcome != judge.Proved {
		t.Fatalf("verdict = %s %q (%v)\n%s\n%s", r.Verdict.Outcome, r.Verdict.Reason, r.Err, r.Verdict.Summary, strings.Join(r.Events, "\n"))
	}
	total, instances := answered(r.Record)
	if total.Failed > 0 || total.Completed < 100 {
		t.Errorf("%d requests were answered and %d failed: %v", total.Completed, total.Failed, total.Errors)
	}
	if len(instances) != 2 || instances[""] > 0 {
		t.Errorf("the load names %v, want two instances", instances)
	}
}

// answered is what a load came to, and how many answers each instance gave.
func answered(record *runlog.Record) (total runlog.LoadSecond, instances map[string]int64) {
	total.Errors, instances = map[string]int64{}, map[string]int64{}
	for _, line := range record.Load {
		if line.Second == nil {
			continue
		}
		total.Completed += line.Second.Completed
		total.Failed += line.Second.Failed
		for text, n := range line.Second.Errors {
			total.Errors[text] += n
		}
		for id, i := range line.Second.Instances {
			instances[id] += i.Completed
		}
	}
	return total, instances
}

// TestAnotherProgramIsNotProvedByMistake: what the scenario says of the program decides.
func TestAnotherProgramIsNotProvedByMistake(t *testing.T) {
	withoutRace(t)
	for _, tt := range []struct {
		name, failure string
		change        func(*virtual.Config)
		want          judge.Outcome
	}{
		{"a JSON value that is another one", "JSON value found.total differs", func(c *virtual.Config) {
			c.Scenario.Requests[0].Expect.JSON["found.total"] = "4"
		}, judge.Inconclusive},
		{"a status that is another one", "status 201", func(c *virtual.Config) {
			c.Scenario.Requests[1].Expect.Status = []string{"200"}
		}, judge.Inconclusive},
		{"an identity that no answer has", "", func(c *virtual.Config) { c.Scenario.Identity = mix.Calculator }, judge.Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := ofTheShop(t)
			cfg.Scenario.Hold = time.Second
			tt.change(&cfg)
			r := virtual.Soak(t, cfg)
			if r.Verdict.Outcome != tt.want {
				t.Errorf("verdict = %s %q, want %s\n%s", r.Verdict.Outcome, r.Verdict.Reason, tt.want, r.Verdict.Summary)
			}
			if total, _ := answered(r.Record); total.Errors[tt.failure] == 0 && tt.failure != "" {
				t.Errorf("requests failed by %v, want %q", total.Errors, tt.failure)
			}
		})
	}
}
