package virtual

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"secondwind/account/outputs"
	"secondwind/account/stack"
	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/cloudtrailapi"
	"secondwind/localcloud/keys"
	"secondwind/runlog"
	"secondwind/terraform"
	"secondwind/verify/judge"
)

// Config is what a World is like. Default returns one that is PROVED.
type Config struct {
	Seed          uint64
	MetricsPeriod time.Duration
	Variables     stack.ScalingVariables
	Scenario      scenario.Scenario
	Service       Service
	// Program makes what the instance of an id runs; nil: the calculator. Each of its answers
	// takes the CPU of Service. The load balancer's health checks do not come to it.
	Program func(instance string) http.Handler
	// Proxy answers the load in front of the load balancer, to which it may pass requests on; nil: nothing does.
	Proxy func(balancer http.RoundTripper) http.Handler
	// Uncounted is that the cloud does not publish what each target answered: AWS does not.
	Uncounted bool
	// Launching says what becomes of the launch of that number, counted from 1;
	// nil: an instance of Service.
	Launching func(number int) Launch
	// TLS is what every listener of the world speaks with; nil: HTTP alone.
	TLS *tls.Config
	// Latency is the least and the most that an answer of the API takes.
	Latency [2]time.Duration
	// ClockOffset is how far the cloud's clock is ahead of the harness's.
	ClockOffset time.Duration
	// Interval is the shortest between polls and between lines of the load's record; 0: a second.
	Interval time.Duration
	// Audit is whether CloudTrail is asked, after the run, who called.
	Audit bool
	// EventDelay is how long CloudTrail takes to show a call; 0: a second.
	EventDelay time.Duration
	// Configure changes the stack before the run, where the scaling variables do not say what is
	// wanted; nil: nothing.
	Configure func(context.Context, *Acting) error
	// During is what somebody else does once a phase is seen to have begun.
	During map[runlog.Phase]func(context.Context, *Acting)
}

// Result is what came of a soak.
type Result struct {
	Record  *runlog.Record
	Verdict judge.Verdict
	Truth   Truth
	Events  []string // as reported to the user
	Err     error    // of the run itself
	Took    time.Duration
}

const (
	runID   = "20000101T000000Z-0001" // a bubble's time begins then
	region  = "virtual-1"
	account = "000000000000"
	image   = "ami-00000000ca1c01a70"
	key     = "AKIAVIRTUAL000000000"
	secret  = "virtualvirtualvirtualvirtualvirtualvirtu"
)

// Default is a world of the soak that everybody runs, in which nothing is amiss:
// small numbers, of which each takes 10 ms of CPU.
func Default(t testing.TB) Config {
	t.Helper()
	variables, err := stack.ParseScalingVariables(terraform.ScalingVariables, stack.ScalingVariables{})
	if err != nil {
		t.Fatal(err)
	}
	s := scenario.Default()
	s.Requests[0].Numbers.Digits, s.Requests[0].Numbers.Bodies = mix.Digits{Min: 20, Max: 30}, 8
	s.Calibration.StartRate, s.Users, s.Hold = 4, 10, 10*time.Second
	return Config{
		Seed: 1, MetricsPeriod: 10 * time.Second, Variables: variables, Scenario: s,
		Service: Service{IdleCPUPercent: 0.5, CPU: 10 * time.Millisecond, Noise: 0.02, Boot: time.Second, Start: time.Second},
		Latency: [2]time.Duration{time.Millisecond, 3 * time.Millisecond},
	}
}

// Soak runs a whole soak in a bubble of virtual time, and judges its record.
func Soak(t *testing.T, cfg Config) Result {
	t.Helper()
	var result Result
	dir := filepath.Join(t.TempDir(), runID)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		defer time.AfterFunc(longest, func() { panic("a soak does not end:\n" + string(stacks())) }).Stop()
		w := newWorld(t, cfg)
		defer w.close()
		result.Err = w.soak(t, dir)
		result.Events, result.Took = w.reporter.events, time.Since(began)
		record, err := runlog.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		result.Record, result.Verdict, result.Truth = record, judge.Judge(record), w.truth(record)
	})
	return result
}

