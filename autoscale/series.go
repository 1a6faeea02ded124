package autoscale

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"
)

// How much is kept. Source of the times: CloudWatch User Guide, "Metrics
// retention". The count is ours: it keeps a run of any length flat.
const (
	keepHighResolution = 3 * time.Hour       // data of less than a minute
	keepStandard       = 15 * 24 * time.Hour // data of a minute
	maxSeries          = 10_000
)

// metricStore holds every series; a metric has one series per unit.
type metricStore struct {
	byMetric map[string][]*series
	count    int
}

// series is one metric in one unit, by the second and by the minute.
type series struct {
	metric  Metric
	unit    string
	seconds ring // high-resolution samples only
	minutes ring // every sample
}

// slot is a second or a minute that holds data.
type slot struct {
	at int64 // seconds since 1970, of its start
	Statistics
}

// ring holds the slots of a retention time, oldest first, without the empty ones.
type ring struct {
	slots []slot
	head  int   // slots before it have expired
	width int64 // seconds in a slot
	keep  int64 // seconds
}

func newMetricStore() *metricStore { return &metricStore{byMetric: map[string][]*series{}} }

// add stores a valid sample.
func (s *metricStore) add(sample Sample) {
	one := s.series(sample)
	at := sample.Time.Unix()
	if sample.Resolution > 0 && sample.Resolution < time.Minute {
		one.seconds.add(at, sample.Value)
	}
	one.minutes.add(at, sample.Value)
}

func (s *metricStore) series(sample Sample) *series {
	key := sample.Metric.key()
	for _, one := range s.byMetric[key] {
		if one.unit == sample.Unit {
			return one
		}
	}
	if s.count >= maxSeries {
		s.evict(maxSeries / 10)
	}
	one := &series{
		metric:  sample.Metric.clone(),
		unit:    sample.Unit,
		seconds: ring{width: 1, keep: int64(keepHighResolution / time.Second)},
		minutes: ring{width: 60, keep: int64(keepStandard / time.Second)},
	}
	s.byMetric[key] = append(s.byMetric[key], one)
	s.count++
	return one
}

// expire forgets what is past its retention at now.
func (s *metricStore) expire(now time.Time) {
	at := now.Unix()
	s.drop(func(one *series) bool {
		one.seconds.expire(at)
		one.minutes.expire(at)
		return len(one.minutes.live()) == 0
	})
}

// evict forgets the n series whose newest data is oldest.
func (s *metricStore) evict(n int) {
	var all []*series
	for _, key := range slices.Sorted(maps.Keys(s.byMetric)) {
		all = append(all, s.byMetric[key]...)
	}
	slices.SortStableFunc(all, func(a, b *series) int { return cmp.Compare(a.minutes.newest(), b.minutes.newest()) })
	stale := map[*series]bool{}
	for _, one := range all[:min(n, len(all))] {
		stale[one] = true
	}
	s.drop(func(one *series) bool { return stale[one] })
}

func (s *metricStore) drop(dead func(*series) bool) {
	for key, list := range s.byMetric {
		left := slices.DeleteFunc(list, dead)
		s.count -= len(list) - len(left)
		if len(left) == 0 {
			delete(s.byMetric, key)
			continue
		}
		s.byMetric[key] = left
	}
}

func (s *metricStore) list() []Metric {
	var all []Metric
	for _, key := range slices.Sorted(maps.Keys(s.byMetric)) {
		all = append(all, s.byMetric[key][0].metric.clone())
	}
	return all
}

// bucket is the aggregate of [start, start+period) in a unit, or in all units
// if unit is "".
func (s *metricStore) bucket(key, unit string, start time.Time, period time.Duration) Statistics {
	var total Statistics
	from, to := start.Unix(), start.Add(period).Unix()
	for _, one := range s.byMetric[key] {
		if unit != "" && one.unit != unit {
			continue
		}
		for _, sl := range one.of(period).between(from, to) {
			total = total.Add(sl.Statistics)
		}
	}
	return total
}

func (s *metricStore) datapoints(q Query) []Datapoint {
	if q.Period < time.Second {
		return nil
	}
	start := q.Start.Truncate(min(q.Period, time.Minute)).Unix()
	end, period := q.End.Unix(), int64(q.Period/time.Second)
	if q.End.Nanosecond() > 0 {
		end++
	}
	visible := end + period // a last period that starts before end is whole
	if !q.Now.IsZero() {
		visible = min(visible, q.Now.Unix()+1)
	}
	buckets := map[int64]Datapoint{}
	for _, one := range s.byMetric[q.Metric.key()] {
		for _, sl := range one.of(q.Period).between(start, visible) {
			at := start + (sl.at-start)/period*period
			if at >= end {
				break
			}
			d := buckets[at]
			d.Time, d.Unit = time.Unix(at, 0).UTC(), one.unit
			d.Statistics = d.Add(sl.Statistics)
			buckets[at] = d
		}
	}
	return slices.SortedFunc(maps.Values(buckets), func(a, b Datapoint) int { return a.Time.Compare(b.Time) })
}

// of returns the ring that answers for a period.
func (s *series) of(period time.Duration) *ring {
	if period < time.Minute {
		return &s.seconds
	}
	return &s.minutes
}

func (r *ring) live() []slot { return r.slots[r.head:] }

func (r *ring) newest() int64 {
	if len(r.live()) == 0 {
		return 0
	}
	return r.slots[len(r.slots)-1].at
}

// between returns the slots that start in [from, to).
func (r *ring) between(from, to int64) []slot {
	i := r.search(from)
	return r.live()[i:max(i, r.search(to))]
}

// search returns the place of the first live slot that starts at a time or after it.
func (r *ring) search(at int64) int {
	live := r.live()
	return sort.Search(len(live), func(i int) bool { return live[i].at >= at }) // which copies no slot
}

// add merges a value into its slot. Values come mostly in order of time; a late
// one costs a move of the slots after it.
func (r *ring) add(at int64, v Statistics) {
	at -= ((at % r.width) + r.width) % r.width
	i := r.search(at)
	if live := r.live(); i < len(live) && live[i].at == at {
		live[i].Statistics = live[i].Add(v)
		return
	}
	r.slots = slices.Insert(r.slots, r.head+i, slot{at, v})
	r.expire(r.newest())
}

// expire lets go of slots that began keep or longer before now.
func (r *ring) expire(now int64) {
	for r.head < len(r.slots) && r.slots[r.head].at <= now-r.keep {
		r.head++
	}
	// Moving down only when half is dead keeps the cost per value constant.
	if r.head > 64 && r.head > len(r.slots)/2 {
		r.slots = slices.Delete(r.slots, 0, r.head)
		r.head = 0
	}
}
