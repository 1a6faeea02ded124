package figure

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/vg"
)

// svg draws a figure as text.
func svg(t *testing.T, f *Figure) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryFigureOfAnEmptyRunSaysSo(t *testing.T) {
	for _, f := range All(Run{}) {
		if got := svg(t, f); !strings.Contains(got, "nothing recorded") {
			t.Errorf("figure %q of an empty run does not say that nothing was recorded", f.Name)
		}
		var b bytes.Buffer
		if err := f.WritePNG(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(&b); err != nil {
			t.Errorf("figure %q: WritePNG wrote no PNG: %v", f.Name, err)
		}
	}
}

func TestFiguresSurviveStrangeRuns(t *testing.T) {
	one := Series{Name: "one", Points: []Point{{X: 5, Y: 0}}}
	late := Link{ID: "e1", Name: "late", Broken: true, Seen: true, At: 50, Bounded: true, Since: 10, Allowed: 5}
	for name, r := range map[string]Run{
		"a single point":      {End: 10, CPU: []Series{one}, Offered: one, Latency: []Series{one}, PeriodSeconds: 60},
		"events out of range": {End: 10, Marks: []Mark{{At: 1e9, Text: "far"}}, Phases: []Span{{"x", -5, -1}, {"y", 8, 1e6}}},
		"a late link":         {End: 60, Links: []Link{{ID: "e0", Seen: true, At: 10}, late}},
		"nothing seen":        {End: 60, Links: []Link{{ID: "e0"}, {ID: "e1", Bounded: true, Since: 3, Allowed: 4}}},
		"a huge value":        {End: 10, CPU: []Series{{Name: "n", Points: []Point{{X: 1, Y: 1e300}}}}, PeriodSeconds: 1},
	} {
		for _, f := range All(r) {
			if got := svg(t, f); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
				t.Errorf("%s: figure %q draws NaN or infinity", name, f.Name)
			}
		}
	}
}

func TestMissingDatapointsAreGaps(t *testing.T) {
	points := overPeriods([]Point{{X: 0, Y: 5}, {X: 10, Y: 6}, {X: 40, Y: 7}}, 10, 100)
	got := segments(points)
	if len(got) != 2 || got[0][len(got[0])-1].X != 20 || got[1][0].X != 40 {
		t.Errorf("segments = %v, want one over [0, 20] and one over [40, 50]", got)
	}
}

func TestLegendNamesEverySeriesAndSaysWhatIsNotDrawn(t *testing.T) {
	r := Run{End: 100, PeriodSeconds: 10}
	for i := range 12 {
		r.CPU = append(r.CPU, Series{Name: fmt.Sprintf("i-%02d", i), Points: []Point{{X: 10, Y: float64(i)}}})
	}
	for i := range 30 {
		r.Marks = append(r.Marks, Mark{At: float64(i), Text: fmt.Sprintf("event %d", i)})
	}
	got := svg(t, Group(r))
	for _, want := range []string{"i-00", "i-07", "and 4 more, not drawn", "event 19", "and 10 later events"} {
		if !strings.Contains(got, want) {
			t.Errorf("the figure of the group lacks %q", want)
		}
	}
}

func TestLegendStaysInsideTheFigure(t *testing.T) {
	var entries []entry
	for i := range 20 {
		entries = append(entries, entry{Text: strings.Repeat("w", 1+i*3)})
	}
	for _, row := range flow(entries) {
		sum := vg.Length(0)
		for _, e := range row {
			sum += e.width()
		}
		if sum > width-2*margin+entryGap {
			t.Errorf("a row of the legend is %v wide, want at most %v", sum, width-2*margin)
		}
	}
}

func TestLabelsNeverOverlap(t *testing.T) {
	var labels []placed
	for i := range 40 {
		labels = append(labels, placed{Text: "label", At: vg.Length(i * i)})
	}
	got, count := lanes(labels, 0, 700, 3, func(string) vg.Length { return 30 })
	for i, a := range got {
		if a.Lane >= count || a.X < 0 || a.X+30 > 700 {
			t.Errorf("label %d is at %v in lane %d of %d, want it inside [0, 700]", i, a.X, a.Lane, count)
		}
		for j, b := range got[:i] {
			if a.Lane == b.Lane && math.Abs(float64(a.X-b.X)) < 30 {
				t.Errorf("labels %d and %d overlap in lane %d", i, j, a.Lane)
			}
		}
	}
}

func TestStylesDifferWithoutColour(t *testing.T) {
	seen := map[string]int{}
	for i, s := range styles() {
		look := fmt.Sprintf("%v %T", s.Dashes, s.Marker)
		if j, found := seen[look]; found {
			t.Errorf("styles %d and %d differ by colour only", i, j)
		}
		seen[look] = i
	}
}

func TestChainTellsWhatDidNotComeFromWhatWasNotDecided(t *testing.T) {
	for want, l := range map[string]Link{
		"not seen within 3.0 s":       {Broken: true, Bounded: true, Since: 10, Allowed: 3},
		"not seen":                    {Broken: true},
		"not decided":                 {},
		"after 2.0 s, 1.0 s to spare": {Held: true, Seen: true, At: 12, Bounded: true, Since: 10, Allowed: 3},
		"after 5.0 s, 2.0 s too late": {Broken: true, Seen: true, At: 15, Bounded: true, Since: 10, Allowed: 3},
		"at 10.0 s":                   {Held: true, Seen: true, At: 10},
	} {
		if got := linkWords(l); got != want {
			t.Errorf("linkWords(%+v) = %q, want %q", l, got, want)
		}
		if got := svg(t, Chain(Run{Links: []Link{l}})); !strings.Contains(got, want) {
			t.Errorf("the chain's figure lacks %q", want)
		}
	}
}