// longest is how long a soak may take in virtual time, holds of an hour included: one that
// never ends would take all memory.
const longest = 12 * time.Hour

// stacks are those of all goroutines.
func stacks() []byte {
	text := make([]byte, 1<<20)
	return text[:runtime.Stack(text, true)]
}

// world is a World at work.
type world struct {
	cfg       Config
	network   *network
	state     *cloud.Cloud
	mux       *awsapi.Mux
	fleet     *machines
	balancer  *balancer.Balancer
	transport *http.Transport // of the load
	aws       aws.Config
	stack     stack.Stack
	lost      atomic.Int64 // answers of the API that will not arrive at the observer
	late      atomic.Int64 // by how many nanoseconds those that arrive are later
	reporter  *reporter
	stop      context.CancelFunc
	unput     func() // ends the proxy; nil: there is none
	running   sync.WaitGroup

	mu    sync.Mutex
	deeds []Deed
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	w := &world{cfg: cfg, network: newNetwork(cfg.TLS)}
	if cfg.Launching == nil {
		cfg.Launching = func(int) Launch { return Launch{Service: cfg.Service} }
	}
	if cfg.Program == nil {
		cfg.Program = calculator
	}
	w.cfg, w.fleet = cfg, newMachines(cfg)
	vault := keys.New(keys.Config{Region: region, AccountID: account})
	trail := cloudtrailapi.New(cloudtrailapi.Config{Region: region, AccountID: account, Delay: cfg.EventDelay, Now: cfg.now})
	record := trail.Record
	if !cfg.Audit {
		record = nil // nobody asks
	}
	state, err := cloud.New(cloud.Config{
		Region: region, AccountID: account, MetricsPeriod: cfg.MetricsPeriod, Seed: cfg.Seed, Fleet: w.fleet, Tagged: vault.Tagged,
		Record: record, Now: cfg.now,
		Images: map[string]cloud.Image{image: {Program: "virtual"}},
		Balancer: func(onHealth func(balancer.TargetHealth)) cloud.LoadBalancing {
			w.balancer = balancer.New(balancer.Config{OnHealth: onHealth, Transport: w.fleet, Listen: w.network.listen})
			return w.balancer
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.state = state
	w.mux = awsapi.NewMux(awsapi.Config{AccessKeyID: key, SecretAccessKey: secret, Region: region, Record: record, Now: cfg.now})
	localcloud.Register(w.mux, state)
	vault.Register(w.mux)
	trail.Register(w.mux)
	w.aws = w.config(new(atomic.Int64), new(atomic.Int64), func(serve func()) { serve() })
	w.transport = &http.Transport{DialContext: w.network.dial, MaxIdleConnsPerHost: 64, DisableCompression: true}
	if cfg.Proxy != nil {
		w.unput = w.network.put(cfg.Proxy)
	}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	w.running.Go(func() { state.Run(ctx) })
	return w
}

// config calls the world's API, whose answers may be lost or late, while somebody watches.
func (w *world) config(lost, late *atomic.Int64, watch func(serve func())) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String("http://cloud.virtual"), Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
		HTTPClient: api{w.mux, latency(w.cfg), w.cfg.now, lost, late, watch},
	}
}

// now is the time by the cloud's clock.
func (c Config) now() time.Time { return time.Now().Add(c.ClockOffset) }

// latency draws how long each answer of the API takes.
func latency(cfg Config) func() time.Duration {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(cfg.Seed, 0x1a7e))
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return cfg.Latency[0] + time.Duration(random.Int64N(int64(cfg.Latency[1]-cfg.Latency[0])+1))
	}
}

func (w *world) close() {
	w.transport.CloseIdleConnections()
	if w.unput != nil {
		w.unput()
	}
	w.stop()
	w.running.Wait()
	_ = w.balancer.Close() // of pipes, which can be closed
}

