package observe

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/runlog"
)

func TestARoundAsksForAllThatIsJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := observing(t, newAccount(), time.Minute)
		synctest.Wait()
		r.end(t)
		want := []string{
			"DescribeAutoScalingGroups", "DescribePolicies", "DescribeAlarmsForMetric", "DescribeAlarms", "DescribeTargetGroups",
			"DescribeScheduledActions", "DescribeInstanceRefreshes", "DescribeLifecycleHooks", "DescribeWarmPool",
			"DescribeTargetGroupAttributes", "DescribeListeners", "DescribeRules", // the configuration
			"DescribeAutoScalingGroups", "DescribeScalingActivities", "DescribeAlarms", "DescribeAlarmHistory", "DescribeAlarmHistory",
			"DescribeTargetHealth", "GetMetricData", // the poll
		}
		if !slices.Equal(r.account.asked, want) {
			t.Errorf("asked %q, want %q", r.account.asked, want)
		}
		if lines := r.record.lines; len(lines) != len(want)+1 || lines[12].Operation != runlog.OpSnapshot {
			t.Errorf("recorded %d lines, want %d, of which the 13th ends the snapshot", len(lines), len(want)+1)
		}
		s, _ := r.State()
		if s.Group.AutoScalingGroupName != "g" || len(s.Activities) != 1 || len(s.Alarms) != 2 || len(s.Healthy()) != 1 {
			t.Errorf("state = %+v, want the group, its activity, both alarms and the healthy target", s)
		}
		if s.Polled.IsZero() || s.Configured.IsZero() {
			t.Errorf("polled %v, configured %v, want the times", s.Polled, s.Configured)
		}
	})
}

func TestAGroupOfNothingIsNotAskedForEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount()
		a.groups[0].TargetGroupARNs, a.policies, a.onMetric = nil, nil, nil
		r := observing(t, a, time.Minute)
		synctest.Wait()
		r.end(t)
		// Without a name or an ARN each of these would list the whole account.
		for _, never := range []string{"DescribeAlarms", "DescribeAlarmHistory", "DescribeTargetGroups", "DescribeTargetHealth"} {
			if n := a.times(never); n > 0 {
				t.Errorf("%s was asked %d times, want never", never, n)
			}
		}
		if s, _ := r.State(); s.Polled.IsZero() {
			t.Error("the group was not polled")
		}
	})
}

func TestEveryPageOfTheAlarmsIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount()
		for i := range 7 {
			a.onMetric = append(a.onMetric, fmt.Sprintf("other-%d", i))
		}
		a.perPage = 4
		r := observing(t, a, time.Minute)
		synctest.Wait()
		r.end(t)
		s, _ := r.State()
		var names []string
		for _, alarm := range s.Alarms {
			names = append(names, alarm.AlarmName)
		}
		want := slices.Sorted(slices.Values(a.onMetric)) // "high" only once, though a policy names it too
		if !slices.Equal(names, want) || a.times("DescribeAlarms") != 6 || len(r.record.of(runlog.OpDescribeAlarms)) != 6 {
			t.Errorf("alarms %q on %d pages, want %q on three, twice", names, a.times("DescribeAlarms"), want)
		}
		if n := a.times("DescribeAlarmHistory"); n != len(want) {
			t.Errorf("%d histories, want one of each of %d alarms", n, len(want))
		}
	})
}

func TestTheAlarmThatIsNamedIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount()
		a.onMetric = nil
		o := New(Config{AWS: a.config(), AutoScalingGroupName: "g", AlarmName: "custom", Sink: new(tape).add})
		c, err := o.Configure(t.Context())
		if err != nil || len(c.Alarms) != 2 || c.Alarms[0].AlarmName != "custom" || c.Alarms[1].AlarmName != "high" {
			t.Errorf("alarms = %+v, %v, want the one that is named, and the policy's", c.Alarms, err)
		}
	})
}

