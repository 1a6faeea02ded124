package judge_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// instanceForgeries lend the new instance what it does not have.
func instanceForgeries() []forgery {
	always := func(time.Time) bool { return true }
	return []forgery{
		{"every answer of the old instance said to be the new one's", func(r *raw) { r.rename(always) }, "confounder.unexplained-cpu"},
		{"a second of the old instance before the load said to be the new one's", func(r *raw) {
			began := r.began()
			r.rename(func(at time.Time) bool { return at.Before(began) && at.After(began.Add(-1500*time.Millisecond)) })
		}, "link.in-service"},
		{"a second of the old instance under load said to be the new one's", func(r *raw) {
			began := r.began()
			r.rename(func(at time.Time) bool {
				return at.After(began.Add(time.Second)) && at.Before(began.Add(3*time.Second))
			})
		}, "link.first-request"},
		{"the old instance silent once the new one serves", func(r *raw) {
			began := r.began()
			r.rename(func(at time.Time) bool { return at.After(began.Add(23 * time.Second)) })
		}, "confounder.unexplained-cpu"},
		{"the new instance in the group before", func(r *raw) {
			began := r.began()
			r.edit(runlog.OpDescribeAutoScalingGroups, func(o *runlog.Observation, answer map[string]any) {
				if o.Received.Before(began) {
					group := answer["AutoScalingGroups"].([]any)[0].(map[string]any)
					group["Instances"].([]any)[0].(map[string]any)["InstanceId"] = realNew
				}
			})
		}, "confounder.other-instances"},
		{"the new instance a target before", func(r *raw) {
			began := r.began()
			for i := range r.cloud {
				if o := &r.cloud[i]; o.Operation == runlog.OpDescribeTargetHealth && o.Received.Before(began) {
					o.Answer = bytes.ReplaceAll(o.Answer, []byte(realOld), []byte(realNew))
				}
			}
		}, "link.in-service"},
		{"datapoints of the new instance before", func(r *raw) {
			until := r.began().Truncate(10 * time.Second) // when the window moves on, and the question with it
			for i := range r.cloud {
				if o := &r.cloud[i]; o.Operation == runlog.OpGetMetricData && o.Received.Before(until) {
					o.Input = bytes.ReplaceAll(o.Input, []byte(realOld), []byte(realNew))
				}
			}
		}, "link.in-service"},
		{"a new target that is never healthy", func(r *raw) {
			r.edit(runlog.OpDescribeTargetHealth, func(_ *runlog.Observation, answer map[string]any) {
				for _, d := range answer["TargetHealthDescriptions"].([]any) {
					d := d.(map[string]any)
					if d["Target"].(map[string]any)["Id"] == realNew {
						d["TargetHealth"].(map[string]any)["State"] = "initial"
					}
				}
			})
		}, "link.target-healthy"},
		{"another group of the same name", func(r *raw) {
			began := r.began()
			for i := range r.cloud {
				if o := &r.cloud[i]; o.Operation == runlog.OpDescribeAutoScalingGroups && o.Received.After(began) {
					o.Answer = bytes.ReplaceAll(o.Answer, []byte("38ffff68"), []byte("00000000"))
				}
			}
		}, "confounder.reconfigured"},
	}
}

// rename gives the old instance's answers in load.jsonl to the new one.
func (r *raw) rename(when func(time.Time) bool) {
	for _, l := range r.load {
		if l.Second == nil || !when(l.Time) || l.Second.Instances[realOld] == nil {
			continue
		}
		moved := *l.Second.Instances[realOld]
		if has := l.Second.Instances[realNew]; has != nil {
			moved.Completed += has.Completed
		}
		l.Second.Instances = map[string]*runlog.InstanceSecond{realNew: &moved}
	}
}

// recordForgeries add and remove lines, and edit what was declared.
func recordForgeries() []forgery {
	all := []forgery{
		{"a hypothesis edited afterwards", func(r *raw) { r.hypothesis = bytes.Replace(r.hypothesis, []byte("0.98"), []byte("0.90"), 1) },
			"premise.hypothesis"},
		{"a hypothesis edited afterwards, with its digest, for longer deadlines", func(r *raw) {
			r.restate(func(h *runlog.Hypothesis) { h.Deadlines[2].Terms[0].Seconds = 30 })
		}, "premise.hypothesis"},
		{"a hypothesis edited afterwards, with its digest, for a blind observer", func(r *raw) {
			r.restate(func(h *runlog.Hypothesis) { h.MaxPollGapSeconds = 600 })
		}, "premise.hypothesis"},
		{"a hypothesis edited afterwards, with its digest, for another threshold", func(r *raw) {
			r.restate(func(h *runlog.Hypothesis) { h.Threshold = 25 })
		}, "premise.configuration"},
		{"a hypothesis of another revision", func(r *raw) {
			r.restate(func(h *runlog.Hypothesis) { h.Revision = "another" })
		}, "premise.hypothesis"},
		{"observations that stand twice", func(r *raw) {
			answers := r.answers()
			r.cloud = slices.Insert(r.cloud, 701, r.cloud[690:700]...)
			r.renumber(answers)
		}, "premise.observation"},
		{"load lines that stand twice", func(r *raw) { r.load = slices.Insert(r.load, 101, r.load[95:100]...) }, "premise.instrument"},
		{"the load of another run", func(r *raw) { r.spliceLoad(false) }, "premise.hypothesis"},
		{"the load of another run, moved to this one's time", func(r *raw) { r.spliceLoad(true) }, "confounder.other-servers"},
		{"observations of another run from the load step on", func(r *raw) { r.spliceCloud(false) }, "premise.observation"},
		{"observations of another run from the load step on, moved to this one's time", func(r *raw) { r.spliceCloud(true) },
			"premise.observation"},
	}
	for _, k := range []int{2, 3, 7, 10, 13, 50} {
		reason := "premise.observation"
		if k == 3 || k == 7 { // that takes the baseline's only datapoint or state with it
			reason = "premise.baseline"
		}
		all = append(all,
			forgery{fmt.Sprintf("every %d. observation dropped", k), func(r *raw) {
				answers := r.answers()
				r.cloud = slices.DeleteFunc(r.cloud, func(o runlog.Observation) bool { return o.Seq%int64(k) == 0 })
				r.renumber(answers)
			}, reason},
			forgery{fmt.Sprintf("every %d. load line dropped", k), func(r *raw) {
				n := 0
				r.load = slices.DeleteFunc(r.load, func(l runlog.LoadLine) bool { n++; return l.Second != nil && n%k == 0 })
			}, "premise.instrument"})
	}
	return all
}

