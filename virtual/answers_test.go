package virtual_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"secondwind/loadgen/mix"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// TestForeignPrograms soaks programs that are not ours: what is wrong with one stands in the verdict, and
// the run has ended before the control.
func TestForeignPrograms(t *testing.T) {
	var asked atomic.Int64
	cost := func(cpu time.Duration) func(*virtual.Config) { return func(c *virtual.Config) { c.Service.CPU = cpu } }
	steady := func(c *virtual.Config) { c.Service.Noise = 0 }
	missing := func(w http.ResponseWriter, _ string) {
		http.Error(w, "404 page not found\ntry /shop", http.StatusNotFound)
	}
	for _, tt := range []struct {
		name   string
		change func(*virtual.Config)
		says   string // the summary of one that is not PROVED
		within time.Duration
	}{
		{"it names nobody", running(nameless, mix.Calculator), " answers names the instance that gave it; set identity.header, " +
			"identity.cookie or identity.json in the scenario to what holds the instance id, or identity: {target: true}", 25 * time.Second},
		{"it names its host", running(func(w http.ResponseWriter, instance string) { named(w, "host-"+instance) }, mix.Calculator),
			"which is no instance of the group (i-", 25 * time.Second},
		{"its JSON names it", running(func(w http.ResponseWriter, instance string) { fmt.Fprintf(w, `{"meta":{"host":%q}}`, instance) },
			mix.Identity{JSON: "meta.host"}), "", 0},
		{"a cookie names it", running(func(w http.ResponseWriter, instance string) {
			http.SetCookie(w, &http.Cookie{Name: "served_by", Value: instance})
		}, mix.Identity{Cookie: "served_by"}), "", 0},
		{"it knows no such path", running(missing, mix.Calculator), "requests failed: status 404; the answer has status 404 and a body of 29 " +
			`bytes that begins with "404 page not found try /shop"; expected: status 200-399 without redirects (seed 1, request `,
			25 * time.Second},
		{"it answers with 500 after a while", running(func(w http.ResponseWriter, instance string) {
			if named(w, instance); asked.Add(1) > 100 {
				http.Error(w, "out of connections", http.StatusInternalServerError)
			}
		}, mix.Calculator), "control: no request has been answered as expected for 30 s: status 500; the answer has status 500 and a body " +
			`of 19 bytes that begins with "out of connections"`, 90 * time.Second},
		{"a request costs 0.05 ms", running(named, mix.Calculator, cost(50*time.Microsecond), steady),
			"a request costs next to nothing: the control would need 2.1e+03 requests/s to put one instance at 11 %, and the load " +
				"6.24e+03 to put it at 31.7 %, which is more than 100 times calibration.start_rate, 4; does the load reach the group's " +
				"instances? If it does, set calibration.start_rate to 188", 50 * time.Second},
		{"a request costs 3 s", running(named, mix.Calculator, cost(3*time.Second)),
			"put one instance at 100 %, and the threshold is 20 %: the control needs at most", 50 * time.Second},
		{"it waits, and costs no CPU", running(func(w http.ResponseWriter, instance string) {
			time.Sleep(200 * time.Millisecond)
			named(w, instance)
		}, mix.Calculator, cost(0)), "CPU did not rise above its idle 0.50 % under 4.0 requests/s: does the load reach the group's instances, " +
			"and does a request take CPU there? A service that waits is scaled by ALBRequestCountPerTarget", 50 * time.Second},
	} {
		if raceDetector && tt.says == "" {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := virtual.Default(t)
			tt.change(&cfg)
			r := virtual.Soak(t, cfg)
			want, reason := judge.Proved, ""
			if tt.says != "" {
				want, reason = judge.Inconclusive, "premise.instrument"
			}
			if r.Verdict.Outcome != want || r.Verdict.Reason != reason || !strings.Contains(r.Verdict.Summary, tt.says) {
				t.Errorf("verdict = %s %q, want %s with %q\n%s", r.Verdict.Outcome, r.Verdict.Reason, want, tt.says, r.Verdict.Summary)
			}
			if r.Took > tt.within && tt.says != "" {
				t.Errorf("the run took %s, want it to end within %s", r.Took, tt.within)
			}
		})
	}
}
