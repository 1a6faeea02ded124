package formula_test

import (
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/formula"
)

func TestWhatIsNotKnownIsNeitherTrueNorFalse(t *testing.T) {
	values := []formula.Truth{formula.False, formula.Unknown, formula.True}
	for _, a := range values {
		if formula.Not(formula.Not(a)) != a {
			t.Errorf("¬¬%d is %d", a, formula.Not(formula.Not(a)))
		}
		for _, b := range values {
			if formula.And(a, b) != formula.Not(formula.Or(formula.Not(a), formula.Not(b))) {
				t.Errorf("%d ∧ %d = %d is not ¬(¬%d ∨ ¬%d)", a, b, formula.And(a, b), a, b)
			}
		}
	}
	if formula.And(formula.True, formula.Unknown) != formula.Unknown || formula.And(formula.False, formula.Unknown) != formula.False {
		t.Error("what is not known hides what is false, or is taken for true")
	}
}

func at(second float64) time.Time { return time.Unix(1e9, 0).Add(runlog.Seconds(second)) }

func TestAGapIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		samples []float64 // negative: false at that time
		want    formula.Truth
	}{
		"watched throughout":        {[]float64{1, 3, 5, 7, 9}, formula.True},
		"false once":                {[]float64{1, 3, -5, 7, 9}, formula.False},
		"a gap":                     {[]float64{1, 3, 7, 9}, formula.Unknown},
		"a gap at the beginning":    {[]float64{4, 6, 8, 9}, formula.Unknown},
		"a gap at the end":          {[]float64{1, 3, 5, 6}, formula.Unknown},
		"a gap, and false":          {[]float64{1, -9}, formula.False},
		"never looked at":           {nil, formula.Unknown},
		"false before and after":    {[]float64{-0.5, 1, 3, 5, 7, 9, -11}, formula.True},
		"false, but before the gap": {[]float64{-1}, formula.False},
	} {
		s := formula.Signal{Gap: 3 * time.Second}
		for _, x := range c.samples {
			s.Add(at(max(x, -x)), x > 0)
		}
		from := at(0)
		if name == "false before and after" {
			from = at(0.6)
		}
		if got := s.Always(from, at(10)); got != c.want {
			t.Errorf("%s: □ = %d, want %d", name, got, c.want)
		}
	}
}

func TestWithinIsKnownAsWellAsTheTimesAre(t *testing.T) {
	exactly := func(x float64) formula.Event { return formula.Event{Lo: at(x), At: at(x), Hi: at(x)} }
	for name, c := range map[string]struct {
		first, next formula.Event
		want        formula.Truth
	}{
		"in time":                        {exactly(10), exactly(12), formula.True},
		"late":                           {exactly(10), exactly(16), formula.False},
		"before it":                      {exactly(10), exactly(8), formula.False},
		"in the second before":           {exactly(10.7), exactly(10.2), formula.True},
		"late, or not":                   {exactly(10), formula.Event{Lo: at(14), At: at(15.5), Hi: at(16)}, formula.Unknown},
		"not seen":                       {exactly(10), formula.Event{}, formula.Unknown},
		"after what was not seen":        {formula.Event{}, exactly(10), formula.Unknown},
		"in time, as far as it is known": {exactly(10), formula.Event{Lo: at(9), At: at(12), Hi: at(13)}, formula.True},
	} {
		if got := c.first.Within(5*time.Second, c.next); got != c.want {
			t.Errorf("%s: ◇[0,5] = %d, want %d", name, got, c.want)
		}
	}
}

func TestAnEmptyRecordProvesNothing(t *testing.T) {
	if is, name := formula.Proved(&runlog.Record{}); is == formula.True {
		t.Errorf("an empty record is proved")
	} else if name != "ended" {
		t.Errorf("the first that does not hold is %q, want that it never ended", name)
	}
}
