package autoscale

import (
	"strings"
	"time"
)

// message is what an alarm publishes, and what a history item keeps of it.
type message struct {
	AlarmName        string
	AlarmDescription string
	AWSAccountId     string
	NewStateValue    State
	NewStateReason   string
	StateChangeTime  string
	Region           string
	AlarmArn         string
	OldStateValue    State
	Trigger          trigger
}

// trigger is an alarm's configuration inside a message.
type trigger struct {
	MetricName                       string
	Namespace                        string
	StatisticType                    string
	Statistic                        string
	Unit                             *string
	Period                           int
	EvaluationPeriods                int
	ComparisonOperator               ComparisonOperator
	Threshold                        double
	TreatMissingData                 TreatMissingData
	EvaluateLowSampleCountPercentile string
}

// invokingAlarm is an alarm in the Details of the activity that it caused.
type invokingAlarm struct {
	AlarmArn                           string
	Trigger                            trigger
	AlarmName                          string
	AlarmDescription                   string
	AWSAccountId                       string
	OldStateValue                      State
	Region                             string
	NewStateValue                      State
	AlarmConfigurationUpdatedTimestamp int64 // milliseconds since 1970
	StateChangeTime                    int64 // milliseconds since 1970
}

func (e *Engine) message(s AlarmStatus, old State) message {
	return message{
		s.Name, s.Description, e.account, s.State, s.StateReason, s.StateTransitioned.UTC().Format(dataTime),
		e.regionName(), s.ARN, old, s.trigger(),
	}
}

func (e *Engine) invokingAlarm(s AlarmStatus, old State) *invokingAlarm {
	return &invokingAlarm{
		AlarmArn: s.ARN, Trigger: s.trigger(), AlarmName: s.Name, AlarmDescription: s.Description,
		AWSAccountId: e.account, OldStateValue: old, Region: e.regionName(), NewStateValue: s.State,
		AlarmConfigurationUpdatedTimestamp: s.ConfigurationUpdated.UnixMilli(),
		StateChangeTime:                    s.StateTransitioned.UnixMilli(),
	}
}

func (a Alarm) trigger() trigger {
	t := trigger{
		MetricName: a.Metric.Name, Namespace: a.Metric.Namespace, StatisticType: "Statistic",
		Statistic: messageStatistic(a.Statistic), Period: int(a.Period / time.Second),
		EvaluationPeriods: a.EvaluationPeriods, ComparisonOperator: a.ComparisonOperator,
		Threshold: double(a.Threshold), TreatMissingData: a.TreatMissingData,
	}
	if a.Unit != "" {
		t.Unit = &a.Unit
	}
	return t
}

// messageStatistic is how messages, other than the API, spell a statistic.
func messageStatistic(s Statistic) string {
	if s == StatisticSampleCount {
		return "SAMPLE_COUNT"
	}
	return strings.ToUpper(string(s))
}
