package reports

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

const loadScenario = "timeout: 5s\nload_only:\n  url: http://127.0.0.1:8080\n  profile: constant:8\n  duration: 20s\n"

// recorded is a record of a command: a part of the synthetic run, as load would have
// sent it, or observe seen it.
func recorded(t *testing.T, command runlog.Command) *runlog.Record {
	t.Helper()
	whole := (synthesis{Scales: true}).record(t)
	rec := &runlog.Record{Manifest: whole.Manifest}
	rec.Manifest.Command, rec.Manifest.Complete = command, true
	if command == runlog.CommandObserve {
		rec.Cloud = slices.Clone(whole.Cloud)
		alarm := runlog.MetricAlarm{
			AlarmName: alarmName, MetricName: "CPUUtilization", Statistic: "Average", ComparisonOperator: "GreaterThanThreshold", Threshold: 20,
			EvaluationPeriods: 1, Period: period, StateValue: "OK",
		}
		for _, at := range []float64{1, 89} {
			rec.Cloud = append(rec.Cloud, runlog.Observation{
				Seq: int64(len(rec.Cloud) + 1), Operation: runlog.OpDescribeAlarms, Sent: after(at), Received: after(at),
				Answer: raw(t, runlog.Answer{MetricAlarms: []runlog.MetricAlarm{alarm}}),
			})
			alarm.StateValue = "ALARM"
		}
		byArrival(rec.Cloud)
		return rec
	}
	rec.Scenario = []byte(loadScenario)
	for _, l := range whole.Load {
		if l.Second != nil && l.Time.After(after(84)) && !l.Time.After(after(104)) {
			rec.Load = append(rec.Load, l)
		}
	}
	return rec
}

var drawing = regexp.MustCompile(`(?s)<svg .*?</svg>`)

func TestARecordThatClaimsNothingHasAReportWithoutAVerdict(t *testing.T) {
	for command, drawn := range map[runlog.Command][]string{
		runlog.CommandLoad:    {"errors", "latency", "latency-distribution", "requests", "throughput"},
		runlog.CommandObserve: {"group"},
	} {
		t.Run(string(command), func(t *testing.T) {
			files := written(t, recorded(t, command), judge.Verdict{Outcome: judge.Proved, Summary: "not to be shown"})
			golden(t, string(command)+"/report.md", files[MarkdownFile])
			golden(t, string(command)+"/report.html", unfonted(drawing.ReplaceAllString(files[HTMLFile], "<svg></svg>")))
			var plots []string
			for name := range files {
				if plot, ok := strings.CutPrefix(name, PlotsDir+"/"); ok {
					plots = append(plots, strings.TrimSuffix(plot, ".svg"))
				}
			}
			if slices.Sort(plots); !slices.Equal(plots, drawn) {
				t.Errorf("plots %v, want %v", plots, drawn)
			}
			if files[JUnitFile] != "" || strings.Contains(files[HTMLFile], "✓") || strings.Contains(files[HTMLFile], "not to be shown") {
				t.Error("the report has a verdict, or a junit.xml")
			}
			if command == runlog.CommandLoad {
				golden(t, "load/errors.svg", unfonted(files["plots/errors.svg"]))
			}
		})
	}
}

