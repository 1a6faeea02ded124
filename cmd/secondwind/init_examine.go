package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"secondwind/account/stack"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/probe"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud/fleet"
)

// answerWithin is how long one answer may take.
const answerWithin = 30 * time.Second

// examination is a service that is asked, and the draft that what it answers completes.
type examination struct {
	o         *initOptions
	planned   scenario.Scenario // the draft, as far as the flags say it
	variables stack.ScalingVariables
	progress  io.Writer

	service  probe.Service
	draft    *draft
	report   *initial
	diagnose func() error // what else is wrong with the service
	end      func()       // it
}

// examine asks the service, and completes the draft by what it found.
func (o *initOptions) examine(ctx context.Context, d *draft, r *initial, progress io.Writer) error {
	e := examination{o: o, draft: d, report: r, progress: progress, diagnose: func() error { return nil }, end: func() {}}
	defer func() { e.end() }()
	err := e.prepare(ctx)
	if err != nil {
		return err
	}
	d.Asked = cmp.Or(o.program, e.service.URL)
	answers, err := probe.Ask(ctx, e.service)
	if _, unreachable := errors.AsType[*url.Error](err); unreachable {
		return fmt.Errorf("no scenario was written: %w; see that the service runs, and can be reached from here", err)
	}
	if err != nil {
		return fmt.Errorf("no scenario was written: %w; name a request that is answered with 200 to 299 "+
			"(--path, --method, --header, --body)", err)
	}
	d.Status = answers.Answer.Status
	e.identify(answers)
	e.healthy(answers)
	e.price(answers)
	return e.diagnose()
}

