package runlog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Observation is a line of cloud.jsonl: one answer of an AWS API, whole.
type Observation struct {
	Seq       int64     `json:"seq"`           // 1, 2, 3 … without gaps
	Operation string    `json:"operation"`     // "autoscaling:DescribeAutoScalingGroups"
	Sent      time.Time `json:"sent"`          // our clock
	Received  time.Time `json:"received"`      // our clock
	Date      time.Time `json:"date,omitzero"` // the answer's Date header: AWS's clock, whole seconds
	RequestID string    `json:"requestId"`
	// Endpoint is the scheme and host that answered, "https://monitoring.us-east-1.amazonaws.com";
	// "" if it is that of the service's last observation.
	Endpoint string          `json:"endpoint,omitempty"`
	Input    json.RawMessage `json:"input,omitempty"`
	// Answer is the operation's output as JSON with AWS's own member names
	// (the SDK's Output struct). Absent when Unchanged or Error is set.
	Answer json.RawMessage `json:"answer,omitempty"`
	// Unchanged is the Seq of the earlier observation of the same operation and
	// input whose answer this one repeats; 0 if the answer is new.
	Unchanged int64 `json:"unchanged,omitempty"`
	// BodySHA256 is the digest of the answer's bytes on the wire.
	BodySHA256 string    `json:"bodySha256,omitempty"`
	Error      *APIError `json:"error,omitempty"`
	// Snapshot is set in a line of OpSnapshot, which has no answer of its own.
	Snapshot *Snapshot `json:"snapshot,omitempty"`
}

// Snapshot ends a configuration snapshot, whose questions were asked between Sent and
// Received. What had changed stands in lines of its own before it.
type Snapshot struct {
	// Unchanged are the Seqs of the observations whose questions were asked again, and
	// whose answers are the same.
	Unchanged []int64 `json:"unchanged"`
}

// APIError is an answer that was an error, or no answer at all (Code "").
type APIError struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// The operations that an observer records.
const (
	OpDescribeAlarms            = "cloudwatch:DescribeAlarms"
	OpDescribeAlarmsForMetric   = "cloudwatch:DescribeAlarmsForMetric"
	OpDescribeAlarmHistory      = "cloudwatch:DescribeAlarmHistory"
	OpGetMetricData             = "cloudwatch:GetMetricData"
	OpDescribeAutoScalingGroups = "autoscaling:DescribeAutoScalingGroups"
	OpDescribePolicies          = "autoscaling:DescribePolicies"
	OpDescribeScalingActivities = "autoscaling:DescribeScalingActivities"
	OpDescribeScheduledActions  = "autoscaling:DescribeScheduledActions"
	OpDescribeInstanceRefreshes = "autoscaling:DescribeInstanceRefreshes"
	OpDescribeTargetGroups      = "elasticloadbalancing:DescribeTargetGroups"
	OpDescribeTargetHealth      = "elasticloadbalancing:DescribeTargetHealth"
	OpDescribeLifecycleHooks    = "autoscaling:DescribeLifecycleHooks"
	OpDescribeWarmPool          = "autoscaling:DescribeWarmPool"
	OpDescribeTargetAttributes  = "elasticloadbalancing:DescribeTargetGroupAttributes"
	OpDescribeListeners         = "elasticloadbalancing:DescribeListeners"
	OpDescribeRules             = "elasticloadbalancing:DescribeRules"

	OpDescribeTemplate = "ec2:DescribeLaunchTemplateVersions"

	OpSnapshot = "snapshot" // no operation of AWS's: the line that ends a configuration snapshot
)

// Watched are the operations of a configuration snapshot: what they answer is what
// could change the outcome of a run.
func Watched() []string {
	return []string{
		OpDescribeAutoScalingGroups, OpDescribePolicies, OpDescribeScheduledActions, OpDescribeInstanceRefreshes, OpDescribeLifecycleHooks,
		OpDescribeWarmPool, OpDescribeAlarmsForMetric, OpDescribeAlarms, OpDescribeTargetGroups, OpDescribeTargetAttributes,
		OpDescribeListeners, OpDescribeRules,
	}
}

// The types below are the parts of the answers that are read from the record.
// Their members are AWS's, so they decode from Observation.Answer as it is.

// Answer has the list of whichever operation it is the answer of.
type Answer struct {
	MetricAlarms                []MetricAlarm // DescribeAlarms, DescribeAlarmsForMetric
	AlarmHistoryItems           []AlarmHistoryItem
	MetricDataResults           []MetricDataResult
	AutoScalingGroups           []AutoScalingGroup
	ScalingPolicies             []ScalingPolicy
	Activities                  []Activity
	ScheduledUpdateGroupActions []ScheduledAction
	InstanceRefreshes           []InstanceRefresh
	TargetGroups                []TargetGroup
	TargetHealthDescriptions    []TargetHealthDescription
	Listeners                   []Listener
	Rules                       []Rule
	LaunchTemplateVersions      []TemplateVersion
	NextToken, NextMarker       string
}

