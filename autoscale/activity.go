package autoscale

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Activity is a scaling activity, in Auto Scaling's words.
type Activity struct {
	ID, AutoScalingGroupName string
	InstanceID               string
	Description, Cause       string
	Details                  string // JSON
	Start, End               time.Time
	StatusCode               ActivityStatusCode
	StatusMessage            string
	Progress                 int // percent
}

// ActivityStatusCode says how far an activity has come.
type ActivityStatusCode string

// The status codes that occur. Source: EC2 Auto Scaling API Reference, Activity.
const (
	ActivityInProgress                      ActivityStatusCode = "InProgress"
	ActivityWaitingForELBConnectionDraining ActivityStatusCode = "WaitingForELBConnectionDraining"
	ActivitySuccessful                      ActivityStatusCode = "Successful"
	ActivityFailed                          ActivityStatusCode = "Failed"
	ActivityCancelled                       ActivityStatusCode = "Cancelled"
)

// How many activities are kept. Source of the time: EC2 Auto Scaling API
// Reference, DescribeScalingActivities. The count is ours, for each group: it
// keeps a run of any length flat.
const (
	keepActivities = 6 * 7 * 24 * time.Hour
	maxActivities  = 1_000
	maxCause       = 1023 // characters
)

// Activities returns the activities of a group, or of all groups if it is "":
// those in progress first, then the newest first. Those of a deleted group are gone.
func (e *Engine) Activities(group string) []Activity {
	var all []Activity
	for _, name := range slices.Sorted(maps.Keys(e.groups)) {
		if group != "" && group != name {
			continue
		}
		for _, a := range slices.Backward(e.groups[name].activities) {
			all = append(all, *a)
		}
	}
	slices.SortStableFunc(all, func(a, b Activity) int { // what is finished has a Progress of 100
		return cmp.Or(cmp.Compare(a.Progress/100, b.Progress/100), b.Start.Compare(a.Start))
	})
	return all
}

func (a *Activity) inProgress() bool { return a.End.IsZero() }

func (a *Activity) finish(now time.Time, status ActivityStatusCode, message string) {
	a.StatusCode, a.StatusMessage, a.Progress, a.End = status, message, 100, now
}

// begin starts an activity for a member. caused is whether the group's change
// of desired capacity is behind it: then the alarms of the change are named.
func (e *Engine) begin(now time.Time, m *member, description, cause string, caused bool) *Activity {
	g := m.group
	details := struct {
		SubnetID         string           `json:"Subnet ID,omitempty"`
		AvailabilityZone string           `json:"Availability Zone"`
		InvokingAlarms   []*invokingAlarm `json:"InvokingAlarms,omitempty"`
	}{SubnetID: g.subnet(m.AvailabilityZone), AvailabilityZone: m.AvailabilityZone}
	if caused {
		details.InvokingAlarms = g.change.alarms
	}
	a := &Activity{
		ID: e.uuid(), AutoScalingGroupName: g.Name, InstanceID: m.ID,
		Description: description, Cause: strings.ToValidUTF8(cause[:min(len(cause), maxCause)], ""), Details: encode(details),
		Start: now, StatusCode: ActivityInProgress, Progress: 50,
	}
	g.activities = append(g.activities, a)
	return a
}

// forgetActivities lets go of finished activities that are too old or too many.
func (g *group) forgetActivities(now time.Time) {
	surplus := len(g.activities) - maxActivities
	g.activities = slices.DeleteFunc(g.activities, func(a *Activity) bool {
		if a.inProgress() {
			return false
		}
		if surplus > 0 {
			surplus--
			return true
		}
		return a.Start.Before(now.Add(-keepActivities))
	})
}

// stamp is a time as a Cause writes it, in whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// sentences joins the sentences of a Cause, with two spaces as AWS does.
func sentences(list ...string) string { return strings.Join(list, "  ") }

func launchDescription(id string) string { return "Launching a new EC2 instance: " + id }

func terminateDescription(id string) string { return "Terminating EC2 instance: " + id }

func drainDescription(id string) string {
	return terminateDescription(id) + " - Waiting For ELB Connection Draining."
}
