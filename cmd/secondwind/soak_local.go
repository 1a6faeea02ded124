package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"secondwind/account/discover"
	"secondwind/account/outputs"
	"secondwind/account/stack"
	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
	"secondwind/reports/attest"
	"secondwind/runlog"
)

// localRun is what a soak on the local cloud is made of.
type localRun struct {
	soakOptions
	imageID   string
	image     localcloud.Image
	variables stack.ScalingVariables
	config    live.Config       // but for what only the cloud knows
	signer    *attest.Signer    // nil: the run is not signed
	number    string            // which run of many it is, for the line that reports it; "" of one alone
	seeds     map[string]uint64 // of what is drawn for it
	atExit    func(remove func())
}

// soakLocally starts a local cloud, builds the stack and proves it.
func soakLocally(ctx context.Context, r localRun) error {
	s := r.config.Scenario
	if err := r.config.Writer.WriteProgram(ran(r.image)); err != nil {
		return err
	}
	logs := filepath.Join(r.config.Writer.Dir(), "instances")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	cloud, history, err := startLocalCloud(ctx, localcloud.Config{
		Listen: freePort, MetricsPeriod: s.Local.MetricsPeriod, Dir: logs, Seed: cloudSeed(r.config.Start),
		Images: map[string]localcloud.Image{r.imageID: r.image}, Report: r.report,
	})
	if err != nil {
		return err
	}
	defer history.remove()
	defer cloud.Close()
	r.report("the local cloud listens at " + cloud.Endpoint())
	built, err := r.build(ctx, cloud)
	if err != nil {
		return err
	}
	if r.exports != "" {
		remove, err := writeExports(r.exports, cloud, &built)
		if err != nil {
			return err
		}
		defer remove()
		r.atExit(remove)
	}
	if err := awaitHealthy(ctx, cloud, built, r, logs); err != nil {
		return err
	}
	atRest, err := newHistoryAtRest(cloud, history, built.LoadBalancerURL, r)
	if err != nil {
		return err
	}
	p := r.proof(cloud, built)
	if s.Calculates() {
		p.Background = atRest.user.Run // another program keeps no history
	}
	err = prove(ctx, p)
	atRest.record(ctx, p) // while the cloud, which has its key, is there
	return err
}

// proof is that of the stack in the cloud.
func (r localRun) proof(cloud *localcloud.Cloud, built stack.Stack) proof {
	cfg := r.config
	cfg.AWS, cfg.Where = localAWS(cloud), "the local cloud"
	cfg.AutoScalingGroupName, cfg.AlarmName, cfg.LoadBalancerURL = built.AutoScalingGroupName, built.ScaleOutAlarm, built.LoadBalancerURL
	cfg.CountsTargets = true
	cfg.Drain = time.Duration(r.variables.DeregistrationDelay) * time.Second
	p := proof{Config: cfg, wanted: wantedBy(cfg.Scenario.Local), skipDoctor: r.skipDoctor, audit: true}
	p.examine = examining(cfg.AWS, discover.Group{Outputs: outputs.Outputs{
		AutoScalingGroupName: cfg.AutoScalingGroupName, LoadBalancerURL: cfg.LoadBalancerURL, RunID: localStack,
		ScaleOutAlarmName: cfg.AlarmName,
	}})
	return p
}

// report reports what the user must know while the run goes on.
func (r localRun) report(text string) { r.config.Progress.Event(time.Since(r.config.Start), text) }

// build builds the stack as the scenario wants it.
func (r localRun) build(ctx context.Context, cloud *localcloud.Cloud) (stack.Stack, error) {
	local := r.config.Scenario.Local
	built, err := stack.Create(ctx, localAWS(cloud), stack.Options{
		Name: localStack, Variables: r.variables, MetricsPeriod: local.MetricsPeriod, ImageID: r.imageID,
		WithoutPolicy: local.Policy == scenario.PolicyNone, ActionsDisabled: !local.AlarmActions,
	})
	if err == nil {
		r.report(fmt.Sprintf("group %s behind %s: min %d, max %d",
			built.AutoScalingGroupName, built.LoadBalancerURL, r.variables.MinSize, r.variables.MaxSize))
	}
	return built, err
}

// healthyWithin is how long the instances may take beyond the time that the scenario gives them:
// far more than a calculator needs, and few health checks of 5 s.
const healthyWithin = 30 * time.Second

// awaitHealthy waits for the group's first instances to be healthy at the load balancer, and
// reports that it waits. It refuses a program of which only one instance can run.
func awaitHealthy(ctx context.Context, cloud *localcloud.Cloud, built stack.Stack, r localRun, logs string) error {
	within := healthyWithin + r.config.Scenario.Local.Program.Within()
	waiting, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("%s have passed", runlog.Words(within)))
	defer cancel()
	var ids []string
	wait := func(ctx context.Context) (err error) {
		ids, err = built.WaitHealthy(ctx)
		return err
	}
	err := live.RunGroup(waiting, wait, func(ctx context.Context) error {
		return everySecond(ctx, func() {
			r.config.Progress.Status(progress.Status{Phase: runlog.PhaseSetup, Elapsed: time.Since(r.config.Start)})
		})
	})
	why, what := "", "no instance became healthy"
	if n := r.variables.DesiredCapacity; n > 1 {
		what = fmt.Sprintf("not all of the %d instances became healthy", n)
	}
	for _, id := range ids {
		why = cmp.Or(why, cloud.Explain(id))
	}
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil && why == "":
		why = fmt.Sprintf("%s must go on running, listen on the address that it is given and answer %s with %s, or what "+
			"local.health_check names in the scenario, within local.program.start_within", r.image.Program, r.variables.HealthCheckPath,
			r.variables.HealthCheckCodes)
		fallthrough
	case err != nil:
		return live.Refused{Err: fmt.Errorf("%s: %w; %s; the instances' logs are in %s", what, err, why, logs)}
	case why != "":
		return live.Refused{Err: fmt.Errorf("no load was sent: %s", why)}
	}
	return nil
}