// Next is the token of the next page; "" of the last.
func (a Answer) Next() string { return cmp.Or(a.NextToken, a.NextMarker) }

// Before reports whether a page of activities or history, which are listed newest first,
// goes back to before at: what is on the pages after it is older.
func (a Answer) Before(at time.Time) bool {
	if n := len(a.AlarmHistoryItems); n > 0 {
		return a.AlarmHistoryItems[n-1].Timestamp.Before(at)
	}
	n := len(a.Activities)
	return n > 0 && a.Activities[n-1].StartTime.Before(at)
}

// Join adds another page's lists.
func (a *Answer) Join(page Answer) {
	a.MetricAlarms = append(a.MetricAlarms, page.MetricAlarms...)
	a.AlarmHistoryItems = append(a.AlarmHistoryItems, page.AlarmHistoryItems...)
	a.MetricDataResults = append(a.MetricDataResults, page.MetricDataResults...)
	a.AutoScalingGroups = append(a.AutoScalingGroups, page.AutoScalingGroups...)
	a.ScalingPolicies = append(a.ScalingPolicies, page.ScalingPolicies...)
	a.Activities = append(a.Activities, page.Activities...)
	a.ScheduledUpdateGroupActions = append(a.ScheduledUpdateGroupActions, page.ScheduledUpdateGroupActions...)
	a.InstanceRefreshes = append(a.InstanceRefreshes, page.InstanceRefreshes...)
	a.TargetGroups = append(a.TargetGroups, page.TargetGroups...)
	a.TargetHealthDescriptions = append(a.TargetHealthDescriptions, page.TargetHealthDescriptions...)
	a.Listeners = append(a.Listeners, page.Listeners...)
}

// MetricAlarm is a CloudWatch alarm.
type MetricAlarm struct {
	AlarmName                        string
	ActionsEnabled                   bool
	AlarmActions, OKActions          []string
	Namespace, MetricName, Statistic string
	Dimensions                       []Dimension
	Period                           int // seconds
	EvaluationPeriods                int
	DatapointsToAlarm                int // 0: EvaluationPeriods
	Threshold                        float64
	ComparisonOperator               string
	TreatMissingData                 string
	StateValue                       string // OK | ALARM | INSUFFICIENT_DATA
	StateReason                      string
	StateUpdatedTimestamp            time.Time
	StateTransitionedTimestamp       time.Time
}

// Dimension narrows a metric.
type Dimension struct{ Name, Value string }

// AlarmHistoryItem is one entry of an alarm's history.
type AlarmHistoryItem struct {
	AlarmName       string
	Timestamp       time.Time
	HistoryItemType string // ConfigurationUpdate | StateUpdate | Action
	HistorySummary  string
	HistoryData     string // JSON: StateUpdateData for a StateUpdate
}

// StateUpdateData is HistoryData of a StateUpdate.
type StateUpdateData struct {
	OldState AlarmState `json:"oldState"`
	NewState AlarmState `json:"newState"`
}

// AlarmState is a side of StateUpdateData.
type AlarmState struct {
	StateValue      string           `json:"stateValue"`
	StateReason     string           `json:"stateReason"`
	StateReasonData *StateReasonData `json:"stateReasonData,omitempty"`
}

// StateReasonData is what an alarm was evaluated on.
type StateReasonData struct {
	Period              int                  `json:"period"`
	Threshold           float64              `json:"threshold"`
	EvaluatedDatapoints []EvaluatedDatapoint `json:"evaluatedDatapoints"` // newest first
}

// EvaluatedDatapoint is a datapoint as the alarm saw it; Value is nil if it was missing.
type EvaluatedDatapoint struct {
	Timestamp string   `json:"timestamp"` // 2006-01-02T15:04:05.000-0700
	Value     *float64 `json:"value,omitempty"`
}

// GetMetricDataInput is the part of the request that names the series.
type GetMetricDataInput struct {
	MetricDataQueries  []MetricDataQuery
	StartTime, EndTime time.Time
}

// MetricDataQuery is one series asked for.
type MetricDataQuery struct {
	Id         string
	MetricStat struct {
		Metric struct {
			Namespace, MetricName string
			Dimensions            []Dimension
		}
		Period int
		Stat   string
	}
}

// MetricDataResult is one series; Timestamps are period starts.
type MetricDataResult struct {
	Id         string
	StatusCode string // Complete | PartialData | InternalError
	Timestamps []time.Time
	Values     []float64
}