// spliceLoad takes load.jsonl of another run: all of it or, moved, from its
// calibration on.
func (r *raw) spliceLoad(moved bool) {
	other := fixture(r.t, otherRun)
	if !moved {
		r.load = other.load
		return
	}
	moveLoad(other.load, r.began().Sub(other.began()))
	calibrated := func(l runlog.LoadLine) bool { return l.Calibration != nil }
	from, until := slices.IndexFunc(other.load, calibrated), slices.IndexFunc(r.load, calibrated)
	r.load = slices.Concat(r.load[:until], other.load[from:])
}

// spliceCloud goes on with another run's observations from the load step on.
func (r *raw) spliceCloud(moved bool) {
	other := fixture(r.t, otherRun)
	began, answers := other.began(), other.answers()
	after := slices.IndexFunc(other.cloud, func(o runlog.Observation) bool { return o.Sent.After(began) })
	by := r.began().Sub(began).Truncate(10 * time.Second)
	if moved {
		other.shift("", by)
		answers = other.answers()
		for i := range other.cloud {
			o := &other.cloud[i]
			o.Sent, o.Received, o.Date = o.Sent.Add(by), o.Received.Add(by), o.Date.Add(by)
		}
	}
	before := slices.IndexFunc(r.cloud, func(o runlog.Observation) bool { return o.Sent.After(r.began()) })
	r.cloud = r.cloud[:before]
	for i := range other.cloud { // numbers of their own, so that renumber can tell them apart
		o := &other.cloud[i]
		o.Seq += 1e6
		if o.Unchanged != 0 {
			o.Unchanged += 1e6
		}
	}
	all := r.answers()
	for seq, answer := range maps.All(answers) {
		all[seq+1e6] = answer
	}
	r.cloud = append(r.cloud, other.cloud[after:]...)
	r.renumber(all)
}

func TestLinesThatDoNotFitTogetherAreNotEvenOpened(t *testing.T) {
	for name, forge := range map[string]func(*raw){
		"an observation dropped with its number":                func(r *raw) { r.cloud = slices.Delete(r.cloud, 700, 701) },
		"an observation that repeats another question's answer": func(r *raw) { r.cloud[900].Unchanged = 899 },
	} {
		r := fixture(t, realRun)
		forge(r)
		var bad *runlog.FormatError
		if _, err := runlog.Open(r.folder(t)); !errors.As(err, &bad) {
			t.Errorf("Open(%s) = %v, want a *FormatError", name, err)
		}
	}
}

func TestNoPrefixOfARealRunIsProved(t *testing.T) {
	r := fixture(t, realRun).record(t)
	whole := judge.Judge(r)
	e7 := whole.Chain[7].At
	for n := 0; n < len(r.Cloud) && r.Cloud[n].Received.Before(e7); n += 10 {
		at := r.Cloud[n].Received
		cut := *r
		cut.Cloud = r.Cloud[:n]
		// All of load.jsonl, and what there was of it by then.
		whole, until := r.Load, slices.IndexFunc(r.Load, func(l runlog.LoadLine) bool { return l.Time.After(at) })
		for _, cut.Load = range [][]runlog.LoadLine{whole, whole[:until]} {
			if v := judge.Judge(&cut); v.Outcome != judge.Inconclusive {
				t.Fatalf("Judge(first %d observations, %d load lines) = %s %s, want INCONCLUSIVE", n, len(cut.Load), v.Outcome, v.Reason)
			}
		}
	}
	for n := 0; n < len(r.Load); n += 10 {
		cut := *r
		cut.Load = r.Load[:n]
		if v := judge.Judge(&cut); v.Outcome != judge.Inconclusive {
			t.Fatalf("Judge(first %d load lines) = %s %s, want INCONCLUSIVE", n, v.Outcome, v.Reason)
		}
	}
}