// build builds the stack, and waits for its first instance.
func (w *world) build(t *testing.T) stack.Stack {
	t.Helper()
	local := w.cfg.Scenario.Local
	built, err := stack.Create(t.Context(), w.aws, stack.Options{
		Name: "secondwind", Variables: w.cfg.Variables, MetricsPeriod: w.cfg.MetricsPeriod, ImageID: image,
		WithoutPolicy: local.Policy == scenario.PolicyNone, ActionsDisabled: !local.AlarmActions,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := built.WaitHealthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	return built
}

// soak builds the stack and proves it, as the soak command does.
func (w *world) soak(t *testing.T, dir string) error {
	t.Helper()
	start := time.Now()
	w.stack = w.build(t)
	writer := w.record(t, dir, start)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	endHold := make(chan struct{})
	acting := &Acting{
		AWS: w.aws, Stack: w.stack, EndHold: sync.OnceFunc(func() { close(endHold) }), Interrupt: interrupt, world: w,
		Group: outputs.Outputs{
			AutoScalingGroupName: w.stack.AutoScalingGroupName, LoadBalancerURL: w.stack.LoadBalancerURL,
			ScaleOutAlarmName: w.stack.ScaleOutAlarm,
		},
		Transport: w.transport,
	}
	if w.cfg.Configure != nil {
		if err := w.cfg.Configure(ctx, acting); err != nil {
			t.Fatal(err)
		}
	}
	w.reporter = &reporter{acts: map[runlog.Phase]func(){}}
	for phase, act := range w.cfg.During {
		w.reporter.acts[phase] = func() { act(ctx, acting) }
	}
	err := live.Prove(ctx, live.Config{
		AWS: w.config(&w.lost, &w.late, func(serve func()) { serve() }), Where: "the virtual cloud",
		AutoScalingGroupName: acting.Group.AutoScalingGroupName, CountsTargets: !w.cfg.Uncounted, AlarmName: acting.Group.ScaleOutAlarmName,
		TargetGroupARN: acting.Group.TargetGroupARN, LoadBalancerURL: acting.Group.LoadBalancerURL, Interval: w.cfg.Interval,
		Drain: time.Duration(w.cfg.Variables.DeregistrationDelay) * time.Second, Revision: "virtual", Scenario: w.cfg.Scenario,
		Writer: writer, Progress: w.reporter, Start: start, EndHold: endHold, Dial: w.network.dial,
	})
	if err != nil {
		line := runlog.LoadLine{Time: time.Now().UTC(), Interrupted: &runlog.Interrupted{Reason: err.Error()}}
		if err := writer.WriteLoad(line); err != nil {
			t.Fatal(err)
		}
	}
	if w.cfg.Audit && err == nil {
		w.audit(t, writer)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return err
}

// record makes the run's folder, with the scenario in it.
func (w *world) record(t *testing.T, dir string, start time.Time) *runlog.Writer {
	t.Helper()
	writer, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: start, Revision: "virtual"})
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := w.cfg.Scenario.Marshal()
	if err == nil {
		_, err = writer.WriteScenario(resolved)
	}
	if err != nil {
		t.Fatal(err)
	}
	return writer
}

// audit audits the run, as the soak command does.
func (w *world) audit(t *testing.T, writer *runlog.Writer) {
	t.Helper()
	made, err := live.Audit(t.Context(), w.aws, writer, nil)
	if err != nil {
		t.Fatal(err)
	}
	writer.WriteAudit(made)
}

// reporter keeps what is reported, and lets others act when a phase begins.
type reporter struct {
	acts map[runlog.Phase]func() // each is done once

	mu     sync.Mutex
	events []string
}

// Event implements progress.Reporter.
func (r *reporter) Event(at time.Duration, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf("%6.1f s  %s", at.Seconds(), text))
}

// Status implements progress.Reporter.
func (r *reporter) Status(s progress.Status) {
	if act := r.acts[s.Phase]; act != nil {
		delete(r.acts, s.Phase)
		act()
	}
}

// Close implements progress.Reporter.
func (r *reporter) Close() {}