// TestWhatFailsIsRecordedAndAskedAgain throttles every operation of a poll in turn.
func TestWhatFailsIsRecordedAndAskedAgain(t *testing.T) {
	for operation, lost := range map[string]func(runlog.State) bool{
		"DescribeAutoScalingGroups": func(s runlog.State) bool { return s.Group.AutoScalingGroupName == "" },
		"DescribeScalingActivities": func(s runlog.State) bool { return len(s.Activities) == 0 },
		"DescribeAlarms":            func(s runlog.State) bool { return len(s.Alarms) == 0 },
		"DescribeAlarmHistory":      func(s runlog.State) bool { return len(s.Alarms) == 0 },
		"DescribeTargetHealth":      func(s runlog.State) bool { return len(s.Targets) == 0 },
		"GetMetricData":             func(s runlog.State) bool { return len(s.Metric[runlog.GroupSeries]) == 0 },
	} {
		synctest.Test(t, func(t *testing.T) {
			a, start := newAccount(), time.Now()
			a.metric = func(*cloudwatch.GetMetricDataInput) []cwtypes.MetricDataResult {
				return []cwtypes.MetricDataResult{{Id: aws.String("group"), Timestamps: []time.Time{start}, Values: []float64{5}}}
			}
			a.asks = func(asked string) error { // from 5 s to 15 s
				if since := time.Since(start); asked == operation && since > 5*time.Second && since < 15*time.Second {
					return throttled()
				}
				return nil
			}
			r := observing(t, a, 10*time.Second)
			time.Sleep(11 * time.Second)
			throttledState, _ := r.State()
			if throttledState.Polled.Sub(start) != 10*time.Second || lost(throttledState) {
				t.Errorf("%s throttled: state of %v lost what was known before: %+v", operation, throttledState.Polled.Sub(start), throttledState)
			}
			if len(throttledState.Activities) == 0 || len(throttledState.Metric) == 0 {
				t.Errorf("%s throttled: the other questions of the poll were not asked", operation)
			}
			time.Sleep(10 * time.Second)
			if s, _ := r.State(); s.Polled.Sub(start) != 20*time.Second {
				t.Errorf("%s throttled: newest poll after %v, want 20s", operation, s.Polled.Sub(start))
			}
			r.end(t)
			var failed []runlog.Observation
			for _, line := range r.record.lines {
				if line.Error != nil {
					failed = append(failed, line)
				}
			}
			if len(failed) != 1 || !strings.HasSuffix(failed[0].Operation, ":"+operation) || failed[0].Error.Code != "Throttling" ||
				failed[0].Answer != nil || failed[0].Unchanged != 0 {
				t.Errorf("%s throttled: recorded %+v, want that once", operation, failed)
			}
		})
	}
}

// TestTheMetricIsReadAsTheJudgeReadsIt: an answer that contradicts itself is not
// taken in, and one of which CloudWatch says that it is in error is an error.
func TestTheMetricIsReadAsTheJudgeReadsIt(t *testing.T) {
	for name, c := range map[string]struct {
		status cwtypes.StatusCode
		values []float64
		points int // that are taken in
	}{
		"more values than timestamps": {cwtypes.StatusCodeComplete, []float64{1, 2}, 0},
		"an error of CloudWatch's":    {cwtypes.StatusCodeInternalError, []float64{1}, 1},
		"a metric that is forbidden":  {cwtypes.StatusCodeForbidden, []float64{1}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount()
			a.metric = func(*cloudwatch.GetMetricDataInput) []cwtypes.MetricDataResult {
				return []cwtypes.MetricDataResult{
					{Id: aws.String("group"), StatusCode: c.status, Timestamps: []time.Time{time.Now()}, Values: c.values},
				}
			}
			o := New(Config{AWS: a.config(), AutoScalingGroupName: "g", Sink: new(tape).add})
			if err := o.round(t.Context()); err == nil || !strings.Contains(err.Error(), "is in error") {
				t.Errorf("%s: round() = %v, want that the answer is in error", name, err)
			}
			if s, _ := o.State(); len(s.Metric[runlog.GroupSeries]) != c.points || s.Polled.IsZero() {
				t.Errorf("%s: state = %+v, want a poll with %d datapoints", name, s, c.points)
			}
		})
	}
}

