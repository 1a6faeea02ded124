package profile

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func following(p Profile) *Schedule {
	s := new(Schedule)
	s.Follow(0, p)
	return s
}

// TestPoissonArrivalsHaveThePoissonMeanAndVariance counts arrivals in stretches of many seeds:
// mean and variance of a Poisson number are both what the profile offers there, and numbers
// of stretches that do not overlap are independent.
func TestPoissonArrivalsHaveThePoissonMeanAndVariance(t *testing.T) {
	const seeds = 1000
	for _, text := range []string{"constant:8/10s", "ramp:0..16/10s", "steps:1,15/5s", "sine:2..14@4s/10s", "spike:2..20@3s+3s/10s"} {
		p := mustParse(t, text)
		var counts [2][]float64
		for seed := range uint64(seeds) {
			table := following(p).Timetable(Arrivals{Poisson: true, Seed: seed})
			half := table.Before(4 * time.Second)
			counts[0] = append(counts[0], float64(half))
			counts[1] = append(counts[1], float64(table.Before(10*time.Second)-half))
		}
		for i, want := range []float64{p.Hits(4 * time.Second), p.Hits(10*time.Second) - p.Hits(4*time.Second)} {
			mean, variance := moments(counts[i], counts[i])
			// Five standard errors; that of the variance is about want·√((2 + 1/want)/seeds).
			if math.Abs(mean-want) > 5*math.Sqrt(want/seeds) || math.Abs(variance-want) > 5*want*math.Sqrt((2+1/want)/seeds) {
				t.Errorf("%s, stretch %d: mean %.2f and variance %.2f, want %.2f of both", text, i, mean, variance, want)
			}
		}
		bound := 5 * math.Sqrt(p.Hits(4*time.Second)*p.Hits(10*time.Second)/seeds)
		if _, covariance := moments(counts[0], counts[1]); math.Abs(covariance) > bound {
			t.Errorf("%s: covariance of the two stretches = %.2f, want 0", text, covariance)
		}
	}
}

// moments are the mean of a, and the covariance with b.
func moments(a, b []float64) (mean, covariance float64) {
	var other float64
	for i := range a {
		mean += a[i] / float64(len(a))
		other += b[i] / float64(len(b))
	}
	for i := range a {
		covariance += (a[i] - mean) * (b[i] - other) / float64(len(a)-1)
	}
	return mean, covariance
}

func TestGapsOfPoissonArrivalsAreExponential(t *testing.T) {
	const n, rate = 20_000, 100.0
	table := following(Constant(rate)).Timetable(Arrivals{Poisson: true, Seed: 1})
	var longer [4]int // than 0, 1, 2, 3 means
	last := time.Duration(0)
	for seq := range uint64(n) {
		due, _ := table.Due(seq)
		for i := range longer {
			if (due - last).Seconds() > float64(i)/rate {
				longer[i]++
			}
		}
		last = due
	}
	for i, got := range longer {
		p := math.Exp(-float64(i))
		if want := n * p; math.Abs(float64(got)-want) > 1+5*math.Sqrt(want*(1-p)) {
			t.Errorf("%d of %d gaps are longer than %d means, want %.0f", got, n, i, want)
		}
	}
}

// TestTimetablesOfASeedAgree reads one request for request, others as shards do, and counts:
// what is due before a time is what Due says, and changes of the schedule change no draw.
func TestTimetablesOfASeedAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Arrivals{Poisson: rapid.Bool().Draw(t, "Poisson"), Seed: rapid.Uint64().Draw(t, "seed")}
		s := new(Schedule)
		var at time.Duration
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			s.Follow(at, rapid.OneOf(shapes, replays).Draw(t, "profile"))
			at += time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(t, "held"))
		}
		s.Follow(at, Constant(0))
		shards := uint64(rapid.IntRange(1, 4).Draw(t, "shards"))
		all, counter := s.Timetable(a), s.Timetable(a)
		var last time.Duration
		total := counter.Before(at)
		var tables []*Timetable
		for range shards {
			tables = append(tables, s.Timetable(a))
		}
		counter = s.Timetable(a)
		for seq := range min(total, 2000) {
			due, ok := all.Due(seq)
			again, same := tables[seq%shards].Due(seq)
			if !ok || due < last || due > at || again != due || !same {
				t.Fatalf("Due(%d) = %v, %v after %v; a shard reads %v, %v", seq, due, ok, last, again, same)
			}
			if got := counter.Before(due + 1); got < seq+1 {
				t.Fatalf("Before(%v) = %d, want %d or more: request %d is due at %v", due+1, got, seq+1, seq, due)
			}
			last = due
		}
		if due, ok := all.Due(total); ok && due < at {
			t.Fatalf("Due(%d) = %v, though only %d are due before %v", total, due, total, at)
		}
		if first, _ := s.Timetable(a).Due(0); total > 0 {
			if again, _ := all.Due(0); again != first {
				t.Fatalf("Due(0) = %v when it is asked for again, want %v", again, first)
			}
		}
	})
}
