package autoscale_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"secondwind/autoscale"
)

func TestDatapoints(t *testing.T) {
	w := newWorld(autoscale.Config{})
	m := cpu("web")
	w.feed(start, m, 10*time.Second, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	w.run(t, start.Add(2*time.Minute))
	for _, c := range []struct {
		name     string
		period   time.Duration
		from, to time.Duration // after start
		now      time.Duration // 0: everything is visible
		want     string        // average×count of each period, with its start
	}{
		{"by the minute", time.Minute, 0, 2 * time.Minute, 0, "0s 3.5×6, 1m0s 9.5×6"},
		{"ten seconds are kept apart", 10 * time.Second, 0, 30 * time.Second, 0, "0s 1×1, 10s 2×1, 20s 3×1"},
		{"five minutes that have just begun", 5 * time.Minute, 0, 5 * time.Minute, 0, "0s 6.5×12"},
		{"the start is rounded down to the minute", time.Minute, 90 * time.Second, 2 * time.Minute, 0, "1m0s 9.5×6"},
		{"the end is exclusive", time.Minute, 0, time.Minute, 0, "0s 3.5×6"},
		{"what comes later is not visible", 10 * time.Second, 0, 2 * time.Minute, 15 * time.Second, "0s 1×1, 10s 2×1"},
		{"an empty range", time.Minute, time.Hour, 2 * time.Hour, 0, ""},
		{"a range that ends before it starts", time.Minute, time.Hour, 0, 0, ""},
		{"no period", 0, 0, time.Hour, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := autoscale.Query{Metric: m, Period: c.period, Start: start.Add(c.from), End: start.Add(c.to)}
			if c.now > 0 {
				q.Now = start.Add(c.now)
			}
			var got []string
			for _, d := range w.engine.Datapoints(q) {
				got = append(got, fmt.Sprintf("%s %g×%g", d.Time.Sub(start), d.Statistic("Average"), d.SampleCount))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("Datapoints(%s) = %s, want %s", c.period, strings.Join(got, ", "), c.want)
			}
		})
	}
}

func TestMetricsAreNamedByTheirDimensionsInAnyOrder(t *testing.T) {
	a, b := autoscale.Dimension{Name: "A", Value: "1"}, autoscale.Dimension{Name: "B", Value: "2"}
	e := autoscale.New(autoscale.Config{})
	for _, dimensions := range [][]autoscale.Dimension{{a, b}, {b, a}, {a}, {}} {
		ok(t, e.PutMetricData(start, []autoscale.Sample{{
			Metric: autoscale.Metric{Namespace: "N", Name: "M", Dimensions: dimensions}, Time: start, Value: autoscale.Value(1)}}))
	}
	if got := len(e.Metrics()); got != 3 {
		t.Errorf("Metrics() lists %d, want 3: %v", got, e.Metrics())
	}
}

func TestPutMetricDataRefusesWhatCannotBe(t *testing.T) {
	good := func() autoscale.Sample {
		return autoscale.Sample{Metric: cpu("web"), Time: start, Value: autoscale.Value(1)}
	}
	for name, c := range map[string]struct {
		change func(*autoscale.Sample)
		want   string
	}{
		"a sample as it should be":     {func(*autoscale.Sample) {}, ""},
		"no namespace":                 {func(s *autoscale.Sample) { s.Metric.Namespace = "" }, "Namespace"},
		"no name":                      {func(s *autoscale.Sample) { s.Metric.Name = "" }, "MetricData.member.2.MetricName"},
		"not a number":                 {func(s *autoscale.Sample) { s.Value.Sum = math.NaN() }, "invalid"},
		"infinite":                     {func(s *autoscale.Sample) { s.Value.Maximum = math.Inf(1) }, "invalid"},
		"beyond 2^360":                 {func(s *autoscale.Sample) { s.Value = autoscale.Value(1e300) }, "invalid"},
		"of nothing":                   {func(s *autoscale.Sample) { s.Value.SampleCount = 0 }, "invalid"},
		"minimum above the maximum":    {func(s *autoscale.Sample) { s.Value.Minimum = 2 }, "invalid"},
		"three weeks old":              {func(s *autoscale.Sample) { s.Time = start.AddDate(0, 0, -21) }, "two weeks"},
		"three hours ahead":            {func(s *autoscale.Sample) { s.Time = start.Add(3 * time.Hour) }, "two hours"},
		"with more than 30 dimensions": {func(s *autoscale.Sample) { s.Metric.Dimensions = make([]autoscale.Dimension, 31) }, "30"},
	} {
		t.Run(name, func(t *testing.T) {
			e := autoscale.New(autoscale.Config{})
			s := good()
			c.change(&s)
			wantMessage(t, e.PutMetricData(start, []autoscale.Sample{good(), s}), c.want)
			stored := len(e.Metrics())
			if c.want != "" && stored != 0 {
				t.Errorf("%d metrics were stored beside the error, want none", stored)
			}
			// Step has no error to give: it leaves the sample out.
			e.Step(start, autoscale.Observation{Samples: []autoscale.Sample{s}})
			if got := len(e.Metrics()); got != stored {
				t.Errorf("after Step %d metrics are stored, want %d", got, stored)
			}
		})
	}
}

func TestMetricSame(t *testing.T) {
	a, b := autoscale.Dimension{Name: "A", Value: "1"}, autoscale.Dimension{Name: "B", Value: "2"}
	m := autoscale.Metric{Namespace: "N", Name: "M", Dimensions: []autoscale.Dimension{a, b}}
	for name, c := range map[string]struct {
		other autoscale.Metric
		want  bool
	}{
		"the order of dimensions does not matter": {autoscale.Metric{Namespace: "N", Name: "M", Dimensions: []autoscale.Dimension{b, a}}, true},
		"fewer dimensions":                        {autoscale.Metric{Namespace: "N", Name: "M", Dimensions: []autoscale.Dimension{a}}, false},
		"another name":                            {autoscale.Metric{Namespace: "N", Name: "L", Dimensions: m.Dimensions}, false},
	} {
		if got := m.Same(c.other); got != c.want {
			t.Errorf("%s: Same(%v) = %t, want %t", name, c.other, got, c.want)
		}
	}
}

func TestStatisticValid(t *testing.T) {
	for s, want := range map[autoscale.Statistic]bool{
		autoscale.StatisticAverage: true, autoscale.StatisticSum: true, autoscale.StatisticMinimum: true,
		autoscale.StatisticMaximum: true, autoscale.StatisticSampleCount: true, "p90": false, "": false,
	} {
		if got := s.Valid(); got != want {
			t.Errorf("%q.Valid() = %t, want %t", s, got, want)
		}
	}
}
