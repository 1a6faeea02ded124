package judge_test

import (
	"slices"
	"strings"

	"secondwind/runlog"
)

func otherMutants() []mutant {
	return []mutant{
		{"an alarm that fires during the control", func(w *world) {
			w.transitions = append([]change{{alarmName, 72.5, ok(), alarmState(60, 11), "StateUpdate"},
				{alarmName, 82.5, alarmState(60, 11), okState(70, 11), "StateUpdate"}}, w.transitions...)
		}, nil, open, "confounder.set-alarm-state"},
		{"an activity during the control", func(w *world) {
			w.activities = append(w.activities, runlog.Activity{ActivityId: "c", Description: "Launching a new EC2 instance: i-0c",
				Cause: scaleOutCause, StartTime: aws(60), EndTime: aws(62), StatusCode: "Successful"})
		}, nil, refuted, "control.below-threshold"},
		{"a desired capacity of 2 during the control", func(w *world) {
			w.desired = []step{{-20, 1}, {60, 2}, {64, 1}, {112.6, 2}, {202.5, 1}}
		}, nil, open, "confounder.unexplained-capacity"},
		{"a control in which CPU crossed", func(w *world) {
			w.phases = slices.Insert(w.phases, 4, phase{runlog.PhaseControl, 60, 68}, phase{runlog.PhaseControl, 70, 33})
			w.cpu["group"][60], w.cpu[oldID][60] = 22, 22
			w.calibratedAt(20, 40, 50)
		}, nil, open, "control.below-threshold"},
		{"a control near idle", func(w *world) {
			for x := 40; x < 100; x += 10 {
				w.cpu["group"][x], w.cpu[oldID][x] = 1, 1
			}
			w.phases[3].rate = 2
			w.calibratedAt(20, 40, 50, 60)
		}, nil, open, "control.below-threshold"},
		{"a control that was not held", func(w *world) {
			for x := 40; x < 60; x += 10 {
				w.cpu["group"][x], w.cpu[oldID][x] = 7, 7
			}
			w.phases[3].x = 60
			w.calibratedAt(20, 40, 60)
		}, nil, open, "control.below-threshold"},
		{"a control declared too short", func(w *world) { w.hypothesis = func(h *runlog.Hypothesis) { h.ControlSeconds = 20 } }, nil, open,
			"control.below-threshold"},
		{"an alarm that is in ALARM before the control", func(w *world) {
			w.cpu["group"][20], w.cpu[oldID][20] = 33, 33
			w.transitions = append([]change{{alarmName, 32.5, ok(), alarmState(20, 33), "StateUpdate"},
				{alarmName, 52.5, alarmState(20, 33), okState(40, 11), "StateUpdate"}}, w.transitions...)
		}, nil, open, "confounder.dirty-start"},
		{"a capacity set by hand under load", func(w *world) {
			w.cause("a monitor alarm sw-cpu-high in state ALARM triggered policy sw-scale-out",
				"a user request explicitly set group desired capacity")
		}, nil, open, "confounder.manual-capacity"},
		{"a minimum raised under load", func(w *world) {
			w.cause("a monitor alarm sw-cpu-high in state ALARM triggered policy sw-scale-out",
				"a user request update of AutoScalingGroup constraints to min: 2, max: 2, desired: 2")
		}, nil, open, "confounder.constraints"},
		{"a scheduled action under load", func(w *world) {
			w.cause("a monitor alarm sw-cpu-high in state ALARM triggered policy sw-scale-out",
				"a scheduled action update of AutoScalingGroup constraints to min: 1, max: 5, desired: 2")
		}, nil, open, "confounder.scheduled-action"},
		{"a policy executed by hand", func(w *world) {
			w.cause("a monitor alarm sw-cpu-high in state ALARM triggered policy", "a user request executed policy")
		}, nil, open, "confounder.execute-policy"},
		{"an unhealthy instance replaced", func(w *world) {
			w.activities[1].Cause = "At 2026-03-14T12:01:52Z an instance was launched in response to an unhealthy instance needing to be replaced."
		}, nil, open, "confounder.unhealthy-replacement"},
		{"an instance refresh", func(w *world) {
			w.activities[1].Cause = "At T an instance was launched in response to an instance refresh."
		}, nil, open, "confounder.instance-refresh"},
		{"zones rebalanced", func(w *world) {
			w.activities[1].Cause = "At T availability zones a b had 4 1 instances respectively. An instance was launched to aid in balancing " +
				"the group's zones."
		}, nil, open, "confounder.az-rebalance"},
		{"a launch without a first sentence", func(w *world) {
			w.activities[1].Cause = "At T an instance was started in response to a difference between desired and actual capacity, increasing " +
				"the capacity from 1 to 2."
		}, nil, open, "confounder.unexplained-activity"},
		{"another policy that acted", func(w *world) { w.cause("policy sw-scale-out", "policy other") }, nil, open, "confounder.second-policy"},
		{"another alarm that acted", func(w *world) { w.cause("alarm sw-cpu-high", "alarm other") }, nil, open, "confounder.second-policy"},
		{"two alarms that acted together", func(w *world) {
			w.activities[1].Cause += "  At 2026-03-14T12:01:52Z a monitor alarm other in state ALARM triggered policy other changing the desired " +
				"capacity from 1 to 2."
		}, nil, open, "confounder.second-policy"},
		{"another alarm that asked for the same in the same second", func(w *world) {
			w.transitions = append(w.transitions, change{"another", 112.5, ok(), runlog.AlarmState{StateValue: policyARN}, "Action"})
		}, nil, open, "confounder.second-policy"},
		{"another alarm that was in ALARM before, and invokes a policy", func(w *world) {
			w.scaleIn.AlarmName, w.scaleIn.ComparisonOperator, w.scaleIn.StateValue = "another", "GreaterThanThreshold", "ALARM"
			w.policies[1].ScalingAdjustment = 1
		}, nil, open, "confounder.second-policy"},
		{"an alarm set by hand", func(w *world) { w.transitions[0].to.StateReason = "testing" }, nil, open, "confounder.set-alarm-state"},
		{"an alarm set by hand in CloudWatch's words, before it is evaluated", func(w *world) {
			w.transitions[0].x, w.activities[1].Details = 112.2, invoking(alarmName, 112.2)
		}, nil, open, "confounder.set-alarm-state"},
		{"an alarm set to OK by hand in CloudWatch's words", func(w *world) { w.transitions[1].x = 121 }, nil, open,
			"confounder.set-alarm-state"},
		{"an alarm set to OK on what breaches", func(w *world) { w.returns(122.5, 100, 33) }, nil, open, "confounder.set-alarm-state"},
		{"one datapoint listed three times", func(w *world) {
			points := &w.transitions[0].to.StateReasonData.EvaluatedDatapoints
			*points = append(*points, (*points)[0], (*points)[0])
		}, nil, open, "confounder.set-alarm-state"},
		{"an alarm evaluated on old datapoints", func(w *world) { w.returns(162.5, 120, 16.5) }, nil, open, "confounder.set-alarm-state"},
		{"an alarm that came to OK by hand before the baseline", func(w *world) {
			w.transitions = append([]change{{alarmName, 0.5, noData(), okState(-10, 0.3), "StateUpdate"}}, w.transitions...)
		}, nil, open, "confounder.set-alarm-state"},
		{"an alarm reconfigured under load", func(w *world) {
			w.transitions = append(w.transitions, change{alarmName, 105, ok(), ok(), "ConfigurationUpdate"})
		}, nil, open, "confounder.reconfigured"},
		{"a policy made neutral for the control and restored before the load", reconfigured(map[float64]func(*world){
			40: func(w *world) { w.policies[0].ScalingAdjustment = -1 }, 98: func(w *world) { w.policies[0].ScalingAdjustment = 1 },
		}), nil, open, "confounder.reconfigured"},
		{"a policy swapped at the load step", reconfigured(map[float64]func(*world){
			100: func(w *world) { w.policies[0].PolicyARN += "2" },
		}), nil, open, "confounder.reconfigured"},
		{"an alarm added to the policy under load", reconfigured(map[float64]func(*world){
			104: func(w *world) {
				w.policies[0].Alarms = append(w.policies[0].Alarms, runlog.PolicyAlarm{AlarmName: "another"})
			},
		}), nil, open, "confounder.reconfigured"},
		{"stickiness switched on under load", reconfigured(map[float64]func(*world){
			104: func(w *world) { w.attributes = map[string]string{"stickiness.enabled": "true"} },
		}), nil, open, "confounder.reconfigured"},
		{"a listener that forwards elsewhere in the hold", reconfigured(map[float64]func(*world){
			150: func(w *world) { w.listener = "arn:another" },
		}), nil, open, "confounder.reconfigured"},
		{"a scale-in alarm changed while the group scales in", reconfigured(map[float64]func(*world){
			185: func(w *world) { w.scaleIn.Threshold = 9 },
		}), nil, open, "confounder.reconfigured"},
		{"an instance protected from scale-in", reconfigured(map[float64]func(*world){
			150: func(w *world) { w.protected = newID },
		}), nil, open, "confounder.reconfigured"},
		{"rules of the listener that the observer may not read", func(w *world) { w.skip = failing(runlog.OpDescribeRules, 0, 1e9) }, nil,
			open, "premise.observation"},
		{"attributes that were not looked at under load", func(w *world) { w.skip = failing(runlog.OpDescribeTargetAttributes, 95, 140) }, nil,
			open, "premise.observation"},
		{"a foreign server that takes a third of the answers", func(w *world) { w.served["i-0foreign"] = [2]float64{16, 232} }, nil, open,
			"confounder.other-servers"},
		{"answers that name no instance", func(w *world) { w.served[""] = [2]float64{16, 232} }, nil, open, "confounder.other-servers"},
		{"a foreign target that answers nothing", func(w *world) {
			w.foreign = []string{"i-0foreign"}
		}, nil, open, "confounder.other-servers"},
		{"a listener that divides the requests from the start", func(w *world) { w.divided = []string{targetARN, "arn:another"} }, nil, open,
			"confounder.other-servers"},
		{"an alarm in ALARM in the hold, of which its history knows nothing", func(w *world) { w.inAlarm = [2]float64{160, 175} }, nil, open,
			"control.effect-lasts"},
		{"a new instance that goes in the hold, and that the scale-in takes after it", func(w *world) { w.members[1].leaves = 150 }, nil, open,
			"confounder.other-instances"},
		{"a suspended process", func(w *world) {
			w.group.SuspendedProcesses = []runlog.SuspendedProcess{{ProcessName: "AlarmNotification", SuspensionReason: "User suspended"}}
		}, nil, open, "confounder.suspended-processes"},
		{"a launch that the provider refused", func(w *world) {
			w.activities[1].StatusCode, w.activities[1].StatusMessage = "Failed", "InsufficientInstanceCapacity"
			w.members = w.members[:1]
			w.alone()
			w.withoutServing()
		}, nil, open, "confounder.launch-failure"},
		{"a scheduled action that is due", func(w *world) {
			w.schedules = []runlog.ScheduledAction{{ScheduledActionName: "noon", StartTime: aws(110)}}
		}, nil, open, "confounder.schedule"},
		{"scheduled actions that were not asked for", func(w *world) { w.skip = failing(runlog.OpDescribeScheduledActions, 0, 1e9) }, nil, open,
			"premise.observation"},
		{"an instance refresh under way", func(w *world) {
			w.refreshes = []runlog.InstanceRefresh{{InstanceRefreshId: "r", Status: "InProgress"}}
		}, nil, open, "confounder.refresh"},
		{"connections that stay with the old instance", func(w *world) { w.withoutServing() }, nil, open, "confounder.pinned-connections"},
		{"requests lost while draining", func(w *world) { w.failed = func(x float64) int64 { return map[bool]int64{true: 1}[x == 204] } }, nil,
			refuted, "release.draining"},
		{"an alarm that goes back to ALARM after it was OK", func(w *world) {
			w.phases[5].rate = 160
			w.phases = slices.Insert(w.phases, 6, phase{runlog.PhaseHold, 140, 100})
			w.cpu[oldID][130], w.cpu[newID][130], w.cpu["group"][130] = 26, 24, 25
			w.transitions = append(w.transitions, change{alarmName, 142.5, ok(), alarmState(130, 25), "StateUpdate"},
				change{alarmName, 152.5, alarmState(130, 25), okState(140, 16.5), "StateUpdate"})
		}, nil, open, "control.effect-lasts"},
		{"a group that scales in again under load", func(w *world) {
			w.low[2].x, w.low[2].to = 152.5, lowState(140, 7)
			w.cpu["group"][140], w.cpu[oldID][140], w.cpu[newID][140] = 7, 7, 7
			w.phases = slices.Insert(w.phases, 6, phase{runlog.PhaseHold, 140, 40}, phase{runlog.PhaseHold, 150, 100})
			w.scaledInAt(153)
		}, nil, refuted, "control.effect-lasts"},
		{"a capacity set back by hand under load", func(w *world) { w.scaledInAt(150); w.tookBack(byUser, 150) }, nil, open,
			"confounder.manual-capacity"},
		{"a first instance that is replaced", func(w *world) {
			w.members[0].leaves = 150
			w.activities = append(w.activities, runlog.Activity{ActivityId: "r", Description: "Terminating EC2 instance: " + oldID,
				Cause:     "At 2026-03-14T12:02:30Z an instance was taken out of service in response to an EC2 health check.",
				StartTime: aws(150), EndTime: aws(151), StatusCode: "Successful"})
		}, nil, open, "confounder.unhealthy-replacement"},
		{"a first instance that goes", func(w *world) { w.members[0].leaves = 150 }, nil, open, "confounder.other-instances"},
		{"a third instance that no activity explains", func(w *world) {
			w.members = append(w.members, member{"i-0c", 150, 151, 152, 1e9, 1e9})
		}, nil, open, "confounder.unexplained-capacity"},
		{"a third instance that the alarm launched", func(w *world) {
			w.members = append(w.members, member{"i-0c", 150, 151, 152, 1e9, 1e9})
			w.activities = append(w.activities, runlog.Activity{ActivityId: "t", Description: "Launching a new EC2 instance: i-0c",
				Cause: strings.ReplaceAll(scaleOutCause, "from 1 to 2", "from 2 to 3"), StartTime: aws(150), EndTime: aws(151),
				StatusCode: "Successful", Details: invoking(alarmName, 112.5)})
		}, nil, open, "confounder.other-instances"},
		{"a second instance removed by hand after the load", func(w *world) { w.tookBack(byUser, 203) }, nil, open, "release.scale-in"},
		{"a second instance that goes after the load without an activity", func(w *world) { w.activities = w.activities[:2] }, nil, open,
			"release.scale-in"},
		{"a scale-in alarm set by hand", func(w *world) { w.low[2].x = 201.3 }, nil, open, "release.scale-in"},
		{"a scale-in alarm that never went to ALARM", func(w *world) { w.low = nil }, nil, open, "release.scale-in"},
		{"a page of activities that was not read", nil, func(r *runlog.Record) {
			eachAnswer(r, runlog.OpDescribeScalingActivities, func(o *runlog.Observation) { paged(o) })
		}, open, "premise.observation"},
		{"datapoints of which CloudWatch left some out", nil, func(r *runlog.Record) {
			eachAnswer(r, runlog.OpGetMetricData, func(o *runlog.Observation) {
				o.Answer = []byte(strings.ReplaceAll(string(o.Answer), `"Complete"`, `"PartialData"`))
			})
		}, open, "premise.data"},
		{"a release cut short", func(w *world) { w.phases[7].x, w.end, w.pollEnd = 190, 191, 191 }, nil, open, "release.scale-in"},
		{"a group that does not scale in", func(w *world) {
			w.desired, w.members[1].leaves, w.members[1].gone, w.activities = w.desired[:2], 1e9, 1e9, w.activities[:2]
			w.phases[7].x, w.end, w.pollEnd = 320, 320, 320
		}, nil, refuted, "release.scale-in"},
		{"a group that does not scale in, as somebody suspends its processes in the release", func(w *world) {
			w.desired, w.members[1].leaves, w.members[1].gone, w.activities = w.desired[:2], 1e9, 1e9, w.activities[:2]
			w.phases[7].x, w.end, w.pollEnd = 320, 320, 320
			reconfigured(map[float64]func(*world){192: func(w *world) {
				w.group.SuspendedProcesses = []runlog.SuspendedProcess{{ProcessName: "AlarmNotification", SuspensionReason: "User suspended"}}
			}})(w)
		}, nil, open, "release.scale-in"},
	}
}
