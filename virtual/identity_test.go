package virtual_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// answering is a program of which each answer is made of the name of its instance.
func answering(answer func(w http.ResponseWriter, instance string)) func(string) http.Handler {
	return func(instance string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, instance) })
	}
}

// nameless is a program whose answers name nobody.
func nameless(w http.ResponseWriter, _ string) { fmt.Fprint(w, "ok") }

// named names its instance as a calculator does.
func named(w http.ResponseWriter, instance string) { w.Header().Set("X-Instance-Id", instance) }

// running lets a world run a program, whose requests are plain.
func running(answer func(http.ResponseWriter, string), by mix.Identity, changes ...func(*virtual.Config)) func(*virtual.Config) {
	return func(c *virtual.Config) {
		c.Program = answering(answer)
		c.Scenario.Requests, c.Scenario.Identity = []mix.Request{{Path: "/work"}}, by
		c.Scenario.Hold = time.Second
		for _, change := range changes {
			change(c)
		}
	}
}

// byTarget is the identity of which the load balancer tells.
var byTarget = mix.Identity{Target: true}

// uncounted is a world whose load balancer counts as AWS's does.
func uncounted(c *virtual.Config) { c.Uncounted = true }

// passingOn lets every instance but the first pass its requests on to that.
var passingOn = second(func(l *virtual.Launch) { l.PassesOn = true })

// caching puts a proxy in front that answers so many of ten requests itself.
func caching(ofTen int64, answer func(http.ResponseWriter, string)) func(*virtual.Config) {
	return func(c *virtual.Config) {
		c.Proxy = func(balancer http.RoundTripper) http.Handler {
			var seen atomic.Int64
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if seen.Add(1)%10 < ofTen {
					answer(w, "")
					return
				}
				r.URL.Scheme, r.URL.Host, r.RequestURI = "http", r.Host, ""
				got, err := balancer.RoundTrip(r)
				if err != nil {
					http.Error(w, err.Error(), http.StatusBadGateway)
					return
				}
				defer func() { _ = got.Body.Close() }()
				for name, values := range got.Header {
					w.Header()[name] = values
				}
				w.WriteHeader(got.StatusCode)
				_, _ = io.Copy(w, got.Body) // who asked may have left
			})
		}
	}
}

// impostors are worlds in which something else than the new instance answers, or none does, by each kind of evidence.
func impostors() (all []soak) {
	for _, kind := range []struct {
		name string
		by   mix.Identity
		say  func(http.ResponseWriter, string)
		more func(*virtual.Config)
		want map[string]string // reasons by what is amiss
	}{
		{"answers", mix.Calculator, named, func(*virtual.Config) {}, map[string]string{
			"passes on": "confounder.pinned-connections", "caches": "confounder.other-servers"}},
		{"counts of each target", byTarget, nameless, func(*virtual.Config) {}, map[string]string{
			"passes on": "confounder.unexplained-cpu", "caches": "confounder.other-servers"}},
		{"counts of all targets", byTarget, nameless, uncounted, map[string]string{
			"passes on": "confounder.pinned-connections", "caches": "confounder.other-servers"}},
	} {
		add := func(what string, want judge.Outcome, reason string, changes ...func(*virtual.Config)) {
			all = append(all, soak{kind.name + ": " + what, running(kind.say, kind.by, append(changes, kind.more)...), want, reason})
		}
		add("nothing is amiss", judge.Proved, "")
		add("the second instance passes its requests on to the first", judge.Inconclusive, kind.want["passes on"], passingOn)
		add("a proxy answers three of ten requests", judge.Inconclusive, kind.want["caches"], caching(3, kind.say))
		add("another group begins to serve", judge.Inconclusive, "confounder.other-servers", beside(runlog.PhaseControl, anotherGroup))
		add("the second instance answers its health checks alone", judge.Inconclusive, "premise.instrument", failing(kind.say))
	}
	// The second instance is sent requests, which the first answers: in turns by its own name and by the second's.
	var other atomic.Value
	busy := second(func(l *virtual.Launch) { l.PassesOn, l.IdleCPUPercent = true, 25 })
	tracked := tracking(scenario.PolicyAttached, true, 1)
	three := func(c *virtual.Config) {
		c.Variables.MinSize, c.Variables.DesiredCapacity, c.Variables.MaxSize = 3, 3, 4
	}
	all = append(all,
		soak{"counts of all targets: the second instance passes its requests on, and burns CPU", running(nameless, byTarget, uncounted, busy),
			judge.Inconclusive, "confounder.unexplained-cpu"},
		soak{"counts of all targets: from three instances to four", running(nameless, byTarget, uncounted, three), judge.Proved, ""},
		soak{"counts of all targets: tracking requests", running(nameless, byTarget, uncounted, tracked), judge.Proved, ""},
		soak{"counts of all targets: tracking requests, which the second passes on", running(nameless, byTarget, uncounted, tracked,
			passingOn), judge.Inconclusive, "confounder.pinned-connections"},
		soak{"counts of all targets: tracking requests, which the second passes on, and burns CPU", running(nameless, byTarget, uncounted,
			tracked, busy), judge.Refuted, "link.load-shared"},
		soak{"counts of each target: tracking requests", running(nameless, byTarget, tracked), judge.Proved, ""},
	)
	return append(all, soak{"answers: the first instance answers for the second, by its name", func(c *virtual.Config) {
		running(nil, mix.Calculator, passingOn)(c)
		c.Program = lying(&other)
		beside(runlog.PhaseLoad, func(ctx context.Context, a *virtual.Acting) { nameLater(ctx, a, &other) })(c)
	}, judge.Inconclusive, "confounder.unexplained-cpu"})
}

