package judge

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
)

// kind is what an activity's Cause says made the group act.
type kind string

const (
	byAlarm       kind = "alarm"
	byExecution   kind = "execute-policy"
	byHand        kind = "manual-capacity"
	byConstraints kind = "constraints"
	bySchedule    kind = "scheduled-action"
	byHealth      kind = "unhealthy-replacement"
	byRefresh     kind = "instance-refresh"
	byRebalance   kind = "az-rebalance"
	byCreation    kind = "creation"
	byUnknown     kind = "unexplained-activity"
)

// causes are AWS's sentences, the particular ones first: a scheduled action also
// speaks of an update of constraints, a health check of a difference between
// desired and actual capacity. Source: EC2 Auto Scaling User Guide, "Verify a
// scaling activity", and public logs.
var causes = []struct {
	kind    kind
	pattern *regexp.Regexp
}{
	{bySchedule, regexp.MustCompile(`scheduled action`)},
	{byRefresh, regexp.MustCompile(`instance refresh`)},
	{byRebalance, regexp.MustCompile(`to balance instances in zones|aid in balancing`)},
	{byHealth, regexp.MustCompile(`health check|unhealthy instance needing to be replaced`)},
	{byExecution, regexp.MustCompile(`a user request executed policy`)},
	{byCreation, regexp.MustCompile(`a user request created an AutoScalingGroup`)},
	{byConstraints, regexp.MustCompile(`update of AutoScalingGroup constraints`)},
	// SetDesiredCapacity, AttachInstances, DetachInstances, EnterStandby, LaunchInstances,
	// TerminateInstanceInAutoScalingGroup: whatever else a user can ask for.
	{byHand, regexp.MustCompile(`user request`)},
	{byAlarm, alarmCause},
}

var alarmCause = regexp.MustCompile(`At (\S+) a monitor alarm (.+?) in state ALARM triggered policy (.+?) ` +
	`changing the desired capacity from (\d+) to (\d+)\.`)

// trigger is an alarm's sentence in a Cause.
type trigger struct {
	at            time.Time
	alarm, policy string
	from, to      int
}

// kindOf tells which of the known sentences the Cause has; a bare "difference
// between desired and actual capacity" proves nothing and is unexplained.
func kindOf(cause string) kind {
	for _, c := range causes {
		if c.pattern.MatchString(cause) {
			return c.kind
		}
	}
	return byUnknown
}

// triggersOf returns every alarm sentence of the Cause; two alarms can share an
// activity.
func triggersOf(cause string) []trigger {
	var all []trigger
	for _, m := range alarmCause.FindAllStringSubmatch(cause, -1) {
		at, err := time.Parse(time.RFC3339, m[1])
		from, fromErr := strconv.Atoi(m[4])
		to, toErr := strconv.Atoi(m[5])
		if err != nil || fromErr != nil || toErr != nil {
			continue
		}
		all = append(all, trigger{at.UTC(), m[2], m[3], from, to})
	}
	return all
}

var launched = regexp.MustCompile(`^Launching a new EC2 instance: (i-[0-9a-z]+)`)

// launchedInstance is the id in "Launching a new EC2 instance: i-…"; "" if the
// activity is something else or has no instance yet.
func launchedInstance(a runlog.Activity) string {
	if m := launched.FindStringSubmatch(a.Description); m != nil {
		return m[1]
	}
	return ""
}

func isLaunch(a runlog.Activity) bool { return strings.HasPrefix(a.Description, "Launching") }

func isFailed(a runlog.Activity) bool {
	return a.StatusCode == "Failed" || a.StatusCode == "Cancelled"
}

// invokingAlarms reads Details; none if they cannot be read.
func invokingAlarms(a runlog.Activity) []runlog.InvokingAlarm {
	var d runlog.ActivityDetails
	if json.Unmarshal([]byte(a.Details), &d) != nil {
		return nil
	}
	return d.InvokingAlarms
}
