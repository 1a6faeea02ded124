package experiment_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/experiment"
)

func TestPhasesAndEarlyEnds(t *testing.T) {
	all := runlog.Phases()[1:]
	until := func(last runlog.Phase) []runlog.Phase {
		return append(slices.Clone(all[:slices.Index(all, last)+1]), runlog.PhaseDone)
	}
	cases := []struct {
		name   string
		change func(*world)
		phases []runlog.Phase
		reason string // of the early end; "" if it comes to its end
		report string // something that is reported
	}{
		{"a group that scales out and in", func(*world) {}, all, "", "i-2 answered its first request"},
		{"AWS's clock is 3 s ahead", func(w *world) { w.offset = 3 * time.Second }, all, "", "scaled in; still in service: i-1"},
		{"AWS's clock is 3 s behind", func(w *world) { w.offset = -3 * time.Second }, all, "", "scaled in; still in service: i-1"},
		{"an idle of 14 %", func(w *world) { w.idle, w.stays = 14, true }, all, "", "not scaled in within 1 min"},
		{"a load that the plan fixes", func(w *world) { w.plan.LoadRate = 25 }, all, "", "load: 25 requests/s"},
		{"a CPU that the plan fixes", func(w *world) { w.plan.LoadCPUPercent = 36 }, all, "",
			"load: 35 requests/s, which should put one instance at 36 %"},
		{"a control that does not hold", func(w *world) { w.byHand = 60 * time.Second }, until(runlog.PhaseLoad), "no second instance answered",
			"the control did not hold"},
		{"a control that desires two", func(w *world) {
			w.amend = func(s *runlog.State) {
				if w.in(runlog.PhaseControl) {
					s.Group.DesiredCapacity = 2
				}
			}
		}, all, "", "the control did not hold: desired capacity 2, 1 instance"},
		{"a control in which another instance ends", func(w *world) {
			w.amend = func(s *runlog.State) {
				if w.in(runlog.PhaseControl) {
					s.Group.Instances = append(s.Group.Instances, runlog.Instance{InstanceId: "i-0", LifecycleState: "Terminating"})
				}
			}
		}, all, "", "the control did not hold: desired capacity 1, 2 instances"},
		{"an instance that leaves service in the release", func(w *world) {
			w.amend = func(s *runlog.State) {
				if w.in(runlog.PhaseRelease) {
					s.Group.Instances[0].LifecycleState = "Terminating"
				}
			}
		}, all, "", "not scaled in within 1 min"},
		{"requests that get dearer", func(w *world) { w.expensive = 2 }, all, "", "control: corrected to"},
		{"requests that get cheaper", func(w *world) { w.expensive = 0.4 }, all, "", "control: corrected to"},
		{"no configuration snapshot is to be had", func(w *world) { w.blind = true }, all, "", "scaled in"},
		{"nothing scales in", func(w *world) { w.stays, w.plan.ReleaseDeadline = true, 0 }, all, "", "it has no scale-in alarm"},

		{"nothing can be observed", func(w *world) { w.unpolled = true }, until(runlog.PhasePremises), "could not be observed", ""},
		{"two instances at the start", func(w *world) { w.from = 2 }, until(runlog.PhasePremises), "it has 2 instances, not 1", ""},
		{"no instance at the start", func(w *world) { w.from = 0 }, until(runlog.PhasePremises), "it has 0 instances, not 1", ""},
		{"an unhealthy instance", func(w *world) { w.unhealthy = true }, until(runlog.PhasePremises),
			"not every instance is in service and healthy", ""},
		{"a group without a target group", func(w *world) { w.unhealthy, w.plan.Hypothesis.TargetGroupARN = true, "" },
			until(runlog.PhaseLoad), "no second instance answered", "control held"},
		{"an instance that is not in service", func(w *world) {
			w.amend = func(s *runlog.State) { s.Group.Instances[0].LifecycleState = "Pending" }
		}, until(runlog.PhasePremises), "not every instance is in service and healthy", ""},
		{"no alarm", func(w *world) { w.watchless = true }, until(runlog.PhasePremises), "alarm high does not exist", ""},
		{"an alarm that is in ALARM already", func(w *world) { w.alarmAt = "ALARM" }, until(runlog.PhasePremises), "alarm high is ALARM, not OK",
			""},
		{"no datapoint", func(w *world) { w.silentFrom = runlog.PhaseSetup }, until(runlog.PhasePremises), "no datapoint of CPUUtilization", ""},
		{"an idle at the limit", func(w *world) { w.idle = 15 }, until(runlog.PhasePremises), "is 15 % without any load, not below 15 %", ""},
		{"an alarm that is not OK yet", func(w *world) { w.alarmAt = "INSUFFICIENT_DATA" }, until(runlog.PhasePremises),
			"alarm high is INSUFFICIENT_DATA", ""},
		{"no datapoint but from before", func(w *world) { w.silentFrom = runlog.PhasePremises }, until(runlog.PhasePremises),
			"no datapoint of CPUUtilization", ""},
		{"a group that comes to rest too late", func(w *world) { w.leaving = 80 * time.Second }, until(runlog.PhasePremises),
			"the group is not quiescent: it was not at rest for 11 s", ""},
		{"no datapoint under the light load", func(w *world) { w.silentFrom = runlog.PhaseCalibration }, until(runlog.PhaseCalibration),
			"calibration: no datapoint of CPUUtilization came", ""},
		{"CPU that falls below its idle during the control", func(w *world) { w.idle, w.cost, w.rests = 14, 0.1, 13.9 },
			until(runlog.PhaseControl), "calibration: CPU did not rise", "control held"},
		{"a group that keeps two, and has one", func(w *world) { w.plan.Hypothesis.MinSize = 2 }, until(runlog.PhasePremises),
			"it has 1 instance, not 2", ""},
		{"a first rate near the control's", func(w *world) { w.plan.CalibrationRate = 8 }, all, "", "calibration: 4 requests/s as well"},
		{"a load that begins with a period", func(w *world) { w.plan.Aligned, w.offset = true, 3*time.Second }, all, "", "load: 30 requests/s"},
		{"requests that cost nothing", func(w *world) { w.cost = 0 }, until(runlog.PhaseCalibration), "CPU did not rise", ""},
		{"requests that cost next to nothing", func(w *world) { w.cost = 0.02 }, until(runlog.PhaseCalibration),
			"a request costs next to nothing: the control would need 450 requests/s to put one instance at 10 %, and the load " +
				"1.52e+03 to put it at 31.4 %, which is more than 100 times calibration.start_rate, 4; does the load reach the group's " +
				"instances? If it does, set calibration.start_rate to 46", ""},
		{"requests that cost little", func(w *world) { w.cost = 0.08 }, all, "", "load: 380 requests/s"},
		{"requests too cheap for the load", func(w *world) { w.cost = 0.05 }, until(runlog.PhaseCalibration),
			"and the load 608 to put it at 31.4 %", ""},
		{"requests too cheap for any load generator", func(w *world) { w.cost, w.plan.CalibrationRate = 0.0005, 4000 },
			until(runlog.PhaseCalibration), "more than 50000 requests/s are not sent", ""},
		{"requests too dear for the light load", func(w *world) { w.cost = 6 }, until(runlog.PhaseCalibration),
			"calibration: 3.6 requests/s put one instance at 22.6 %, and the threshold is 20 %: the control needs about 1.5 requests/s and the " +
				"load 5.1; set calibration.start_rate to 1.5", ""},
		{"requests too dear for any load", func(w *world) { w.cost = 300 }, until(runlog.PhaseCalibration),
			"less than one request in each period of 10 s for one instance", ""},
		{"requests of which each fails", func(w *world) {
			w.answers = func(a experiment.Answers) experiment.Answers {
				return experiment.Answers{Failed: a.Completed, Failure: "status 404; expected: status 200"}
			}
		}, until(runlog.PhaseCalibration), "requests failed: status 404; expected: status 200", ""},
		{"requests that fail from the control on", func(w *world) {
			w.answers = func(a experiment.Answers) experiment.Answers {
				if n := len(w.rates); w.rates[n-1].phase == runlog.PhaseControl {
					a.FailedSince, a.LastCompleted, a.Failure = 50, w.rates[n-1].at, "status 500"
				}
				return a
			}
		}, until(runlog.PhaseControl), "control: no request has been answered as expected for 30 s: status 500", ""},
		{"answers that name nobody", func(w *world) {
			w.answers = func(a experiment.Answers) experiment.Answers { a.Names = []string{""}; return a }
		}, until(runlog.PhaseCalibration), "names the instance that gave it; set identity.header", ""},
		{"answers that name others", func(w *world) {
			w.answers = func(a experiment.Answers) experiment.Answers { a.Names = []string{"", "pod-7"}; return a }
		}, until(runlog.PhaseCalibration), `the answers name "pod-7", which is no instance of the group (i-1)`, ""},
		{"answers that name nobody, which nobody asked for", func(w *world) {
			w.plan.Hypothesis.Identity = runlog.IdentityTarget
			w.answers = func(a experiment.Answers) experiment.Answers { a.Names = []string{""}; return a }
			w.amend = func(s *runlog.State) {
				*s = s.WithDatapoints(runlog.TargetSeries("i-2"), []runlog.Datapoint{{Timestamp: w.now.Truncate(period).Add(-period), Value: 7}})
			}
		}, all, "", "i-2 is seen to answer"},
		{"a second instance that uses its share of CPU", func(w *world) {
			w.plan.Hypothesis.Identity = runlog.IdentityRequests
			w.amend = func(s *runlog.State) {
				for i, id := range w.instances {
					*s = s.WithDatapoints(id, []runlog.Datapoint{{Timestamp: w.now.Truncate(period).Add(-period), Value: 16 - 6*float64(i)}})
				}
			}
		}, all, "", "i-2 is seen to answer"},
		{"a second instance that uses no CPU", func(w *world) {
			w.plan.Hypothesis.Identity = runlog.IdentityRequests
			w.amend = func(s *runlog.State) {
				for i, id := range w.instances {
					*s = s.WithDatapoints(id, []runlog.Datapoint{{Timestamp: w.now.Truncate(period).Add(-period), Value: 31 - 29*float64(i)}})
				}
			}
		}, until(runlog.PhaseLoad), "no second instance answered", "i-2 is healthy"},
		{"a load that fixes its rate, as cheap", func(w *world) { w.cost, w.plan.LoadRate, w.plan.LoadCPUPercent = 0.08, 390, 36 }, all, "",
			"load: 390 requests/s"},
		{"no instance follows the alarm", func(w *world) { w.deaf = true }, until(runlog.PhaseLoad),
			"no second instance answered within 1 min 10 s",
			"alarm high"},
		{"the second instance never answers", func(w *world) { w.mute = true }, until(runlog.PhaseLoad), "no second instance answered",
			"i-2 is healthy"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.change(w)
			w.run()
			reported := strings.Join(w.commands, "\n")
			if !w.stopped || !slices.Equal(w.phases, c.phases) {
				t.Errorf("phases = %v, stopped %t; want %v\n%s", w.phases, w.stopped, c.phases, reported)
			}
			if (c.reason == "") != (w.reason == "") || !strings.Contains(w.reason, c.reason) {
				t.Errorf("reason = %q, want %q", w.reason, c.reason)
			}
			if !strings.Contains(reported, c.report) {
				t.Errorf("reported:\n%s\nwant %q among it", reported, c.report)
			}
		})
	}
}