func TestTheMetricIsAskedOfTheGroupAndOfEveryInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount()
		var asked *cloudwatch.GetMetricDataInput
		point := func(id string, value float64) cwtypes.MetricDataResult {
			return cwtypes.MetricDataResult{Id: &id, Timestamps: []time.Time{time.Now()}, Values: []float64{value}}
		}
		a.metric = func(in *cloudwatch.GetMetricDataInput) []cwtypes.MetricDataResult {
			asked = in
			return []cwtypes.MetricDataResult{point("group", 1), point("group_n", 2), point("i0", 3), point("i1", 4), point("i2", 5)}
		}
		r := observing(t, a, 45*time.Second)
		time.Sleep(7 * time.Second)
		r.SetInterval(45 * time.Second) // a poll at 7 s
		synctest.Wait()
		r.end(t)
		var queries []string
		for _, q := range asked.MetricDataQueries {
			m := q.MetricStat
			queries = append(queries, fmt.Sprintf("%s %s %s every %d s", *q.Id, *m.Stat, *m.Metric.Dimensions[0].Value, *m.Period))
		}
		want := []string{
			"group Average g every 10 s", "group_n SampleCount g every 10 s", "i0 Average i-1 every 10 s", "i1 Average i-2 every 10 s",
		}
		if !slices.Equal(queries, want) {
			t.Errorf("asked for %q, want %q", queries, want)
		}
		began := time.Now().Add(-7 * time.Second)
		// By whole periods, and back over two polls and more.
		if from, to := asked.StartTime.Sub(began), asked.EndTime.Sub(began); from != -110*time.Second || to != 10*time.Second {
			t.Errorf("asked for %v to %v, want -1m50s to 10s", from, to)
		}
		s, _ := r.State()
		for series, want := range map[string]float64{runlog.GroupSeries: 1, "i-1": 3, "i-2": 4} {
			if p, ok := s.Latest(series); !ok || p.Value != want {
				t.Errorf("series %s = %v, %v, want %v", series, p, ok, want)
			}
		}
		if len(s.Metric) != 3 {
			t.Errorf("series %v, want three: sample counts and what was not asked for are none", s.Metric)
		}
	})
}

// TestPollsKeepTheirInterval has answers that are quick, and answers that are late.
func TestPollsKeepTheirInterval(t *testing.T) {
	for latency, want := range map[time.Duration]time.Duration{
		0: 2 * time.Second, 100 * time.Millisecond: 2 * time.Second,
		// Seven answers a poll take longer than the interval: the next poll follows at once,
		// after a snapshot of twelve where one is due.
		500 * time.Millisecond: 3500 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount()
			a.latency = latency
			r := observing(t, a, 2*time.Second)
			time.Sleep(time.Minute)
			r.end(t)
			polls := r.record.of(runlog.OpDescribeScalingActivities)
			for i := 2; i < len(polls); i++ { // the first one follows the snapshot
				got := polls[i].Sent.Sub(polls[i-1].Sent)
				if latency > 100*time.Millisecond && got > want && got <= want+12*latency {
					got = want
				}
				if got != want {
					t.Errorf("answers after %v: poll %d came %v after the one before, want %v", latency, i+1, got, want)
				}
			}
			if len(polls) < 10 {
				t.Errorf("answers after %v: %d polls in a minute", latency, len(polls))
			}
		})
	}
}

// TestAnotherIntervalIsPolledAtOnce is for the release after a long hold, whose polls
// are far apart: a wait that has begun must not delay its first look.
func TestAnotherIntervalIsPolledAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := observing(t, newAccount(), 24*time.Hour)
		time.Sleep(time.Hour)
		r.SetInterval(time.Minute)
		time.Sleep(150 * time.Second)
		r.end(t)
		var at []time.Duration
		for _, line := range r.record.of(runlog.OpDescribeScalingActivities) {
			at = append(at, line.Sent.Sub(start))
		}
		if want := []time.Duration{0, time.Hour, time.Hour + time.Minute, time.Hour + 2*time.Minute}; !slices.Equal(at, want) {
			t.Errorf("polled at %v, want %v", at, want)
		}
	})
}