// prepare finds the service, or starts it.
func (e *examination) prepare(ctx context.Context) (err error) {
	if e.planned, err = e.draft.scenario(e.o.out); err == nil { // what is wrong with the flags is wrong with it
		e.variables, err = localVariables(ctx, "--health-path", e.planned, "")
	}
	if err != nil {
		return misuse(err)
	}
	e.draft.CPUThreshold, e.draft.Instances = e.variables.CPUThreshold, e.variables.MinSize
	e.service = probe.Service{URL: e.o.target.told.LoadBalancerURL, Request: e.draft.Request, Health: e.o.health, Client: &http.Client{
		Timeout:       answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	switch {
	case e.o.program != "":
		return e.start(ctx)
	case e.o.target.named():
		return e.locate(ctx)
	}
	return nil
}

// identify says what names the instance.
func (e *examination) identify(f probe.Found) {
	d, r := e.draft, e.report
	if f.Sticky != "" {
		r.add(isMissing, "the load balancer sets the cookie %s, which binds a client to an instance: turn stickiness off for the proof, "+
			"or clients that keep cookies will not reach the new instances", f.Sticky)
	}
	d.IdentityOf = f.Identity
	switch {
	case e.o.identity != "":
		d.IdentityOf, _ = parseIdentity(e.o.identity) // it was read before
		d.IdentityWhy = "As --identity says."
	case f.Identity != mix.Identity{}:
		d.IdentityWhy = "Every answer had its id there."
		r.add(wasFound, "every answer names its instance (%s)", d.Identity())
	default:
		d.IdentityOf = byTarget
		d.IdentityWhy = "No answer did, so the load balancer's counts for each target must tell."
		r.add(isMissing, "no answer names its instance%s, so the evidence for link e6 is what the load balancer counts for each target, "+
			"which is weaker; better: let the service send the header X-Instance-Id%s", likely(f.Similar), e.o.ownID())
	}
}

// likely names what tells servers apart, but not by the id of an instance.
func likely(similar []probe.Named) string {
	if len(similar) == 0 {
		return ""
	}
	by := draft{IdentityOf: similar[0].By}
	return fmt.Sprintf(" (%s is %.60q, which is not the id of an instance)", by.Identity(), similar[0].Value)
}

// ownID says how a service learns the id of its instance.
func (o *initOptions) ownID() string {
	if o.program != "" {
		return " with its id, which --environment 'INSTANCE_ID={instance_id}' gives it"
	}
	return " with its id, which http://169.254.169.254/latest/meta-data/instance-id tells"
}

// healthy says where the service is asked for its health.
func (e *examination) healthy(f probe.Found) {
	d, r := e.draft, e.report
	d.Health = f.Health
	d.HealthCodes = strconv.Itoa(f.HealthStatus)
	switch {
	case e.o.target.named(): // whose target group has its own, which the doctor looks at
	case f.Health == "":
		d.Health, d.HealthCodes, d.HealthWhy = d.Request.Path, strconv.Itoa(d.Status), "no other path answered: it computes, too"
		r.add(isMissing, "none of %s answers 200 to 299: the health check asks for the request's own path, which costs CPU; "+
			"add a path that answers at once, and name it with --health-path", strings.Join(probe.HealthPaths, ", "))
	case f.AnswersEverything:
		d.HealthWhy = "every path is answered like that"
		r.add(wasAssumed, "%s is the health path; the service answers every path, even those that are not there", f.Health)
	default:
		d.HealthWhy = "it answered " + d.HealthCodes
		r.add(wasFound, "the health path %s answers %d", f.Health, f.HealthStatus)
	}
}

// What a load may be: a cheaper request needs more of them than a local load balancer and a load
// generator on the same machine are sure to carry; of a dearer one there are too few in a period.
const (
	highestRate = 1500.0 // requests per second
	dearest     = 300 * time.Millisecond
	defaultBand = 1.6 // of a load, as a multiple of the threshold
)

// requestsPerTarget is what a local group scales by whose requests cost too little: many enough
// to be counted, and few enough to be sent with ease.
const requestsPerTarget = 1200 // a minute

// controlShare is where a control stands, as a share of the threshold: where the default scenario's does.
const controlShare = 0.55

// price chooses the rate to begin with: a quarter of what the alarm's threshold takes.
func (e *examination) price(f probe.Found) {
	d, r := e.draft, e.report
	vcpus, _ := fleet.VCPUs(e.variables.InstanceType) // validated
	cost, what := f.CPU, fmt.Sprintf("a request takes %s of CPU", round(f.CPU))
	if cost <= 0 {
		cost, vcpus = max(f.Latency-f.Beside, f.Latency/10), 1 // at least something of it, for the rate must be light
		what = fmt.Sprintf("%s of a request's time are taken for CPU; if it mostly waits, raise it", round(cost))
	}
	d.Timeout = max(d.Timeout, (10 * f.Latency).Round(time.Second))
	d.CPUPercent = significant(controlShare * d.CPUThreshold)
	r.add(wasFound, "%s answers %d in %s%s", e.service.Describe(), d.Status, round(f.Latency),
		map[bool]string{true: fmt.Sprintf(", with %s of CPU", round(f.CPU))}[f.CPU > 0])
	threshold := d.CPUThreshold / 100 * float64(vcpus) / cost.Seconds() // requests per second and instance
	load := significant(defaultBand * threshold)
	switch {
	case d.RequestRate > 0: // the group's own
	case f.CPU > 0 && defaultBand*threshold > highestRate && e.o.program != "":
		d.RequestsPerTarget, d.RequestRate = requestsPerTarget, requestsPerTarget/60
		r.add(isMissing, "a request takes so little CPU that %s requests/s would be needed to cross the alarm's %g %%: the scenario lets "+
			"the group scale by requests (%d a minute and target); better: name a request that computes with --path",
			load, d.CPUThreshold, requestsPerTarget)
	case cost > dearest:
		r.add(isMissing, "a request takes so long that %s requests/s bring an instance over the alarm's %g %%, too few to measure CPU well; "+
			"better: name a cheaper request with --path", load, d.CPUThreshold)
	}
	if d.RequestRate > 0 {
		threshold, what = d.RequestRate, fmt.Sprintf("the group scales at %s requests/s and instance", significant(d.RequestRate))
	}
	d.StartRate = significant(threshold / 4 * float64(max(1, d.Instances)))
	d.RateWhy = "It is a quarter of the threshold: " + what
	r.add(wasAssumed, "the calibration begins with %s requests/s, a quarter of what the alarm's threshold takes (%s)", d.StartRate, what)
}

// significant is a number of two digits.
func significant(v float64) string {
	digits := math.Pow(10, math.Floor(math.Log10(v))-1)
	return strconv.FormatFloat(math.Round(v/digits)*digits, 'f', max(0, int(-math.Log10(digits)+0.5)), 64)
}

// round is a duration with three digits.
func round(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}
