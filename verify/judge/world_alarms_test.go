package judge_test

import (
	"fmt"

	"secondwind/runlog"
)

// States of alarms, as CloudWatch evaluates them.

func noData() runlog.AlarmState {
	return runlog.AlarmState{StateValue: "INSUFFICIENT_DATA", StateReason: "Insufficient Data: 1 datapoint was unknown."}
}

func ok() runlog.AlarmState { return runlog.AlarmState{StateValue: "OK"} }

func alarmState(x int, value float64) runlog.AlarmState {
	return evaluatedState("ALARM", "was greater", x, value, 20)
}

func okState(x int, value float64) runlog.AlarmState {
	return evaluatedState("OK", "was not greater", x, value, 20)
}

func lowState(x int, value float64) runlog.AlarmState {
	return evaluatedState("ALARM", "was less", x, value, 8)
}

// evaluatedState is what CloudWatch makes of the datapoint of the period at x.
func evaluatedState(state, was string, x int, value, threshold float64) runlog.AlarmState {
	at := aws(float64(x))
	return runlog.AlarmState{
		StateValue: state,
		StateReason: fmt.Sprintf("Threshold Crossed: 1 datapoint [%v (%s)] %s than the threshold (%.1f).", value,
			at.Format("02/01/06 15:04:05"), was, threshold),
		StateReasonData: &runlog.StateReasonData{
			Period: 10, Threshold: threshold,
			EvaluatedDatapoints: []runlog.EvaluatedDatapoint{{Timestamp: at.Format("2006-01-02T15:04:05.000-0700"), Value: &value}},
		},
	}
}
