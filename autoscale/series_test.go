package autoscale

import (
	"fmt"
	"testing"
	"time"
)

var midnight = time.Date(2026, 2, 26, 0, 0, 0, 0, time.UTC)

func TestRetentionIsBounded(t *testing.T) {
	s := newMetricStore()
	m := Metric{Namespace: "AWS/EC2", Name: "CPUUtilization"}
	const days = 40
	for i := range days * 24 * 60 {
		s.add(Sample{Metric: m, Time: midnight.Add(time.Duration(i) * time.Minute), Value: Value(1), Resolution: time.Second})
	}
	one := s.byMetric[m.key()][0]
	minutes, seconds := int(keepStandard/time.Minute), int(keepHighResolution/time.Minute)
	if got := len(one.minutes.live()); got != minutes {
		t.Errorf("%d minutes are kept of %d days, want %d", got, days, minutes)
	}
	if got := len(one.seconds.live()); got != seconds {
		t.Errorf("%d high-resolution points are kept, want %d", got, seconds)
	}
	if got, most := cap(one.minutes.slots), 4*minutes; got > most {
		t.Errorf("room for %d minutes is held, want at most %d", got, most)
	}
	s.expire(midnight.Add((days + 16) * 24 * time.Hour))
	if len(s.list()) != 0 || s.count != 0 {
		t.Errorf("Metrics() = %v, want none after 16 silent days", s.list())
	}
}

func TestSeriesAreBounded(t *testing.T) {
	s := newMetricStore()
	for i := range maxSeries + 5 {
		s.add(Sample{Metric: Metric{Namespace: "n", Name: fmt.Sprint(i)}, Time: midnight.Add(time.Duration(i) * time.Minute), Value: Value(1)})
	}
	if s.count > maxSeries || s.count != len(s.byMetric) {
		t.Errorf("%d series are held, want at most %d", s.count, maxSeries)
	}
	newest := Metric{Namespace: "n", Name: fmt.Sprint(maxSeries + 4)}
	if s.byMetric[newest.key()] == nil {
		t.Error("the newest series was let go, want the stalest")
	}
	if s.byMetric[Metric{Namespace: "n", Name: "0"}.key()] != nil {
		t.Error("the stalest series is still held")
	}
}

func TestLateSamples(t *testing.T) {
	r := ring{width: 60, keep: 3600}
	for _, at := range []int64{600, 720, 660, 601, 725} {
		r.add(at, Value(float64(at)))
	}
	var got []string
	for _, s := range r.between(600, 721) {
		got = append(got, fmt.Sprintf("%d×%g", s.at, s.SampleCount))
	}
	if want := "[600×2 660×1 720×2]"; fmt.Sprint(got) != want {
		t.Errorf("between(600, 721) = %v, want %s", got, want)
	}
	r.add(600+7200, Value(1)) // two hours on, the first hour has expired
	if got := len(r.live()); got != 1 {
		t.Errorf("%d slots are live, want 1", got)
	}
}

func TestHistoryAndActivitiesAreBounded(t *testing.T) {
	e := New(Config{})
	for i := range 3 * maxHistory {
		e.record(midnight.Add(time.Duration(i)*time.Second), "a", HistoryStateUpdate, "", nil)
	}
	if got, most := len(e.history), maxHistory+maxHistory/10; got > most {
		t.Errorf("%d history items are held, want at most %d", got, most)
	}
	e.expireHistory(midnight.Add(keepHistory + 24*time.Hour))
	if got := len(e.history); got != 0 {
		t.Errorf("%d history items are held after 15 days, want none", got)
	}

	g := &group{}
	for i := range 2 * maxActivities {
		g.activities = append(g.activities, &Activity{Start: midnight.Add(time.Duration(i) * time.Second), End: midnight.Add(48 * time.Hour)})
	}
	running := &Activity{Start: midnight}
	g.activities = append([]*Activity{running}, g.activities...)
	g.forgetActivities(midnight.Add(time.Hour))
	if got := len(g.activities); got != maxActivities || g.activities[0] != running {
		t.Errorf("%d activities are held, want %d and the one in progress among them", got, maxActivities)
	}
	g.forgetActivities(midnight.Add(keepActivities + 48*time.Hour))
	if got := len(g.activities); got != 1 {
		t.Errorf("%d activities are held after six weeks, want the one in progress", got)
	}
}
