package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"secondwind/account/cost"
	"secondwind/loadgen/scenario"
	"secondwind/verify/doctor"
)

// doctorFile is the doctor's report in the run's folder.
const doctorFile = "doctor.json"

// examineFirst runs the doctor on the group before any load, and keeps its report
// in the run's folder. Its error names what stands in the way of a proof, and how
// to go on all the same; what p.wanted names does not.
func examineFirst(ctx context.Context, p proof) error {
	report := doctor.Examine(ctx, doctor.Config{
		AWS: p.AWS, AutoScalingGroupName: p.AutoScalingGroupName, AlarmName: p.AlarmName, LoadBalancerURL: p.LoadBalancerURL,
		Hold: p.Scenario.Hold, Band: p.Scenario.Load.Band,
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	all := examined{Report: report}
	all.price(cost.Default())
	if err := writeReport(filepath.Join(p.Writer.Dir(), doctorFile), all); err != nil {
		return err
	}
	blocking := reportFindings(p, all)
	if len(blocking) == 0 || p.skipDoctor {
		return nil
	}
	return fmt.Errorf("no load was sent: the doctor found %s, with which no proof can succeed; "+
		"do what it advises (%s; docs/doctor.md), or go on all the same with --skip-doctor",
		strings.Join(blocking, ", "), filepath.Join(p.Writer.Dir(), doctorFile))
}

// reportFindings reports the findings that are more than notes, and returns those
// with which a proof could not succeed.
func reportFindings(p proof, r examined) (blocking []string) {
	report := func(text string) { p.Progress.Event(time.Since(p.Start), "doctor: "+text) }
	expect := fmt.Sprintf("%s; at most %s without calibration", r.Summary(), expected(r.Report))
	if r.Cost != nil {
		expect += ", and " + r.Cost.Total() + " with an hour around it"
	}
	report(expect)
	for _, f := range r.Findings {
		if f.Severity == doctor.Note {
			continue
		}
		report(fmt.Sprintf("%s: %s: %s: %s Change: %s", f.Severity, f.ID, f.Where, f.What, f.Change))
		if f.Severity == doctor.Error && !slices.Contains(p.wanted, f.ID) && !slices.Contains(blocking, f.ID) {
			blocking = append(blocking, f.ID)
		}
	}
	if missing := r.Policy(); missing != nil {
		report("missing from the caller's policy: " + missing.String())
	}
	return blocking
}

// expected is how long a run may take, calibration aside.
func expected(r doctor.Report) time.Duration {
	return time.Duration(r.ExpectSeconds * float64(time.Second)).Round(time.Second)
}

func writeReport(path string, r examined) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("keep the doctor's report: %w", err)
	}
	return nil
}

// wantedBy are the findings that a scenario asks for: the controls are broken on
// purpose, and the judge says how.
func wantedBy(s scenario.Local) (ids []string) {
	if s.Policy == scenario.PolicyNone {
		ids = append(ids, "alarm.no-action")
	}
	if !s.AlarmActions {
		ids = append(ids, "alarm.actions-disabled")
	}
	return ids
}
