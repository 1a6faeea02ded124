package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"secondwind/account/stack"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/probe"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
	"secondwind/localcloud/fleet"
	"secondwind/runlog"
	"secondwind/verify/doctor"
)

// answerWithin is how long one answer may take.
const answerWithin = 30 * time.Second

// examine asks the service, and completes the draft by what it found.
func (o *initOptions) examine(ctx context.Context, d *draft, s scenario.Scenario, r *initial) error {
	variables, err := localVariables(ctx, o.out, s, "")
	if err != nil {
		return misuse(err)
	}
	d.CPUThreshold = variables.CPUThreshold
	service := probe.Service{URL: o.target.told.LoadBalancerURL, Request: d.Request, Health: o.health, Client: &http.Client{
		Timeout:       answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	end, diagnose := func() {}, func(*draft) error { return nil }
	switch {
	case o.program != "":
		end, err = o.start(ctx, &service, d, r, s, variables)
	case o.target.named():
		service.URL, diagnose, err = o.locate(ctx, r)
	}
	if err != nil {
		return err
	}
	defer end()
	d.Asked = cmp.Or(o.program, service.URL)
	answered, err := probe.Ask(ctx, service)
	if err != nil {
		return fmt.Errorf("the service was asked, and no scenario was written: %w; name a request that it answers with 200 to 299 "+
			"(--path, --method, --header, --body)", err)
	}
	d.Status = answered.Answer.Status
	o.identify(d, r, answered)
	o.healthy(d, r, answered)
	d.price(r, answered, variables)
	return diagnose(d)
}

// locate finds the URL of a group. What it returns lets the doctor examine the group with the
// draft's scenario, and reports the errors.
func (o *initOptions) locate(ctx context.Context, r *initial) (url string, diagnose func(*draft) error, err error) {
	told, err := o.target.read(ctx)
	if err != nil {
		return "", nil, err
	}
	cfg, group, err := find(ctx, told)
	if err == nil && group.LoadBalancerURL == "" {
		err = fmt.Errorf("no URL of group %s was found: it has no load balancer that AWS knows, or does not exist; "+
			"`secondwind doctor --group` says which; where requests reach it otherwise, give --url", group.AutoScalingGroupName)
	}
	if err != nil {
		return "", nil, err
	}
	r.add(wasFound, "group %s is reached by %s", group.AutoScalingGroupName, group.LoadBalancerURL)
	return group.LoadBalancerURL, func(d *draft) error {
		s, err := d.scenario(o.out)
		planned := examining(cfg, group)
		if err == nil {
			err = plan(&planned, s)
		}
		if err != nil {
			return err
		}
		for _, f := range doctor.Examine(ctx, planned).Findings {
			if f.Severity == doctor.Error {
				r.add(isMissing, "doctor: %s: %s: %s %s", f.ID, f.Where, f.What, f.Change)
			}
		}
		return nil
	}, nil
}

// start starts the program once, as an instance of the local cloud.
func (o *initOptions) start(
	ctx context.Context, service *probe.Service, d *draft, r *initial, s scenario.Scenario, variables stack.ScalingVariables,
) (end func(), err error) {
	_, image, err := imageOf(s, "")
	if err != nil {
		return nil, misuse(err)
	}
	logs, err := os.MkdirTemp("", "secondwind-init-")
	if err != nil {
		return nil, err
	}
	started, err := fleet.New(fleet.Config{Dir: logs})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(logs))
	}
	end = func() { _ = errors.Join(started.Close(), os.RemoveAll(logs)) } // its processes end with this one at the latest
	id := fmt.Sprintf("i-%017x", rand.Uint64())
	instance, err := started.Launch(ctx, fleet.Spec{
		InstanceID: id, ImageID: programImageID, InstanceType: variables.InstanceType, Region: localcloud.Region,
		AvailabilityZone: localcloud.Region + "a", AccountID: localcloud.AccountID,
		Program: image.Program, Args: image.Args, Env: image.Env, Dir: image.Dir,
	})
	if err == nil {
		service.URL, service.Instance = "http://"+instance.Address, id
		service.CPU = func() (time.Duration, error) { return started.CPU(id) }
		err = o.await(ctx, service, started.Exits(), func() string { return started.Explain(id) })
	}
	if err != nil {
		end()
		return nil, err
	}
	took := time.Since(instance.LaunchTime)
	r.add(wasFound, "%s answers %s after its start", filepath.Base(image.Program), round(took))
	d.Program.StartWithin = max(10*time.Second, (3 * took).Round(10*time.Second))
	return end, nil
}