// TestOnlyWhatCameWithTheLoadIsReported has AWS's clock ahead, so that a time of it
// that is taken for ours lies in the load.
func TestOnlyWhatCameWithTheLoadIsReported(t *testing.T) {
	w := newWorld()
	w.offset = 8 * time.Second
	w.amend = func(s *runlog.State) {
		if !w.in(runlog.PhaseLoad) {
			return
		}
		before := w.entered(runlog.PhaseLoad).Add(w.offset - period - time.Second)
		s.Activities = append([]runlog.Activity{{ActivityId: "older", Description: "an older activity", StartTime: before}}, s.Activities...)
		if w.newest.Timestamp.Before(before) {
			*s = s.WithDatapoints(runlog.GroupSeries, []runlog.Datapoint{{Timestamp: w.newest.Timestamp, Value: 50}})
		}
		s.Group.Instances = append(s.Group.Instances, runlog.Instance{LifecycleState: "InService"})
		s.Targets = append(s.Targets, target("", "healthy"))
	}
	w.run()
	reported := strings.Join(w.commands, "\n")
	for _, unwanted := range []string{"older", "CPU is 50.0 %", "  is InService", "  is healthy"} {
		if strings.Contains(reported, unwanted) {
			t.Errorf("reported:\n%s\nwant no %q", reported, unwanted)
		}
	}
	if !strings.Contains(reported, "over the threshold") || w.reason != "" {
		t.Errorf("reported:\n%s\nwant the load's own breach and no early end: %q", reported, w.reason)
	}
}

