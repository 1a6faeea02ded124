package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"secondwind/runlog"
)

// exposed are the labels of each metric that a load shows.
func exposed(t *testing.T) map[string]map[string]bool {
	t.Helper()
	m := new(Load)
	err := m.Add(&runlog.LoadSecond{
		IntervalSeconds: 1, Counts: runlog.Counts{Failed: 1, Errors: map[string]int64{"status 503": 1}}, Opened: map[string]int64{"a:80": 1},
		Instances: map[string]*runlog.InstanceSecond{"i-1": {Completed: 1}}, Requests: map[string]*runlog.RequestSecond{"search": {Completed: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]bool{}
	for _, f := range families {
		labels := map[string]bool{"job": true}
		for _, one := range f.GetMetric() {
			for _, l := range one.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		all[f.GetName()] = labels
	}
	return all
}

var (
	selector = regexp.MustCompile(`(secondwind_load_\w+)(?:\{([^}]*)\})?`)
	named    = regexp.MustCompile(`(\w+)=~?"`)
	grouped  = regexp.MustCompile(`by \(([^)]*)\)`)
	legend   = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// TestTheDashboardAsksForWhatThereIs reads every query of docs/grafana/load.json.
func TestTheDashboardAsksForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../docs/grafana/load.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Templating struct {
			List []struct{ Query string }
		}
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	metrics, asked := exposed(t), map[string]bool{}
	check := func(where, query, legendFormat string) {
		for _, s := range selector.FindAllStringSubmatch(query, -1) {
			labels := metrics[s[1]]
			if labels == nil {
				t.Errorf("%s: /metrics has no %s", where, s[1])
			}
			asked[s[1]] = true
			used := legend.FindAllStringSubmatch(legendFormat, -1)
			used = append(used, named.FindAllStringSubmatch(s[2], -1)...)
			for _, by := range grouped.FindAllStringSubmatch(query, -1) {
				for name := range strings.SplitSeq(by[1], ", ") {
					used = append(used, []string{"", name})
				}
			}
			for _, label := range used {
				if !labels[label[1]] {
					t.Errorf("%s: %s has no label %s", where, s[1], label[1])
				}
			}
		}
	}
	for _, v := range dashboard.Templating.List {
		check("variables", v.Query, "")
	}
	for _, p := range dashboard.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("%s asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			check(p.Title, target.Expr, target.LegendFormat)
		}
	}
	for name := range metrics {
		if !asked[name] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

func TestLabelsAreBoundedWhateverAServiceSays(t *testing.T) {
	m := new(Load)
	for n := range 1000 {
		line := runlog.LoadSecond{IntervalSeconds: 1, Counts: runlog.Counts{Completed: 2}, Instances: map[string]*runlog.InstanceSecond{
			fmt.Sprint("i-", n): {Completed: 1}, strings.Repeat("x", 5000) + "\xff\xfe": {Completed: 1},
		}}
		if err := m.Add(&line); err != nil {
			t.Fatal(err)
		}
	}
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "secondwind_load_completed_total" {
			continue
		}
		var sum float64
		for _, one := range f.GetMetric() {
			sum += one.GetCounter().GetValue()
			if value := one.GetLabel()[0].GetValue(); len(value) > 100 {
				t.Errorf("a label has %d bytes", len(value))
			}
		}
		if len(f.GetMetric()) > 300 || sum != 2000 {
			t.Errorf("%d series with %v in all, want at most 300 with 2000", len(f.GetMetric()), sum)
		}
	}
}