// failing lets the program of every instance but the first answer with 500.
func failing(answer func(http.ResponseWriter, string)) func(*virtual.Config) {
	return func(c *virtual.Config) {
		first := ""
		c.Program = func(instance string) http.Handler {
			if first == "" {
				first = instance
			}
			return answering(func(w http.ResponseWriter, instance string) {
				if instance != first {
					w.WriteHeader(http.StatusInternalServerError)
				}
				answer(w, instance)
			})(instance)
		}
	}
}

// lying is the program of a first instance that, once it is sent the requests of the second, too, names
// itself and that in turns. Its name is known by then: that of the launch which the world's seed gives.
func lying(other *atomic.Value) func(string) http.Handler {
	var turn atomic.Int64
	return answering(func(w http.ResponseWriter, instance string) {
		if name, ok := other.Load().(string); ok && turn.Add(1)%2 == 0 {
			instance = name
		}
		named(w, instance)
	})
}

// nameLater waits until the group has a second instance, and tells its name.
func nameLater(ctx context.Context, a *virtual.Acting, name *atomic.Value) {
	for ctx.Err() == nil {
		out := must(autoscaling.NewFromConfig(a.AWS).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{}))
		if all := out.AutoScalingGroups[0].Instances; len(all) == 2 {
			name.Store(*all[1].InstanceId)
			return
		}
		time.Sleep(time.Second)
	}
}

// TestWhoAnswersIsNotProvedByMistake takes all of them where more than the usual worlds are asked for.
func TestWhoAnswersIsNotProvedByMistake(t *testing.T) {
	withoutRace(t)
	all := impostors()
	if *worldsAsked <= usualWorlds {
		all = slices.DeleteFunc(all, func(s soak) bool {
			return s.name != "counts of each target: the second instance passes its requests on to the first" &&
				s.name != "counts of all targets: the second instance passes its requests on, and burns CPU"
		})
	}
	runSoaks(t, all)
}

// TestForgedCountsAreNotProved changes the counts of runs that are proved by them.
func TestForgedCountsAreNotProved(t *testing.T) {
	withoutRace(t)
	for _, kind := range []struct {
		name   string
		change func(*virtual.Config)
		forge  map[string]func(*runlog.Record, string)
	}{
		{"of each target", func(*virtual.Config) {}, map[string]func(*runlog.Record, string){
			"no count of the new instance":        func(r *runlog.Record, id string) { rewrite(r, runlog.TargetSeries(id), 0) },
			"a count of the new instance halved":  func(r *runlog.Record, id string) { rewrite(r, runlog.TargetSeries(id), 0.5) },
			"a count of the new instance doubled": func(r *runlog.Record, id string) { rewrite(r, runlog.TargetSeries(id), 2) },
		}},
		{"of all targets", uncounted, map[string]func(*runlog.Record, string){
			"half of the requests":      func(r *runlog.Record, _ string) { rewrite(r, runlog.RequestsSeries, 0.5) },
			"a mean of one target":      func(r *runlog.Record, _ string) { rewrite(r, runlog.PerTargetSeries, 2) },
			"no count of the requests":  func(r *runlog.Record, _ string) { rewrite(r, runlog.RequestsSeries, 0) },
			"no mean":                   func(r *runlog.Record, _ string) { rewrite(r, runlog.PerTargetSeries, 0) },
			"an idle new instance":      func(r *runlog.Record, id string) { rewrite(r, id, 0.03) },
			"a new instance that burns": func(r *runlog.Record, id string) { rewrite(r, id, 2) },
		}},
	} {
		cfg := virtual.Default(t)
		running(nameless, byTarget, kind.change)(&cfg)
		r := virtual.Soak(t, cfg)
		if r.Verdict.Outcome != judge.Proved {
			t.Fatalf("counts %s: %s %q\n%s", kind.name, r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.Summary)
		}
		if is := differs(r); is != nil {
			t.Errorf("counts %s: %q", kind.name, is)
		}
		for name, forge := range kind.forge {
			is := *r.Record
			is.Cloud = slices.Clone(is.Cloud)
			forge(&is, r.Verdict.Figures.NewInstanceID)
			v := judge.Judge(&is)
			t.Logf("counts %s, %s: %s %q", kind.name, name, v.Outcome, v.Reason)
			if v.Outcome == judge.Proved {
				t.Errorf("counts %s, %s: %s", kind.name, name, v.Summary)
			}
		}
	}
}

// rewrite multiplies the values of a series; by 0 there are none.
func rewrite(r *runlog.Record, series string, by float64) {
	for i, o := range r.Cloud {
		if o.Operation != runlog.OpGetMetricData || o.Answer == nil {
			continue
		}
		var in runlog.GetMetricDataInput
		var answer struct{ MetricDataResults []runlog.MetricDataResult }
		must(0, json.Unmarshal(o.Input, &in))
		must(0, json.Unmarshal(o.Answer, &answer))
		for j, result := range answer.MetricDataResults {
			q := slices.IndexFunc(in.MetricDataQueries, func(q runlog.MetricDataQuery) bool { return q.Id == result.Id })
			if name, ok := r.Hypothesis.Series(in.MetricDataQueries[q]); !ok || name != series {
				continue
			}
			if by == 0 {
				result.Timestamps, result.Values = nil, nil
			}
			for k := range result.Values {
				result.Values[k] *= by
			}
			answer.MetricDataResults[j] = result
		}
		r.Cloud[i].Answer = must(json.Marshal(answer))
	}
}