// Datapoints returns the series, in the order of the answer. Values without a
// timestamp, and timestamps without a value, are left out.
func (r MetricDataResult) Datapoints() []Datapoint {
	points := make([]Datapoint, min(len(r.Timestamps), len(r.Values)))
	for i := range points {
		points[i] = Datapoint{r.Timestamps[i].UTC(), r.Values[i]}
	}
	return points
}

// AutoScalingGroup is a group with its instances.
type AutoScalingGroup struct {
	AutoScalingGroupName   string
	AutoScalingGroupARN    string
	MinSize, MaxSize       int
	DesiredCapacity        int
	DefaultCooldown        int // seconds
	HealthCheckType        string
	HealthCheckGracePeriod int
	TargetGroupARNs        []string
	LaunchTemplate         LaunchTemplate // zero of a group that has none
	SuspendedProcesses     []SuspendedProcess
	Instances              []Instance
	WarmPoolConfiguration  json.RawMessage
}

// SuspendedProcess is a process of a group that is switched off.
type SuspendedProcess struct{ ProcessName, SuspensionReason string }

// Instance is a member of a group. Only LifecycleState InService is capacity:
// the API lists Pending and Terminating ones too.
type Instance struct {
	InstanceId           string
	InstanceType         string
	LifecycleState       string
	ProtectedFromScaleIn bool
	LaunchTemplate       LaunchTemplate // it was launched from
}

// LaunchTemplate is a version of a launch template.
type LaunchTemplate struct{ LaunchTemplateId, Version string }

// TemplateVersion is what a version of a launch template launches. User data may hold
// secrets: only the digest of its base64 text is recorded.
type TemplateVersion struct {
	VersionNumber         int
	ImageId, InstanceType string
	UserDataSHA256        string
}

// String names it; "" if there is none.
func (t LaunchTemplate) String() string {
	if t == (LaunchTemplate{}) {
		return ""
	}
	return fmt.Sprintf("launch template %s, version %s", t.LaunchTemplateId, t.Version)
}

// ScalingPolicy is a policy of a group.
type ScalingPolicy struct {
	AutoScalingGroupName    string
	PolicyName, PolicyARN   string
	PolicyType              string // StepScaling | SimpleScaling | TargetTrackingScaling | PredictiveScaling
	AdjustmentType          string
	ScalingAdjustment       int
	MinAdjustmentMagnitude  int // of PercentChangeInCapacity
	StepAdjustments         []StepAdjustment
	MetricAggregationType   string // of the datapoints that pick a step: Average ("" as well), Minimum, Maximum
	Cooldown                int
	EstimatedInstanceWarmup int
	Enabled                 *bool
	Alarms                  []PolicyAlarm
}

// PolicyAlarm names an alarm that invokes a policy.
type PolicyAlarm struct{ AlarmName string }

// StepAdjustment is a step of a step policy; bounds are relative to the alarm's threshold.
type StepAdjustment struct {
	MetricIntervalLowerBound, MetricIntervalUpperBound *float64
	ScalingAdjustment                                  int
}

// Activity is a scaling activity.
type Activity struct {
	ActivityId           string
	AutoScalingGroupName string
	Description          string
	Cause                string
	Details              string // JSON: ActivityDetails
	StartTime, EndTime   time.Time
	StatusCode           string
	StatusMessage        string
}

// ActivityDetails is Details of an Activity.
type ActivityDetails struct {
	InvokingAlarms []InvokingAlarm `json:"InvokingAlarms,omitempty"`
}

// InvokingAlarm is an alarm that caused an activity.
type InvokingAlarm struct {
	AlarmName, NewStateValue string
	StateChangeTime          int64 // milliseconds since 1970
}

// TargetGroup is a target group's health check, in seconds and counts.
type TargetGroup struct {
	TargetGroupArn             string
	LoadBalancerArns           []string
	HealthCheckIntervalSeconds int
	HealthCheckTimeoutSeconds  int
}

// Listener is where a load balancer takes requests, and which target groups they go to.
type Listener struct {
	ListenerArn    string
	DefaultActions []ListenerAction
}

// Rule is what becomes of a listener's requests that meet its conditions.
type Rule struct{ Actions []ListenerAction }

// ListenerAction is what becomes of a listener's requests.
type ListenerAction struct {
	Type           string // forward | redirect | fixed-response …
	TargetGroupArn string
	ForwardConfig  struct {
		TargetGroups []struct{ TargetGroupArn string }
	}
}

// TargetHealthDescription is one target and its state.
type TargetHealthDescription struct {
	Target       struct{ Id string }
	TargetHealth struct{ State string }
}

// ScheduledAction is a change of a group's capacity at a set time.
type ScheduledAction struct {
	AutoScalingGroupName, ScheduledActionName string
	Recurrence                                string
	StartTime, EndTime                        time.Time
}

// InstanceRefresh is a replacement of a group's instances, under way or past.
type InstanceRefresh struct {
	InstanceRefreshId string
	Status            string
}