func TestLatencyStylesPairThePercentilesByColour(t *testing.T) {
	for i := range 2 {
		schedule, sending := latencyStyle(i), latencyStyle(i+2)
		if schedule.Width <= sending.Width || schedule.Dashes != nil || sending.Dashes == nil || sending.Marker == nil {
			t.Errorf("percentile %d: from schedule must be broad and whole, from sending thin and dashed", i)
		}
	}
	if latencyStyle(2).Color == latencyStyle(3).Color {
		t.Error("the percentiles have one colour")
	}
}

func TestOfALongRunTheChainIsDrawnAndThenAllOfIt(t *testing.T) {
	r := Run{End: 28_800, PeriodSeconds: 60, Links: []Link{{ID: "e0", Seen: true, At: 300}, {ID: "e1", Seen: true, At: 400}}}
	group := Series{Name: "group"}
	for x := 0.0; x < 28_800; x += 60 {
		group.Points = append(group.Points, Point{X: x, Y: 10})
	}
	r.CPU = []Series{group}
	all := All(r)
	if x := all[0].plot.X; all[0].Name != "proof" || x.Min > 300 || x.Max < 400 || x.Max > 500 {
		t.Errorf("figure %q shows [%v, %v], want the proof and the time around 300 to 400", all[0].Name, x.Min, x.Max)
	}
	if x := all[2].plot.X; all[2].Name != "run" || x.Min != 0 || x.Max != 28_800 {
		t.Errorf("figure %q shows [%v, %v], want the whole run", all[2].Name, x.Min, x.Max)
	}
	if got := svg(t, all[2]); !strings.Contains(got, ">8:00<") {
		t.Error("eight hours are not written as hours")
	}
}

func TestNoEffectIsDrawnBeforeItsCause(t *testing.T) {
	r := Run{
		End: 60, PeriodSeconds: 10, Threshold: 20,
		CPU: []Series{{Name: "group", Points: []Point{{X: 10, Y: 5}, {X: 20, Y: 30}}}},
		Links: []Link{
			{ID: "e0", Name: "load step", Held: true, Seen: true, At: 23.5},
			{ID: "e1", Name: "breach", Short: "CPU crosses 20 %", Held: true, Seen: true, At: 30, Bounded: true, Since: 23.5, Allowed: 20},
			{ID: "e2", Name: "alarm", Broken: true, Bounded: true, Since: 30, Allowed: 12},
		},
	}
	known := overPeriods(whenKnown(r.CPU[0].Points, 10), 10, 35)
	if first := known[2]; first.X != 30 || known[3].X != 35 {
		t.Errorf("the datapoint of 20 to 30 s is drawn over [%v, %v], want it from 30 s, and not after the run", first.X, known[3].X)
	}
	f := Proof(r)
	got := svg(t, f)
	for _, want := range []string{"e0  load step<", "e1  CPU crosses 20 %, +6.5 s<", "e2  alarm: not seen within 12.0 s<"} {
		if !strings.Contains(got, want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	links := f.layout().links
	for i := 1; i < len(links); i++ {
		if links[i].At <= links[i-1].At || links[i].Lane != i {
			t.Errorf("label %d is at %v in lane %d, want it right of and below the one before", i, links[i].At, links[i].Lane)
		}
	}
}

func TestOnePointIsDrawnAsADisc(t *testing.T) {
	one := func(points ...Point) Run {
		return Run{End: 10, Offered: Series{Name: "offered", Points: points}}
	}
	without, with := svg(t, Throughput(one())), svg(t, Throughput(one(Point{X: 5, Y: 3})))
	if strings.Count(with, "A5,5 0") <= strings.Count(without, "A5,5 0") {
		t.Error("a single point draws no disc")
	}
}

func TestAMetricThatCountsHasNoPercent(t *testing.T) {
	got := svg(t, Group(Run{MetricName: "RequestCountPerTarget", Threshold: 50}))
	if !strings.Contains(got, ">threshold 50<") || !strings.Contains(got, ">RequestCountPerTarget<") {
		t.Error("the figure of a metric that counts does not name it, or gives it a unit")
	}
}

func TestPanelsLieAboveEachOther(t *testing.T) {
	f := Proof(Run{End: 100, Offered: Series{Points: []Point{{X: 1, Y: 1e6}}}})
	left, right := f.dataEdges()
	for i, p := range f.panels {
		if d := p.plot.X; d.Min != f.plot.X.Min || d.Max != f.plot.X.Max {
			t.Errorf("panel %d shows [%v, %v], want that of the last", i, d.Min, d.Max)
		}
	}
	if left < 50 || right > width-margin {
		t.Errorf("the data lie in [%v, %v]", left, right)
	}
}

func ExampleGroup() {
	f := Group(Run{
		ID: "20260314T092653Z-5a5a", Start: time.Date(2026, time.March, 14, 9, 26, 53, 0, time.UTC), End: 40,
		Threshold: 20, Unit: "%", PeriodSeconds: 10,
		CPU:   []Series{{Name: "group average", Points: []Point{{X: 0, Y: 11}, {X: 10, Y: 33}, {X: 20, Y: 17}}}},
		Marks: []Mark{{At: 21.4, Text: "alarm cpu-high: OK → ALARM"}},
	})
	var b bytes.Buffer
	if err := f.WriteSVG(&b); err != nil {
		fmt.Println(err)
	}
	fmt.Println(f.Name, strings.Contains(b.String(), "threshold 20 %"))
	// Output: group true
}