// TestOneExperimentWordForWord is all that is commanded where nothing is amiss.
func TestOneExperimentWordForWord(t *testing.T) {
	w := newWorld()
	w.snapshotTakes, w.drains = 3*time.Second, 4*time.Second
	w.run()
	want := []string{
		"  0 premises at 0.0/s", "  0 poll every 1s", "  0 premises: waiting for 1 instance, healthy and idle, and an alarm that is OK",
		" 11 premises hold: i-1 in service and healthy, alarm high is OK, idle CPUUtilization 1 %",
		" 11 calibration at 4.0/s", " 11 calibration: 4 requests/s, to measure the CPU that a request costs",
		" 32 control at 9.0/s", " 32 control: 9 requests/s for 53 s, which should put one instance at 10 %: nothing may scale",
		" 85 control held: 1 instance and no alarm for 53 s", " 85 take a snapshot",
		" 88 calibrated to 30.4/s by 7 points", " 88 load at 30.4/s",
		" 88 load: 30 requests/s, which should put one instance at 31.4 % (threshold 20 %)",
		"101 CPUUtilization is 31.4 %, over the threshold of 20 %", "101 alarm high is in ALARM: Threshold Crossed",
		"101 activity: Launching a new EC2 instance: i-2", "101 i-2 is InService", "101 i-2 is healthy at the load balancer",
		"101 i-2 answered its first request 13.0 s after the load step",
		"101 hold at 30.4/s", "101 hold: the same load for 30 s", "132 CPUUtilization is down to 16.2 % with 2 instances",
		"132 record every 1s", "132 poll every 1s", "132 release at 3.0/s", "132 release: down to 3 requests/s while the group scales in",
		"149 scaled in; still in service: i-1", "149 take a snapshot", "152 done at 0.0/s", "152 stop",
	}
	if !slices.Equal(w.commands, want) {
		t.Errorf("commanded:\n%s\nwant:\n%s", strings.Join(w.commands, "\n"), strings.Join(want, "\n"))
	}
}