func TestARecordSaysWhatIsMissing(t *testing.T) {
	const nothing = "load.jsonl holds no interval"
	for _, c := range []struct {
		name    string
		command runlog.Command
		change  func(*runlog.Record)
		want    []string // in report.md, of report.html too
	}{
		{"a load that is whole", runlog.CommandLoad, func(*runlog.Record) {}, nil},
		{"no line of load", runlog.CommandLoad, func(r *runlog.Record) { r.Load = nil },
			[]string{nothing, "No request is on record", "there are no latencies"}},
		{"no file but the manifest's", runlog.CommandLoad, func(r *runlog.Record) { r.Load, r.Scenario = nil, nil },
			[]string{nothing, "scenario.yaml is missing", "Load on an unknown server"}},
		{"an interval in which the generator was the limit", runlog.CommandLoad, func(r *runlog.Record) {
			second := *r.Load[3].Second
			second.Generator = &runlog.GeneratorSecond{Limit: "no CPU."}
			r.Load[3].Second = &second
		}, []string{"| load generator | valid as a whole; it was the limit in 1 of 20 intervals, the first time: no CPU. |"}},
		{"a generator that was the limit", runlog.CommandLoad, func(r *runlog.Record) {
			second := *r.Load[3].Second
			second.Failed, second.Errors = 3, map[string]int64{runlog.NoPortError: 3}
			r.Load[3].Second = &second
		}, []string{
			"> The load generator was the limit, so that the figures are not those of the service.",
			"| load generator | invalid: 3 requests found no local port left. Let connections live longer",
		}},
		{"a scenario that cannot be read", runlog.CommandLoad, func(r *runlog.Record) { r.Scenario = []byte("server: [") },
			[]string{"Load on an unknown server", "| duration | n/a |"}},
		{"a constant rate for a time", runlog.CommandLoad, func(r *runlog.Record) {
			r.Scenario = []byte("load_only: {profile: 'constant:48/20s', duration: 20s}\n")
		}, []string{"| offered | 48/s |", "| duration | 20s |"}},
		{"one line of load", runlog.CommandLoad, func(r *runlog.Record) { r.Load = r.Load[:1] },
			[]string{"a single interval", "was to last 20s, but the record ends after 1s", "48 requests were offered"}},
		{"one line, and an interruption", runlog.CommandLoad, func(r *runlog.Record) {
			r.Load = append(r.Load[:1:1], runlog.LoadLine{Time: after(86), Interrupted: &runlog.Interrupted{Reason: "Ctrl-C"}})
		}, []string{"interrupted:", "Ctrl-C", "ends after 1s"}},
		{"a load that ended early", runlog.CommandLoad, func(r *runlog.Record) { r.Load = r.Load[:12] },
			[]string{"was to last 20s, but the record ends after 12s"}},
		{"a load that was killed", runlog.CommandLoad, func(r *runlog.Record) {
			r.Load, r.Manifest.Complete, r.Torn = r.Load[:12], false, []string{runlog.LoadFile}
		}, []string{"not sealed", "The last line of load.jsonl was cut short", "ends after 12s"}},
		{"a load that was killed and resumed", runlog.CommandLoad, func(r *runlog.Record) {
			gap := runlog.LoadLine{Time: r.Load[12].Time.Add(-500 * time.Millisecond), Gap: &runlog.Gap{From: r.Load[11].Time, Unanswered: 3}}
			r.Load = slices.Insert(r.Load, 12, gap)
		}, []string{"The run was killed and resumed: 500ms from ", " are not on record, nor is the outcome of requests sent before: 3."}},
		{"a load of phases", runlog.CommandLoad, func(r *runlog.Record) {
			r.Scenario = []byte("load_only:\n  phases: [{name: a, profile: 8}, {name: b <i>, replay: r.csv}]\n")
			for i, l := range r.Load {
				second := *l.Second
				if second.Phase = "a"; i >= 5 {
					second.Phase = "b <i>"
				}
				r.Load[i].Second = &second
			}
		}, []string{"a 8, b &lt;i&gt; r.csv", "| a | 5.0 | 240 | 240 |", "| b &lt;i&gt; | 15.0 |"}},
		{"nothing but failures", runlog.CommandLoad, func(r *runlog.Record) {
			r.Load = []runlog.LoadLine{{Time: after(85), Second: &runlog.LoadSecond{
				Phase: runlog.PhaseLoad, IntervalSeconds: 20,
				Counts: runlog.Counts{Offered: 3, Sent: 2, Failed: 2, Dropped: 1, Errors: map[string]int64{"<refused>": 2}},
			}}}
		}, []string{"there are no latencies", "| &lt;refused&gt; | n/a | 2 | 100.00 % |", "No answer named the instance"}},
		{"an observation that is whole", runlog.CommandObserve, func(*runlog.Record) {}, nil},
		{"no answer", runlog.CommandObserve, func(r *runlog.Record) { r.Cloud = nil }, []string{
			"cloud.jsonl holds no answer", "No answer describes the group", "no datapoint of CPUUtilization", "No answer describes an alarm",
			"No change of an alarm and no scaling activity", "Observation of n/a",
		}},
		{"one answer", runlog.CommandObserve, func(r *runlog.Record) { r.Cloud = r.Cloud[:1] },
			[]string{"Observation of " + groupName, "no datapoint of CPUUtilization", "No answer describes an alarm"}},
		{"answers that are errors", runlog.CommandObserve, func(r *runlog.Record) {
			r.Cloud = slices.Clone(r.Cloud[:3])
			r.Cloud[1].Answer, r.Cloud[1].Error = nil, &runlog.APIError{Code: "AccessDenied"}
		}, []string{"1 of 3 answers are errors", "AccessDenied"}},
		{"an observation that was killed", runlog.CommandObserve, func(r *runlog.Record) { r.Manifest.Complete = false },
			[]string{"not sealed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := recorded(t, c.command)
			c.change(rec)
			files := written(t, rec, judge.Verdict{})
			text := strings.NewReplacer(`\`, "", "**", "").Replace(files[MarkdownFile])
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("report.md lacks %q:\n%s", want, text)
				}
			}
			inText := strings.Count(text, "\n> ") + strings.Count(text, "interrupted:")
			if notes := strings.Count(files[HTMLFile], `<p class="note">`); notes != inText {
				t.Errorf("report.html has %d notes, report.md %d:\n%s", notes, inText, text)
			} else if c.want == nil && notes > 0 {
				t.Errorf("a whole record lacks something:\n%s", text)
			}
			if strings.Contains(files[HTMLFile], "<refused>") || strings.Contains(text, "NaN") || strings.Contains(text, "Inf ") {
				t.Error("the report takes over markup, or shows what is no number")
			}
		})
	}
}

func TestSizesHaveThreeDigits(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 93_240: "93.2 kB", 999_600: "1 MB", 5e15: "5e+03 TB"} {
		if got := size(bytes); got != want {
			t.Errorf("size(%d) = %s, want %s", bytes, got, want)
		}
	}
}

// TestALoadsReportHasWhatItsSummaryHas has two kinds of requests, failures and thresholds.
func TestALoadsReportHasWhatItsSummaryHas(t *testing.T) {
	rec := recorded(t, runlog.CommandLoad)
	rec.Scenario = []byte("load_only: {url: http://a, require: [p50 < 250ms, errors < 1%, p99(gone) < 1s, max(phase peak) < 10s]}\n")
	rec.Load = []runlog.LoadLine{second(1, map[string]*runlog.InstanceSecond{"": {Completed: 3, FromSchedule: micros(1000, 1000, 1000)}})}
	s := rec.Load[0].Second
	s.Offered, s.Sent, s.Completed, s.Failed, s.Reused = 4, 4, 3, 1, 2
	s.Opened, s.Errors = map[string]int64{"10.0.0.1:80": 1, "10.0.0.2:80": 3}, map[string]int64{"status 503": 1}
	s.Examples = map[string]runlog.FailureExample{"status 503": {Request: "seed 1, request 2", Error: "status 503"}}
	s.Requests = map[string]*runlog.RequestSecond{
		"search": {Completed: 3, FromSchedule: micros(1000, 1000, 1000)}, "order": {Failed: 1},
	}
	rec.Load = append(rec.Load, second(2, map[string]*runlog.InstanceSecond{"": {Completed: 1, FromSchedule: micros(20_000_000)}}))
	peak := rec.Load[1].Second
	peak.Phase, peak.Completed = "peak", 1
	text := strings.NewReplacer(`\`, "", "**", "").Replace(written(t, rec, judge.Verdict{})[MarkdownFile])
	for _, want := range []string{
		"| p50 < 250ms | ✓ met | 1", "| errors < 1% | ✗ not met | 20 % |", "| p99(gone) < 1s | ? undetermined | there are no data for it |",
		"| search | 3 | 0 | 1.00 |", "| order | 0 | 1 | n/a |", "| status 503 | seed 1, request 2: status 503 | 1 | 25.00 % |",
		"| connections opened | 4 |",
		"| load generator | valid |",
		"| 10.0.0.2:80 | 3 | 75.00 % |\n| 10.0.0.1:80 | 1 | 25.00 % |", "| max(phase peak) < 10s | ✗ not met | 19.99",
	} {
		if !strings.Contains(strings.ReplaceAll(text, "&lt;", "<"), want) {
			t.Errorf("report.md lacks %q:\n%s", want, text)
		}
	}
}
