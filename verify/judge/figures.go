package judge

import "secondwind/runlog"

// figures are the numbers a reader asks for first.
func (t *analysis) figures() Figures {
	f := Figures{OldInstanceID: list(t.oldIDs), NewInstanceID: list(t.newIDs), AfterCPUPercent: t.effect}
	if t.clock.dates > 0 && !t.clock.jumped {
		f.ClockOffsetSeconds, f.ClockOffsetBound = new(seconds(t.clock.offset)), new(seconds(t.clock.bound))
	}
	if c := t.load.calibration; c != nil {
		f.IdleCPUPercent, f.CPUMillisPerRequest = &c.IdleCPUPercent, t.cpuMillis(c)
		f.LoadRate, f.PredictedCPUPercent = &c.LoadRate, &c.PredictedCPUPercent
	}
	if t.breach != nil {
		f.BreachingCPUPercent = new(t.breach.Value())
	}
	f.ActivityID = list(t.actedIDs())
	f.SecondsToAlarm, f.SecondsToDesired = t.since(runlog.LinkAlarm), t.since(runlog.LinkScalingActivity)
	f.SecondsToInService, f.SecondsToHealthy = t.since(runlog.LinkInService), t.since(runlog.LinkTargetHealthy)
	f.SecondsToFirstRequest = t.since(runlog.LinkFirstRequest)
	if h := t.load.hold; h != nil {
		f.HoldRequestedSeconds, f.HoldSeconds, f.HoldEndedOnRequest = &h.RequestedSeconds, &h.Seconds, &h.EndedOnRequest
	}
	t.count(&f)
	f.InstanceSecondsOfGroup = t.instanceSeconds()
	return f
}

// cpuMillis is the CPU cost of a request. The metric is a share of the
// instance type's vCPUs, whose number is known here for one-vCPU types only; of
// others nothing is said rather than something wrong.
func (t *analysis) cpuMillis(c *runlog.Calibration) *float64 {
	for _, g := range t.cloud.Groups {
		for _, i := range g.Value.Instances {
			switch i.InstanceType {
			case "t2.nano", "t2.micro", "t2.small":
				return new(c.CPUPercentPerRate * 10) // a percent of one vCPU is 10 ms a second
			}
		}
	}
	return nil
}

func (t *analysis) since(event runlog.Link) *float64 {
	m, ok := t.events[event]
	if !ok {
		return nil
	}
	return new(seconds(m.at.Sub(t.events[runlog.LinkLoadStep].at)))
}

func (t *analysis) count(f *Figures) {
	sum := t.sum(runlog.Phases()...)
	f.Offered, f.Sent, f.Completed, f.Failed = sum.Offered, sum.Sent, sum.Completed, sum.Failed
	f.FailedWhileDraining = t.sum(runlog.PhaseRelease).Failed
	for _, id := range t.newIDs {
		for _, s := range t.load.seconds {
			if i := s.Instances[id]; i != nil {
				f.RequestsByNewInstance += i.Completed
			}
		}
		for _, p := range t.cloud.Metric.All(runlog.TargetSeries(id)) {
			f.RequestsByNewInstance += int64(p.Value())
		}
	}
	if served, ok := t.events[runlog.LinkFirstRequest]; ok && t.h.Identity == runlog.IdentityRequests {
		for start := served.at.Add(-t.period); !start.After(t.ended); start = start.Add(t.period) {
			if mean := t.perTarget(start); mean != nil { // of all targets; of one alone nothing is counted
				f.RequestsByNewInstance += int64(mean.Value() * float64(len(t.newIDs)))
			}
		}
	}
	release, ok := t.load.phases[runlog.PhaseRelease]
	if !ok || len(t.newIDs) == 0 {
		return
	}
	if back := t.back(t.aws(release.start)) != nil; back || !t.interrupted() {
		f.ScaledIn = &back
	}
}

// instanceSeconds integrates the instances InService from poll to poll.
func (t *analysis) instanceSeconds() float64 {
	var sum float64
	for i, g := range t.cloud.Groups[:max(0, len(t.cloud.Groups)-1)] {
		sum += float64(len(g.Value.InService())) * t.cloud.Groups[i+1].Received.Sub(g.Received).Seconds()
	}
	return seconds(runlog.Seconds(sum))
}