// await waits for any answer of a program that was started.
func (o *initOptions) await(ctx context.Context, service *probe.Service, exits <-chan fleet.Exit, explain func() string) error {
	waiting, cancel := context.WithTimeout(ctx, o.startWithin)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(waiting, http.MethodGet, service.URL+"/", nil)
		if err != nil {
			return err
		}
		answer, err := service.Client.Do(request)
		if err == nil {
			err = answer.Body.Close()
			if text := explain(); text != "" {
				err = errors.New(text) // a second instance could not answer, too
			}
			return err
		}
		select {
		case exit := <-exits:
			return exit.Err
		case <-waiting.Done():
			return cmp.Or(ctx.Err(), fmt.Errorf("the program was started and did not answer at %s within %s: %s; "+
				"--start-within gives it longer", service.URL, runlog.Words(o.startWithin), cmp.Or(explain(), err.Error())))
		case <-ticker.C:
		}
	}
}

// identify says what names the instance.
func (o *initOptions) identify(d *draft, r *initial, f probe.Found) {
	if f.Sticky != "" {
		r.add(isMissing, "the load balancer sets the cookie %s, which binds a client to an instance: turn stickiness off for the proof, "+
			"or clients that keep cookies will not reach the new instances", f.Sticky)
	}
	d.IdentityOf = f.Identity
	switch {
	case o.identity != "":
		d.IdentityOf, _ = parseIdentity(o.identity) // it was read before
		d.IdentityWhy = "As --identity says."
	case f.Identity != mix.Identity{}:
		d.IdentityWhy = "Every answer had its id there."
		r.add(wasFound, "every answer names its instance (%s)", d.Identity())
	default:
		d.IdentityOf = byTarget
		d.IdentityWhy = "No answer did, so the load balancer's counts for each target must tell."
		r.add(isMissing, "no answer names its instance%s, so the evidence for link e6 is what the load balancer counts for each target, "+
			"which is weaker; better: let the service send the header X-Instance-Id%s", likely(f.Similar), o.ownID())
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
func (o *initOptions) healthy(d *draft, r *initial, f probe.Found) {
	d.Health = f.Health
	d.HealthCodes = strconv.Itoa(f.HealthStatus)
	switch {
	case o.target.named(): // whose target group has its own, which the doctor looks at
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
)

// requestsPerTarget is what a local group scales by whose requests cost too little: many enough
// to be counted, and few enough to be sent with ease.
const requestsPerTarget = 1200 // a minute

// price chooses the rate to begin with: a light one, of a quarter of the alarm's threshold.
func (d *draft) price(r *initial, f probe.Found, v stack.ScalingVariables) {
	vcpus, _ := fleet.VCPUs(v.InstanceType) // validated
	cost, what := f.CPU, fmt.Sprintf("%s of CPU", round(f.CPU))
	if cost <= 0 {
		cost, vcpus, what = f.Latency, 1, fmt.Sprintf("%s, all of it taken for CPU", round(f.Latency))
	}
	if d.Timeout < 10*f.Latency {
		d.Timeout = (10 * f.Latency).Round(time.Second)
	}
	r.add(wasFound, "%s %s answers %d in %s%s", cmp.Or(d.Request.Method, "GET"), d.Request.Path, d.Status, round(f.Latency),
		map[bool]string{true: ", with " + what}[f.CPU > 0])
	rateAt := func(percent float64) float64 { return percent / 100 * float64(vcpus) / cost.Seconds() }
	d.StartRate = significant(rateAt(v.CPUThreshold / 4))
	d.RateWhy = fmt.Sprintf("A request takes %s: this is %g %% of an instance", what, v.CPUThreshold/4)
	r.add(wasAssumed, "the calibration begins with %s requests/s, which is %g %% of an instance (a request takes %s)",
		d.StartRate, v.CPUThreshold/4, what)
	needed := rateAt(1.6 * v.CPUThreshold) // as the default band loads an instance
	switch {
	case f.CPU > 0 && needed > highestRate && d.Program.Command != "":
		d.RequestsPerTarget, d.StartRate = requestsPerTarget, significant(requestsPerTarget/60/4)
		d.RateWhy = "It is a quarter of the threshold"
		r.add(isMissing, "a request takes so little CPU that %s requests/s would be needed to reach the alarm's %g %%: the scenario lets "+
			"the group scale by requests (%d a minute and target); better: name a request that computes with --path",
			significant(needed), v.CPUThreshold, requestsPerTarget)
	case cost > dearest:
		r.add(isMissing, "a request takes so long that %s requests/s bring an instance over the alarm's %g %%, too few to measure CPU well; "+
			"better: name a cheaper request with --path", significant(needed), v.CPUThreshold)
	case f.CPU <= 0:
		r.add(isMissing, "the CPU of the service cannot be measured from here; if its requests mostly wait, raise calibration.start_rate, "+
			"and let the group scale by requests a target instead of CPU")
	}
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
