package trend

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

// Write writes a table for each place, in at most 100 columns.
func (t Trend) Write(w io.Writer) {
	for i, p := range t.Places {
		if i > 0 {
			fmt.Fprintln(w)
		}
		p.Write(w)
	}
	if t.LeftOut > 0 {
		fmt.Fprintf(w, "\nleft out: %d without a verdict\n", t.LeftOut)
	}
}

// Write writes the table of a place.
func (p Place) Write(w io.Writer) {
	count := runlog.Count(p.Runs, "run")
	if p.Planned > p.Runs {
		count = fmt.Sprintf("%d of %s", p.Runs, runlog.Count(p.Planned, "run"))
	}
	fmt.Fprintf(w, "%s on %s: %d PROVED, %d REFUTED, %d INCONCLUSIVE\n", count, cmp.Or(p.Where, "an unknown place"),
		p.Proved, p.Refuted, p.Inconclusive)
	fmt.Fprintf(w, "a run is PROVED with a probability of at least %.1f %% (95 %% confidence)", 100*p.PassRateAtLeast)
	if p.Planned != p.Runs {
		fmt.Fprint(w, ", if their number was fixed before")
	}
	fmt.Fprintf(w, "\n\n%-38s %5s  %9s  %s\n", "link", "seen", "median", "95 % interval of the median")
	for _, times := range p.Times {
		median, interval := "n/a", "n/a"
		if times.Count > 0 {
			median = seconds(times.Median.Median)
		}
		if times.Low != nil {
			interval = seconds(*times.Low) + " to " + seconds(*times.High)
		}
		fmt.Fprintf(w, "%-38s %5d  %9s  %s\n", figure.Shorten(times.Name, 38), times.Count, median, interval)
		for _, c := range times.Changes {
			fmt.Fprintf(w, "    changed at %s: %s to %s (%+.0f %%, p = %.2g)\n", c.Run, seconds(c.Before), seconds(c.After),
				100*(c.After/c.Before-1), c.P)
		}
	}
}

// seconds writes a time with two digits after the point where that says more.
func seconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.2f s", s)
	}
	return fmt.Sprintf("%.1f s", s)
}

// WriteBenchmarks writes a line for each run in the format of Go's benchmarks, which
// benchstat reads: a benchmark for each place, with a unit for each link.
func (t Trend) WriteBenchmarks(w io.Writer) {
	for _, p := range t.Places {
		for i, r := range p.all {
			line := fmt.Sprintf("BenchmarkSecondwind/%s 1", word(p.Where))
			for j, m := range measures() {
				if s := r.seconds[j]; s != nil {
					line += fmt.Sprintf(" %.3f s/%s", *s, m.code)
				}
			}
			if i == 0 {
				fmt.Fprintf(w, "where: %s\n", printable(p.Where))
			}
			fmt.Fprintln(w, line)
		}
	}
}

// word makes a place one word of a benchmark's name.
func word(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' })
	return cmp.Or(strings.Join(words, "-"), "unknown")
}

func printable(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), " ")
}

// Figure draws the times over the runs.
func (p Place) Figure() *figure.Figure {
	var series []figure.Series
	var marks []figure.Mark
	number := map[string]float64{}
	for i, r := range p.all {
		number[r.ID] = float64(i + 1)
	}
	for _, times := range p.Times {
		s := figure.Series{Name: times.Name}
		for i, r := range times.runs {
			s.Points = append(s.Points, figure.Point{X: number[r.ID], Y: times.seconds[i]})
		}
		series = append(series, s)
		for _, c := range times.Changes {
			text := fmt.Sprintf("%s: from %s to %s, %s", times.Name, seconds(c.Before), seconds(c.After), c.Run)
			marks = append(marks, figure.Mark{At: number[c.Run], Text: text})
		}
	}
	slices.SortStableFunc(marks, func(a, b figure.Mark) int { return cmp.Compare(a.At, b.At) })
	return figure.Trend(fmt.Sprintf("%s · %d runs, %d PROVED", p.Where, p.Runs, p.Proved), p.Runs, series, marks)
}
