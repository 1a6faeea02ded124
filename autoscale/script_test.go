package autoscale_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"secondwind/autoscale"
)

// TestScripts runs testdata/*.script. A script is one scenario, a statement a
// line, "#" starts a comment, times count from 10:00:
//
//	group   web 1..4 [desired 2] [zones a,b] [targets tg] [health ELB grace 30s] [warmup 60s] [cooldown 60s]
//	policy  out step +1@0 +2@30 [warmup 60s]   # adjustment@lower bound; below the threshold -1@<0
//	policy  in simple -1 [cooldown 60s]
//	policy  keep target 50
//	alarm   high cpu > 20  2 of 3  every 1m  [missing ignore]  [do out]
//	samples cpu 1m  40 70+5x3 _                # 40 70 75 80 and an absent period, from where the last ended
//	world   boot 30s drain 20s check 10s
//	at      5m set-desired 2 | suspend Launch | resume Launch | disable high | enable high |
//	        fail REASON | recover | kill N | sicken N | protect N | terminate N | decrement N | state high ALARM | sizes 1..3
//	expect  4m alarm high ALARM; desired 2; in-service 2; activities 3; status 1 Successful; suspended Launch no
//	expect  4m cause 1 TEXT        # 1 is the first that DescribeScalingActivities lists; ids read i-*
//	expect  4m reason high TEXT
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.script")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in testdata (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".script"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			ok(t, err)
			s := script{w: newWorld(autoscale.Config{Seed: 1}), fed: map[string]time.Time{}}
			for i, line := range strings.Split(string(text), "\n") {
				line, _, _ = strings.Cut(line, "#")
				if fields := strings.Fields(line); len(fields) > 0 {
					s.where = fmt.Sprintf("%s:%d", file, i+1)
					s.do(t, fields, strings.TrimSpace(line))
				}
			}
			if s.expectations == 0 {
				t.Fatalf("%s expects nothing", file)
			}
		})
	}
}

type script struct {
	w            *world
	where        string
	fed          map[string]time.Time // metric → where its samples ended
	expectations int
}

func (s *script) do(t *testing.T, f []string, line string) {
	t.Helper()
	switch f[0] {
	case "group":
		s.group(t, f[1:])
	case "policy":
		s.policy(t, f[1:])
	case "alarm":
		s.alarm(t, f[1:])
	case "samples":
		s.samples(t, f[1:])
	case "world":
		for i := 1; i+1 < len(f); i += 2 {
			field := map[string]*time.Duration{"boot": &s.w.boot, "drain": &s.w.drain, "check": &s.w.check, "stop": &s.w.stop}[f[i]]
			*field = s.duration(t, f[i+1])
		}
	case "at":
		s.w.run(t, start.Add(s.duration(t, f[1])))
		s.act(t, f[2], f[3:])
	case "expect":
		s.w.run(t, start.Add(s.duration(t, f[1])))
		_, rest, _ := strings.Cut(line, f[1])
		s.expect(t, strings.TrimSpace(rest))
	default:
		t.Fatalf("%s: unknown statement %q", s.where, f[0])
	}
}

func (s *script) group(t *testing.T, f []string) {
	t.Helper()
	g := webGroup()
	g.Name, g.DesiredCapacity = f[0], nil
	g.MinSize, g.MaxSize = s.sizes(t, f[1])
	for i := 2; i+1 < len(f); i += 2 {
		switch f[i] {
		case "desired":
			g.DesiredCapacity = new(s.number(t, f[i+1]))
		case "zones":
			g.AvailabilityZones = strings.Split(f[i+1], ",")
		case "targets":
			g.TargetGroupARNs = strings.Split(f[i+1], ",")
		case "health":
			g.HealthCheckType = autoscale.HealthCheckType(f[i+1])
		case "grace":
			g.HealthCheckGracePeriod = s.duration(t, f[i+1])
		case "warmup":
			g.DefaultInstanceWarmup = new(s.duration(t, f[i+1]))
		case "cooldown":
			g.DefaultCooldown = new(s.duration(t, f[i+1]))
		default:
			t.Fatalf("%s: unknown word %q", s.where, f[i])
		}
	}
	ok(t, s.w.engine.CreateGroup(s.w.now, g))
}