// TestLoadAndControlStandBetweenIdleAndThreshold: where idle takes a part of the
// band, two instances must still come to stand below the threshold.
func TestLoadAndControlStandBetweenIdleAndThreshold(t *testing.T) {
	for idle := 0.0; idle < 15; idle++ {
		w := newWorld()
		w.idle, w.stays = idle, true
		w.run()
		if w.calibration == nil {
			t.Errorf("idle %g %%: no calibration (%s)", idle, w.reason)
			continue
		}
		one := w.calibration.PredictedCPUPercent
		two := idle + (one-idle)/2
		if one <= 20 || two >= 20 {
			t.Errorf("idle %g %%: predicted are %.1f %% with one instance and %.1f %% with two, want one above 20 and two below", idle, one, two)
		}
		control := idle + w.offered(runlog.PhaseControl).rate
		if control <= idle+2 || control >= 20 {
			t.Errorf("idle %g %%: the control stands at %.1f %%, want it between idle and 20", idle, control)
		}
	}
}

func TestTheControlLastsAsLongAsTheChainMay(t *testing.T) {
	w := newWorld().run()
	control, load := w.offered(runlog.PhaseControl), w.offered(runlog.PhaseLoad)
	if lasted := load.at.Sub(control.at).Seconds(); lasted < w.plan.Hypothesis.ControlSeconds {
		t.Errorf("the control lasted %g s, want at least %g", lasted, w.plan.Hypothesis.ControlSeconds)
	}
	if got, want := load.rate, w.calibration.LoadRate; math.Abs(got-want) > 1e-9 {
		t.Errorf("the load has %g requests/s, calibrated were %g", got, want)
	}
}

