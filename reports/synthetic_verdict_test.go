package reports

import (
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// secondsOf is a pointer to a number.
func secondsOf(s float64) *float64 { return &s }

// verdict is a verdict on the run as the judge words it.
func (s synthesis) verdict() judge.Verdict {
	v := judge.Verdict{
		Version: 1, RunID: runID, Where: "the local cloud", Outcome: judge.Proved,
		Summary: "In run " + runID + " on the local cloud the premises hold, and CPU exceeded 20 % at 09:28:20Z. Alarm " + alarmName +
			" fired after 1.4 s, and instance " + newID + " served its first request after 23.6 s, within the 50 s allowed. " +
			"Load below the threshold did not scale. No other possible cause was seen.",
		Claim: hypothesis().Claim,
		Premises: []judge.Finding{
			{ID: "premise.baseline", Name: "one healthy instance, idle, alarm OK", Status: judge.Held,
				Expected: "min 1, max 2, desired = InService = 1, alarm OK, CPU < 18 %", Seen: "all of it, from 09:26:56 to 09:27:08",
				Evidence: []judge.Evidence{{File: "cloud.jsonl", Line: 16, RequestID: "6a1d7f20-0001"}}},
			{ID: "premise.declared", Name: "hypothesis hashed before the load", Status: judge.Held,
				Expected: "the digest of hypothesis.json in the first phase line", Seen: "the digest matches",
				Evidence: []judge.Evidence{{File: "load.jsonl", Line: 1}}},
			{ID: "premise.instrument", Name: "the instrument kept up", Status: judge.Held,
				Expected: "at least 98 % of the offered requests sent, no poll gap above 5 s", Seen: "100.0 % sent, longest gap 1.0 s"},
		},
		Controls: []judge.Finding{
			{ID: "control.below-threshold", Name: "load below the threshold does not scale", Status: judge.Held,
				Expected: "no ALARM, no activity, 1 instance for 40 s at about 10 %", Seen: "CPU 11.2 %, nothing scaled for 40.0 s"},
			{ID: "release.scale-in", Name: "back at the minimum without load", Status: judge.Held, Expected: "1 instance again",
				Seen: "1 instance 20.0 s after the load ended"},
		},
		Confounders: []judge.Finding{
			{ID: "confounder.manual-capacity", Name: "nobody set the capacity", Status: judge.Held,
				Expected: "no activity whose cause is a user request", Seen: "none of 2"},
			{ID: "confounder.second-policy", Name: "no other policy acted", Status: judge.Held, Expected: "one policy with an alarm",
				Seen: "one: secondwind-scale-out"},
		},
	}
	s.chain(&v)
	yes := true
	v.Figures = judge.Figures{
		ClockOffsetSeconds: secondsOf(0), ClockOffsetBound: secondsOf(0.52), IdleCPUPercent: secondsOf(0.3), CPUMillisPerRequest: secondsOf(6.8),
		LoadRate: secondsOf(48), PredictedCPUPercent: secondsOf(32.9), BreachingCPUPercent: secondsOf(32.9), AfterCPUPercent: secondsOf(16.4),
		SecondsToAlarm: secondsOf(alarmAt - loadAt), SecondsToDesired: secondsOf(desiredAt - loadAt),
		SecondsToInService: secondsOf(inServiceAt - loadAt),
		SecondsToHealthy:   secondsOf(healthyAt - loadAt), SecondsToFirstRequest: secondsOf(23.6), Offered: 3740, Sent: 3740, Completed: 3738,
		Failed:                2,
		RequestsByNewInstance: 903, OldInstanceID: oldID, NewInstanceID: newID, ActivityID: "8b1f6f2e", ScaledIn: &yes,
		InstanceSecondsOfGroup: 227,
	}
	return v
}

// chain fills in the links of a run in which every one holds.
func (s synthesis) chain(v *judge.Verdict) {
	add := func(id runlog.Link, name, seen string, at float64, join map[string]string, deadline ...runlog.Term) {
		l := judge.Link{ID: id, Name: name, Status: judge.Held, Expected: name, Seen: seen, At: after(at), Join: join, Terms: deadline,
			Evidence: []judge.Evidence{{File: "cloud.jsonl", Line: int64(4 * at), RequestID: "6a1d7f20-" + id.String()}}}
		if n := len(v.Chain); n > 0 {
			l.DeadlineSeconds = secondsOf(runlog.Deadline{Terms: deadline}.Seconds())
			l.SinceSeconds = secondsOf(l.At.Sub(v.Chain[n-1].At).Seconds())
			l.SlackSeconds = secondsOf(*l.DeadlineSeconds - *l.SinceSeconds)
		}
		v.Chain = append(v.Chain, l)
	}
	term := func(name string, s float64) runlog.Term { return runlog.Term{Name: name, Seconds: s} }
	add(runlog.LinkLoadStep, "load step", "48 requests/s from 09:28:08", loadAt, nil)
	add(runlog.LinkBreachingData, "a datapoint of CPU above 20 %", "32.9 % in the period from 09:28:10", breachAt+period,
		map[string]string{"group": groupName}, term("one partial and one full period", 20))
	add(runlog.LinkAlarm, "the alarm goes from OK to ALARM", "Threshold Crossed: 1 datapoint [32.9] was greater than 20.0", alarmAt,
		map[string]string{"datapoint": "32.9"}, term("evaluation every", 10), term("publish lag", 2))
	add(runlog.LinkScalingActivity, "desired capacity goes from 1 to 2", "activity 8b1f6f2e", desiredAt, map[string]string{"alarm": alarmName,
		"policy": "secondwind-scale-out"}, term("decision", 5))
	add(runlog.LinkInService, "a new instance is InService", newID, inServiceAt, map[string]string{"activity": "8b1f6f2e"}, term("launch", 10))
	add(runlog.LinkTargetHealthy, "its target is healthy", newID+" healthy", healthyAt, map[string]string{"instance": newID},
		term("health check interval", 5), term("health check timeout", 2), term("start of the application", 2))
	add(runlog.LinkFirstRequest, "it serves a request", "first answer of "+newID, 98.6, map[string]string{"instance": newID},
		term("first request", 5))
	add(runlog.LinkLoadShared, "CPU per instance falls below 20 %, alarm OK", "16.6 % and 15.6 %, alarm OK", 118.3,
		map[string]string{"instances": oldID + " " + newID}, term("three periods", 30), term("evaluation every", 10), term("publish lag", 2))
}