func (s *script) policy(t *testing.T, f []string) {
	t.Helper()
	p := autoscale.Policy{
		AutoScalingGroupName: s.w.engine.Groups()[0].Name, Name: f[0], Enabled: true, AdjustmentType: "ChangeInCapacity",
	}
	switch f[1] {
	case "step":
		p.Type = "StepScaling"
	case "simple":
		p.Type, p.ScalingAdjustment = "SimpleScaling", s.number(t, f[2])
	case "target":
		value, err := strconv.ParseFloat(f[2], 64)
		ok(t, err)
		p.Type, p.AdjustmentType = "TargetTrackingScaling", ""
		p.TargetTracking = &autoscale.TargetTracking{PredefinedMetric: "ASGAverageCPUUtilization", TargetValue: value}
	}
	for i := 2; i < len(f); i++ {
		switch adjustment, bound, isStep := strings.Cut(f[i], "@"); {
		case isStep:
			p.Steps = append(p.Steps, s.step(t, adjustment, bound))
		case f[i] == "warmup":
			p.EstimatedInstanceWarmup = new(s.duration(t, f[i+1]))
		case f[i] == "cooldown":
			p.Cooldown = new(s.duration(t, f[i+1]))
		}
	}
	for i := range p.Steps[:max(len(p.Steps)-1, 0)] { // a step ends where the next begins
		p.Steps[i].UpperBound = p.Steps[i+1].LowerBound
	}
	_, err := s.w.engine.PutScalingPolicy(s.w.now, p)
	ok(t, err)
}

func (s *script) step(t *testing.T, adjustment, bound string) autoscale.StepAdjustment {
	t.Helper()
	below := strings.HasPrefix(bound, "<")
	v, err := strconv.ParseFloat(strings.TrimPrefix(bound, "<"), 64)
	ok(t, err)
	if below {
		return autoscale.StepAdjustment{UpperBound: &v, Adjustment: s.number(t, adjustment)}
	}
	return autoscale.StepAdjustment{LowerBound: &v, Adjustment: s.number(t, adjustment)}
}

func (s *script) alarm(t *testing.T, f []string) {
	t.Helper()
	a := highCPU()
	a.Name, a.Metric = f[0], s.metric(f[1])
	a.ComparisonOperator = map[string]autoscale.ComparisonOperator{">": "GreaterThanThreshold", ">=": "GreaterThanOrEqualToThreshold",
		"<": "LessThanThreshold", "<=": "LessThanOrEqualToThreshold"}[f[2]]
	a.Threshold = float64(s.number(t, f[3]))
	a.DatapointsToAlarm, a.EvaluationPeriods = s.number(t, f[4]), s.number(t, f[6])
	a.Period = s.duration(t, f[8])
	for i := 9; i+1 < len(f); i += 2 {
		switch f[i] {
		case "missing":
			a.TreatMissingData = autoscale.TreatMissingData(f[i+1])
		case "do":
			a.AlarmActions = append(a.AlarmActions, s.arn(t, f[i+1]))
		default:
			t.Fatalf("%s: unknown word %q", s.where, f[i])
		}
	}
	ok(t, s.w.engine.PutMetricAlarm(s.w.now, a))
}

func (s *script) samples(t *testing.T, f []string) {
	t.Helper()
	from, found := s.fed[f[0]]
	if !found {
		from = start
	}
	period := s.duration(t, f[1])
	for _, text := range f[2:] {
		if text == "_" {
			from = from.Add(period)
			continue
		}
		values := s.series(t, text)
		s.w.feed(from, s.metric(f[0]), period, values...)
		from = from.Add(time.Duration(len(values)) * period)
	}
	s.fed[f[0]] = from
}