func TestALongHoldIsRecordedSparselyAndTheReleaseDenselyAgain(t *testing.T) {
	w := newWorld()
	w.plan.Hold = 8 * time.Hour
	w.run()
	if want := []time.Duration{4 * time.Second, time.Second}; !slices.Equal(w.records, want) {
		t.Errorf("record intervals = %v, want %v", w.records, want)
	}
	if want := []time.Duration{time.Second, 14 * time.Second, time.Second}; !slices.Equal(w.polls, want) {
		t.Errorf("poll intervals = %v, want %v", w.polls, want)
	}
}

func TestAHoldEndsOnRequest(t *testing.T) {
	for name, after := range map[string]time.Duration{"before CPU was seen to fall": time.Second, "long after": 10 * time.Minute} {
		w := newWorld()
		w.plan.Hold, w.endHoldAt = 8*time.Hour, after
		w.run()
		lasted := w.rates[len(w.rates)-2].at.Sub(w.held)
		if w.reason != "" || lasted > max(after, 30*time.Second)+2*time.Second {
			t.Errorf("%s: the hold lasted %s (%q), want it to end soon after %s", name, lasted, w.reason, after)
		}
		if h := w.hold; h == nil || !h.EndedOnRequest || h.RequestedSeconds != 28800 || h.Seconds != lasted.Seconds() {
			t.Errorf("%s: the hold is recorded as %+v, want %s of 8 h, ended on request", name, h, lasted)
		}
		if reported := strings.Join(w.commands, "\n"); strings.Count(reported, "the hold ends on request") != 1 {
			t.Errorf("%s: reported:\n%s\nwant once that the hold ends on request", name, reported)
		}
	}
}

func TestNextIsNeverInThePastUntilTheEnd(t *testing.T) {
	w := newWorld()
	var e *experiment.Experiment
	w.afterStep = func(is *experiment.Experiment) {
		e = is
		phase, rate := e.Phase()
		if next := e.Next(); !w.stopped && !next.After(w.now) {
			t.Errorf("in %s at %s: Next = %s", phase, w.now, next)
		}
		if last := w.rates[len(w.rates)-1]; phase != last.phase || rate != last.rate {
			t.Errorf("Phase = %s at %g/s, last commanded was %s at %g/s", phase, rate, last.phase, last.rate)
		}
	}
	w.run()
	if !e.Next().IsZero() {
		t.Errorf("Next = %s after the end, want zero", e.Next())
	}
	if again := e.Step(w.now.Add(time.Hour), experiment.Seen{Load: w}); len(again) > 0 {
		t.Errorf("Step after the end = %v, want nothing", again)
	}
}
