package main

import (
	"strings"
	"testing"
	"time"

	"secondwind/account/cost"
	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/verify/doctor"
)

func TestTheCostOfARunFollowsFromWhatWasExamined(t *testing.T) {
	report := doctor.Report{Region: "eu-central-1", InstanceTypes: []string{"t3.micro"}, MaxSize: 2, ExpectSeconds: 1800}
	for name, test := range map[string]struct {
		change func(*doctor.Report)
		hours  float64 // 0: not known
		want   string  // of why not
	}{
		"half an hour, with an hour around it": {func(*doctor.Report) {}, 1.5, ""},
		"the local cloud":                      {func(r *doctor.Report) { r.Region = "local-1" }, 0, "the local cloud is this machine"},
		"a Region without prices":              {func(r *doctor.Report) { r.Region = "mars-1" }, 0, `Region "mars-1"`},
		"a group that was not found":           {func(r *doctor.Report) { r.InstanceTypes = nil }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := examined{Report: report}
			test.change(&e.Report)
			e.price(cost.Default())
			known := e.Cost != nil
			if known != (test.hours > 0) || known && e.Cost.Hours != test.hours || !strings.Contains(e.CostUnknown, test.want) {
				t.Errorf("price() = %+v, %q, want %g hours, or …%s…", e.Cost, e.CostUnknown, test.hours, test.want)
			}
		})
	}
}

func TestBeforeALoadTimeCostAndWhatStandsInTheWayAreTold(t *testing.T) {
	statement := doctor.PolicyOf("autoscaling:DescribePolicies").Statement[0]
	r := examined{Report: doctor.Report{
		Region: "eu-central-1", InstanceTypes: []string{"t3.micro"}, MaxSize: 2, ExpectSeconds: 1800,
		Findings: []doctor.Finding{
			{
				ID: "permission.required", Severity: doctor.Error, Where: "autoscaling:DescribePolicies",
				What: "Denied.", Change: "Allow it.", Statement: &statement,
			},
			{ID: "alarm.no-action", Severity: doctor.Error, Where: "alarm", What: "No action.", Change: "Put it."},
			{ID: "group.hook", Severity: doctor.Warning, Where: "hook", What: "It waits.", Change: "Remove it."},
			{ID: "credits.unknown", Severity: doctor.Note, Where: "t3.micro", What: "Not yet.", Change: "Nothing."},
		},
	}}
	r.price(cost.Default())
	var text strings.Builder
	p := proof{Config: live.Config{Progress: progress.Plain(&text), Start: time.Now()}, wanted: []string{"alarm.no-action"}}
	blocking := reportFindings(p, r)
	if len(blocking) != 1 || blocking[0] != "permission.required" {
		t.Errorf("blocking = %v, want permission.required alone: the scenario asks for the other error", blocking)
	}
	for _, part := range []string{
		"at most 30 min, not", r.Cost.Total(), "error: permission.required", "error: alarm.no-action",
		"No action. The scenario breaks this on purpose, so the run goes on.",
		"warning: group.hook: hook: It waits. Change: Remove it.", `"autoscaling:DescribePolicies"`,
	} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("told:\n%s\nwant %q in it", text.String(), part)
		}
	}
	if strings.Contains(text.String(), "note: credits.unknown") {
		t.Errorf("told:\n%s\nwant no word of notes beyond the summary", text.String())
	}
}
