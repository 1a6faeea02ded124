package reports

import (
	"math"
	"math/rand/v2"

	"secondwind/loadgen/latency"
	"secondwind/runlog"
)

// rate is the offered load, requests per second.
func (s synthesis) rate(at float64) float64 {
	switch {
	case at < calibrationAt:
		return 0
	case at < controlAt:
		return 8
	case at < loadAt:
		return 16
	case at < s.releaseAt():
		return 48
	default:
		return 2
	}
}

func (s synthesis) phase(at float64) runlog.Phase {
	switch {
	case at < calibrationAt:
		return runlog.PhasePremises
	case at < controlAt:
		return runlog.PhaseCalibration
	case at < loadAt:
		return runlog.PhaseControl
	case at < holdAt:
		return runlog.PhaseLoad
	case at < s.releaseAt():
		return runlog.PhaseHold
	default:
		return runlog.PhaseRelease
	}
}

func (s synthesis) load(digest string) []runlog.LoadLine {
	replies := &replies{random: rand.New(rand.NewPCG(1, 0)), drawn: map[crowd][]*runlog.InstanceSecond{}}
	phase := func(at float64, p runlog.Phase, rate float64) runlog.LoadLine {
		return runlog.LoadLine{Time: after(at), Phase: &runlog.PhaseChange{Phase: p, OfferedRate: rate, HypothesisSHA256: digest}}
	}
	lines := []runlog.LoadLine{phase(0, runlog.PhaseSetup, 0), phase(premisesAt, runlog.PhasePremises, 0)}
	changes := map[float64]runlog.LoadLine{
		calibrationAt: phase(calibrationAt, runlog.PhaseCalibration, 8),
		controlAt:     phase(controlAt, runlog.PhaseControl, 16),
		loadAt:        phase(loadAt, runlog.PhaseLoad, 48),
		holdAt:        phase(holdAt, runlog.PhaseHold, 48),
		s.releaseAt(): phase(s.releaseAt(), runlog.PhaseRelease, 2),
	}
	for at := calibrationAt; at < s.endAt(); {
		if change, found := changes[at]; found {
			lines = append(lines, change)
		}
		if at == loadAt {
			lines = append(lines, runlog.LoadLine{Time: after(at), Calibration: &runlog.Calibration{
				IdleCPUPercent: 0.3, CPUPercentPerRate: 0.68, CPUPercentPerRateLow: 0.66, CPUPercentPerRateHigh: 0.70,
				LoadRate: 48, PredictedCPUPercent: 32.9,
			}})
		}
		length := 1.0
		if s.Every > 0 && at >= holdAt && at < s.releaseAt() {
			length = s.Every
		}
		at += length
		lines = append(lines, runlog.LoadLine{Time: after(at), Second: s.second(at-length, length, replies)})
	}
	return append(lines, phase(s.endAt(), runlog.PhaseDone, 0))
}

// second is an interval of load; two instances share it once the second is healthy.
func (s synthesis) second(at, length float64, replies *replies) *runlog.LoadSecond {
	n := int64(math.Round(s.rate(at) * length))
	sec := &runlog.LoadSecond{
		Phase: s.phase(at), IntervalSeconds: length, OfferedRate: s.rate(at),
		Counts:    runlog.Counts{Offered: n, Sent: n, Completed: n, BytesIn: 200 * n, BytesOut: 900 * n, LagMaxSeconds: 0.0008},
		Instances: map[string]*runlog.InstanceSecond{},
	}
	if at == 91 {
		sec.Completed, sec.Failed = n-2, 2
		sec.Errors = map[string]int64{"502 Bad Gateway": 2}
	}
	shares := map[string]int64{oldID: sec.Completed}
	if s.Scales && at >= healthyAt && at < s.releaseAt()+15 {
		shares = map[string]int64{oldID: sec.Completed - sec.Completed/2, newID: sec.Completed / 2}
	}
	for _, id := range []string{oldID, newID} {
		if shares[id] > 0 {
			sec.Instances[id] = replies.to(crowd{shares[id], s.rate(at) / float64(len(shares))})
		}
	}
	return sec
}

// crowd is how many requests an instance gets in an interval, at which rate.
type crowd struct {
	Count int64
	Rate  float64
}

// replies are drawn anew a few times for the same crowd and then repeat: most
// of the time of a long run would go into encoding histograms.
type replies struct {
	random *rand.Rand
	drawn  map[crowd][]*runlog.InstanceSecond
	turn   int
}

// to returns what an instance answers to the crowd.
func (r *replies) to(c crowd) *runlog.InstanceSecond {
	const different = 10
	if len(r.drawn[c]) < different {
		r.drawn[c] = append(r.drawn[c], answered(c.Count, c.Rate, r.random))
		return r.drawn[c][len(r.drawn[c])-1]
	}
	r.turn++
	return r.drawn[c][r.turn%different]
}

// answered draws log-normal latencies that grow with the load of the instance.
func answered(n int64, rate float64, random *rand.Rand) *runlog.InstanceSecond {
	fromSchedule, fromSending := latency.New(latency.Digits), latency.New(latency.Digits)
	const draws = 50 // of a long interval; each stands for several requests
	for left := n; left > 0; {
		weight := min(left, max(1, n/draws))
		left -= weight
		sending := (4 + 0.25*rate) * math.Exp(0.5*random.NormFloat64()) * 25_000
		fromSending.RecordValues(int64(sending), weight)
		fromSchedule.RecordValues(int64(sending+30_000*random.ExpFloat64()), weight)
	}
	return &runlog.InstanceSecond{Completed: n, FromSchedule: latency.Take(fromSchedule), FromSending: latency.Take(fromSending)}
}