// series reads "40", "40x3" (three times) or "70+5x3" (70, 75, 80).
func (s *script) series(t *testing.T, text string) []float64 {
	t.Helper()
	m := regexp.MustCompile(`^(\d+)([+-]\d+)?(?:x(\d+))?$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%s: %q is no series", s.where, text)
	}
	value, step, count := s.number(t, m[1]), 0, 1
	if m[2] != "" {
		step = s.number(t, m[2])
	}
	if m[3] != "" {
		count = s.number(t, m[3])
	}
	var values []float64
	for i := range count {
		values = append(values, float64(value+i*step))
	}
	return values
}

func (s *script) act(t *testing.T, verb string, f []string) {
	t.Helper()
	e, now, group := s.w.engine, s.w.now, s.w.engine.Groups()[0]
	member := func() autoscale.Instance { return group.Instances[s.number(t, f[0])-1] }
	switch verb {
	case "set-desired":
		ok(t, e.SetDesiredCapacity(now, group.Name, s.number(t, f[0]), false))
	case "sizes":
		low, high := s.sizes(t, f[0])
		ok(t, e.UpdateGroup(now, group.Name, autoscale.GroupUpdate{MinSize: &low, MaxSize: &high}))
	case "suspend":
		ok(t, e.SuspendProcesses(now, group.Name, autoscale.Process(f[0])))
	case "resume":
		ok(t, e.ResumeProcesses(now, group.Name, autoscale.Process(f[0])))
	case "disable", "enable":
		e.SetAlarmActions(now, verb == "enable", f...)
	case "state":
		ok(t, e.SetAlarmState(now, f[0], autoscale.State(f[1]), "set by a person", ""))
	case "fail":
		s.w.refusal = strings.Join(f, " ")
	case "recover":
		s.w.refusal = ""
	case "kill":
		s.w.plan(now, autoscale.Observation{Instances: []autoscale.InstanceEvent{{InstanceID: member().ID, State: autoscale.InstanceTerminated}}})
	case "sicken":
		s.w.plan(now, autoscale.Observation{Targets: []autoscale.TargetEvent{{
			TargetGroupARN: group.TargetGroupARNs[0], InstanceID: member().ID, Health: autoscale.TargetUnhealthy}}})
	case "protect":
		ok(t, e.SetInstanceProtection(now, group.Name, true, member().ID))
	case "terminate", "decrement":
		_, err := e.TerminateInstance(now, member().ID, verb == "decrement")
		ok(t, err)
	default:
		t.Fatalf("%s: unknown verb %q", s.where, verb)
	}
}

func (s *script) expect(t *testing.T, text string) {
	t.Helper()
	s.expectations++
	verb, rest, _ := strings.Cut(text, " ")
	if verb == "cause" || verb == "reason" { // a text may hold a ";"
		s.compare(t, verb, rest)
		return
	}
	for one := range strings.SplitSeq(text, ";") {
		verb, rest, _ := strings.Cut(strings.TrimSpace(one), " ")
		s.compare(t, verb, strings.TrimSpace(rest))
	}
}

func (s *script) compare(t *testing.T, what, rest string) {
	t.Helper()
	subject, want, _ := strings.Cut(rest, " ")
	got := ""
	group := s.w.engine.Groups()[0]
	switch what {
	case "alarm":
		got = string(s.w.alarm(t, subject).State)
	case "reason":
		got = s.w.alarm(t, subject).StateReason
	case "desired":
		subject, want, got = "", subject, strconv.Itoa(group.DesiredCapacity)
	case "in-service":
		subject, want, got = "", subject, strconv.Itoa(len(inService(group)))
	case "activities":
		subject, want, got = "", subject, strconv.Itoa(len(s.w.engine.Activities(group.Name)))
	case "suspended":
		got = "no"
		if _, isSuspended := group.Suspended[autoscale.Process(subject)]; isSuspended {
			got = "yes"
		}
	case "status", "cause", "description":
		got = s.activity(t, what, s.number(t, subject))
	default:
		t.Fatalf("%s: unknown expectation %q", s.where, what)
	}
	if got != strings.TrimSpace(want) {
		t.Errorf("%s: %s %s(%s) = %s, want %s", s.where, what, subject, clock(s.w.now), got, want)
	}
}

func (s *script) activity(t *testing.T, what string, n int) string {
	t.Helper()
	all := s.w.engine.Activities("")
	if n > len(all) {
		t.Fatalf("%s: there are %d activities, want %d", s.where, len(all), n)
	}
	a := all[n-1]
	text := map[string]string{"status": string(a.StatusCode), "cause": a.Cause, "description": a.Description}[what]
	return regexp.MustCompile(`i-[0-9a-f]{17}`).ReplaceAllString(text, "i-*")
}

func (s *script) metric(name string) autoscale.Metric {
	m := cpu(s.w.engine.Groups()[0].Name)
	if name != "cpu" {
		m.Name = name
	}
	return m
}

func (s *script) arn(t *testing.T, policy string) string {
	t.Helper()
	all := s.w.engine.Policies()
	i := slices.IndexFunc(all, func(p autoscale.Policy) bool { return p.Name == policy })
	if i < 0 {
		t.Fatalf("%s: no policy %q", s.where, policy)
	}
	return all[i].ARN
}

func (s *script) sizes(t *testing.T, text string) (low, high int) {
	t.Helper()
	a, b, _ := strings.Cut(text, "..")
	return s.number(t, a), s.number(t, b)
}

func (s *script) number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", s.where, err)
	}
	return n
}

func (s *script) duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", s.where, err)
	}
	return d
}