// TestASnapshotBeginsAfterItIsAskedFor asks while one is under way, at each of its
// questions: what that one has read already is older than the request.
func TestASnapshotBeginsAfterItIsAskedFor(t *testing.T) {
	for question, operation := range []string{"DescribeAutoScalingGroups", "DescribePolicies", "DescribeAlarmsForMetric", "DescribeAlarms",
		"DescribeTargetGroups", "DescribeScheduledActions", "DescribeInstanceRefreshes", "DescribeLifecycleHooks", "DescribeWarmPool",
		"DescribeTargetGroupAttributes", "DescribeListeners", "DescribeRules"} {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount()
			a.latency = 100 * time.Millisecond
			r := observing(t, a, time.Hour)
			time.Sleep(time.Duration(question)*a.latency + 50*time.Millisecond) // the first snapshot is under way
			asked := time.Now()
			r.TakeSnapshot()
			time.Sleep(10 * time.Second)
			s, _ := r.State()
			r.end(t)
			snapshots := r.record.of(runlog.OpSnapshot)
			if len(snapshots) != 2 {
				t.Fatalf("asked during %s: %d snapshots, want that under way and one more", operation, len(snapshots))
			}
			if began := snapshots[1].Sent; began.Before(asked) || !s.Configured.Equal(began) {
				t.Errorf("asked during %s at %v: the next snapshot began at %v and counts as of %v", operation, asked, began, s.Configured)
			}
		})
	}
}

// TestAWishThatComesWithTheStampIsForTheNextSnapshot: else it would be taken by a
// snapshot that is older than it, and its asker would wait in vain.
func TestAWishThatComesWithTheStampIsForTheNextSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(Config{AWS: newAccount().config(), AutoScalingGroupName: "g", Sink: new(tape).add})
		var asked time.Time
		o.stamp = func() time.Time {
			now := time.Now()
			if asked.IsZero() {
				time.Sleep(time.Millisecond)
				asked = time.Now()
				o.TakeSnapshot()
			}
			return now
		}
		for range 2 {
			if err := o.round(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if s, _ := o.State(); s.Configured.Before(asked) {
			t.Errorf("the newest snapshot counts as of %v, want not before %v, when it was asked for", s.Configured, asked)
		}
	})
}

func TestAStateShowsASnapshotThatWasBegunBeforeAsBegunBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount()
		a.latency = 100 * time.Millisecond
		r := observing(t, a, time.Hour)
		time.Sleep(50 * time.Millisecond)
		asked := time.Now()
		r.TakeSnapshot()
		_, changed := r.State()
		<-changed
		if s, _ := r.State(); !s.Configured.Before(asked) {
			t.Errorf("the first snapshot counts as of %v, want before %v, when another was asked for", s.Configured, asked)
		}
		r.end(t)
	})
}

func TestASnapshotThatFailsIsTakenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, start := newAccount(), time.Now()
		a.asks = func(operation string) error {
			if since := time.Since(start); operation == "DescribeInstanceRefreshes" && since > 0 && since < 25*time.Second {
				return throttled()
			}
			return nil
		}
		r := observing(t, a, 10*time.Second)
		time.Sleep(5 * time.Second)
		r.TakeSnapshot() // fails at 5 s and at 15 s
		time.Sleep(15 * time.Second)
		if s, _ := r.State(); !s.Configured.Equal(start) || s.Polled.Sub(start) != 15*time.Second {
			t.Errorf("after 20s: configured at %v, polled at %v; want the first snapshot, and polls all the same",
				s.Configured.Sub(start), s.Polled.Sub(start))
		}
		time.Sleep(30 * time.Second)
		r.end(t)
		if s, _ := r.State(); s.Configured.Sub(start) != 25*time.Second || len(r.record.of(runlog.OpSnapshot)) != 4 {
			t.Errorf("configured at %v with %d snapshots, want at 25s, as the last of 4", s.Configured.Sub(start),
				len(r.record.of(runlog.OpSnapshot)))
		}
	})
}

func TestNothingIsPolledBeforeThereIsASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, start := newAccount(), time.Now()
		a.asks = func(operation string) error {
			if operation == "DescribePolicies" && time.Since(start) < 15*time.Second {
				return throttled()
			}
			return nil
		}
		r := observing(t, a, 10*time.Second)
		time.Sleep(15 * time.Second)
		if s, _ := r.State(); !s.Polled.IsZero() || a.times("GetMetricData") > 0 {
			t.Errorf("polled at %v, want not before a snapshot", s.Polled.Sub(start))
		}
		time.Sleep(10 * time.Second)
		if s, _ := r.State(); s.Polled.Sub(start) != 20*time.Second {
			t.Errorf("polled at %v, want at 20s", s.Polled.Sub(start))
		}
		r.end(t)
	})
}

func TestConfigureSaysWhatCouldNotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, operation := range []string{"DescribeAutoScalingGroups", "DescribePolicies", "DescribeAlarmsForMetric", "DescribeAlarms",
			"DescribeTargetGroups", "DescribeScheduledActions", "DescribeInstanceRefreshes"} {
			a := newAccount()
			a.asks = func(asked string) error {
				if asked == operation {
					return throttled()
				}
				return nil
			}
			o := New(Config{AWS: a.config(), AutoScalingGroupName: "g", Sink: new(tape).add})
			_, err := o.Configure(t.Context())
			if err == nil || !strings.Contains(err.Error(), operation) || !strings.Contains(err.Error(), "Rate exceeded") {
				t.Errorf("%s throttled: Configure() = %v, want that", operation, err)
			}
			if c := o.configuration; c.Group.AutoScalingGroupName != "" {
				t.Errorf("%s throttled: the configuration is %+v, want none: it is not whole", operation, c)
			}
		}
		a := newAccount()
		a.groups = nil
		if _, err := New(Config{AWS: a.config(), AutoScalingGroupName: "nobody", Sink: new(tape).add}).Configure(t.Context()); err == nil ||
			!strings.Contains(err.Error(), `"nobody"`) {
			t.Errorf("Configure() = %v, want an error that names the group", err)
		}
	})
}

// TestThePollUnderWayIsFinished ends the observer in the middle of a poll: what it
// asked is answered and recorded, not cut off and recorded as a failure, unless that
// takes too long.
func TestThePollUnderWayIsFinished(t *testing.T) {
	for _, c := range []struct {
		latency, took time.Duration // of an answer, and until Run returns
		failed        bool
	}{
		{0, 0, false},
		{100 * time.Millisecond, 1850 * time.Millisecond, false}, // 19 questions, of which half of one was over
		{time.Minute, lastPoll, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount()
			a.latency = c.latency
			r := observing(t, a, time.Hour)
			time.Sleep(50 * time.Millisecond)
			ended := time.Now()
			r.end(t)
			if took := time.Since(ended); took != c.took {
				t.Errorf("answers after %v: Run returned after %v, want %v", c.latency, took, c.took)
			}
			last := r.record.lines[len(r.record.lines)-1]
			if (last.Error != nil) != c.failed || !c.failed && last.Operation != runlog.OpGetMetricData {
				t.Errorf("answers after %v: the record ends with %s, error %v; want a failure: %t", c.latency, last.Operation, last.Error, c.failed)
			}
		})
	}
}

func TestRunEndsWhenTheRecordCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		r := observing(t, newAccount(), time.Second)
		time.Sleep(2500 * time.Millisecond)
		r.record.mu.Lock()
		r.record.err = full
		r.record.mu.Unlock()
		if err := <-r.ended; !errors.Is(err, full) || err.Error() != "write the record: "+full.Error() {
			t.Errorf("Run() = %v, want %v, once", err, full)
		}
		r.cancel()
	})
}

func TestAWatcherSeesEveryNewerState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := observing(t, newAccount(), 10*time.Second)
		var seen []time.Time
		for range 3 {
			_, changed := r.State()
			<-changed
			s, _ := r.State()
			seen = append(seen, s.Polled)
		}
		r.end(t)
		for i := 1; i < len(seen); i++ {
			if apart := seen[i].Sub(seen[i-1]); apart != 10*time.Second {
				t.Errorf("state %d came %v after the one before, want 10s", i+1, apart)
			}
		}
	})
}
