package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"secondwind/autoscale"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/fleet"
)

// Config is what a Cloud is made of.
type Config struct {
	Region    string // "local-1"
	AccountID string // twelve digits
	// Images maps an ImageId to what an instance of it runs.
	Images map[string]Image
	// MetricsPeriod is how long a period of the published metrics is: 10 s, 20 s,
	// 30 s or n × 60 s. 0 means 60 s, which is what detailed monitoring does.
	MetricsPeriod time.Duration
	Seed          uint64       // of every id that is made up
	Log           *slog.Logger // nil: discard
	// Fleet runs the instances. The caller closes it, after Run has returned.
	Fleet InstanceRunner
	// Balancer makes the load balancer that reports changes of health to
	// onHealth. The caller closes it, after Run has returned.
	Balancer func(onHealth func(balancer.TargetHealth)) LoadBalancing
	// Tagged are the tags, by ARN, of what other parts keep: the tagging API
	// names it too. Nil: there is nothing else.
	Tagged func() map[string]map[string]string
}

// Image is what an ImageId stands for: a program on this machine.
type Image struct {
	Program   string
	Args, Env []string // "{{address}}" in Args is where to listen
}

// InstanceRunner is the part of fleet.Fleet that the cloud needs.
type InstanceRunner interface {
	Launch(ctx context.Context, spec fleet.Spec) (fleet.Instance, error)
	Terminate(ctx context.Context, id string) error
	CPU(id string) (time.Duration, error)
	Exits() <-chan fleet.Exit
}

// LoadBalancing is the part of balancer.Balancer that the cloud needs.
type LoadBalancing interface {
	PutTargetGroup(balancer.TargetGroup)
	DeleteTargetGroup(arn string)
	Register(targetGroupARN, targetID, address string) error
	Deregister(targetGroupARN, targetID string) error
	Health(targetGroupARN string) []balancer.TargetHealth
	Listen(listenerARN, address, targetGroupARN string) (string, error)
	CloseListener(listenerARN string) error
	Counts(targetGroupARN string) balancer.Counts
}

// Cloud is one account in one Region. Its methods are safe for concurrent use.
type Cloud struct {
	cfg      Config
	log      *slog.Logger
	network  network
	balancer LoadBalancing
	inbox    inbox
	work     sync.WaitGroup // launches and terminations under way; only drive adds to it

	mu            sync.Mutex // guards everything below
	engine        *autoscale.Engine
	latest        time.Time // the last time that was told to the engine
	random        *rand.Rand
	asked         []autoscale.Action // by callers of the API, not by the engine
	instances     map[string]*instance
	templates     []*launchTemplate
	targetGroups  []*targetGroup
	loadBalancers []*loadBalancer
	listeners     []*listener
	groupTags     map[string][]groupTag        // by Auto Scaling group name
	resourceTags  map[string]map[string]string // by ARN or EC2 id
}

// New returns a Cloud that does nothing until Run. It refuses a configuration
// that could not work, naming every fault.
func New(cfg Config) (*Cloud, error) {
	if cfg.MetricsPeriod == 0 {
		cfg.MetricsPeriod = time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Cloud{
		cfg:    cfg,
		log:    cfg.Log,
		inbox:  inbox{arrived: make(chan struct{}, 1)},
		random: rand.New(rand.NewPCG(cfg.Seed, 0x5ec0)),
		engine: autoscale.New(autoscale.Config{
			Region:    cfg.Region,
			AccountID: cfg.AccountID,
			Seed:      cfg.Seed,
			MinPeriod: cfg.MetricsPeriod,
		}),
		instances:    map[string]*instance{},
		groupTags:    map[string][]groupTag{},
		resourceTags: map[string]map[string]string{},
	}
	c.network = newNetwork(cfg.Region, c.hexID)
	c.balancer = cfg.Balancer(c.onHealth)
	return c, nil
}

func (cfg Config) validate() error {
	var faults []error
	if cfg.Region == "" || cfg.AccountID == "" {
		faults = append(faults, errors.New("region and account id must be set"))
	}
	if cfg.Fleet == nil || cfg.Balancer == nil {
		faults = append(faults, errors.New("a cloud needs a fleet and a balancer"))
	}
	if len(cfg.Images) == 0 {
		faults = append(faults, errors.New("no image: map at least one ImageId to a program, for instance ami-… to the calculator"))
	}
	return errors.Join(append(faults, ValidateMetricsPeriod(cfg.MetricsPeriod))...)
}

// ValidateMetricsPeriod tells whether CloudWatch alarms can be evaluated on
// metrics of that period: 10 s, 20 s, 30 s or a multiple of 60 s.
func ValidateMetricsPeriod(period time.Duration) error {
	if autoscale.ValidPeriod(period) && period <= 24*time.Hour {
		return nil
	}
	return fmt.Errorf("metrics period %s: CloudWatch knows periods of 10s, 20s, 30s and whole minutes up to a day", period)
}

// now is the time to tell the engine; callers hold mu. It never goes back, even
// when somebody sets the machine's clock back: the engine may rely on that.
func (c *Cloud) now() time.Time {
	if t := time.Now().UTC().Round(0); t.After(c.latest) {
		c.latest = t
	}
	return c.latest
}

// change runs f on the state, then wakes the loop, which carries out what
// follows from the change.
func (c *Cloud) change(f func(now time.Time) error) error {
	defer c.inbox.wake()
	c.mu.Lock()
	defer c.mu.Unlock()
	return f(c.now())
}

// read runs f while the state stands still.
func (c *Cloud) read(f func(now time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f(c.now())
}

// hexID makes up an id of n hex digits, such as those of EC2; callers hold mu.
func (c *Cloud) hexID(prefix string, n int) string {
	const digits = "0123456789abcdef"
	id := make([]byte, n)
	for i := range id {
		id[i] = digits[c.random.IntN(16)]
	}
	return prefix + string(id)
}

// Status is a summary for people and health checks.
type Status struct {
	Status        string `json:"status"` // "ok"
	Region        string `json:"region"`
	AccountID     string `json:"accountId"`
	MetricsPeriod string `json:"metricsPeriod"`
	Groups        int    `json:"autoScalingGroups"`
	Running       int    `json:"runningInstances"`
}

// Status returns the summary as of now.
func (c *Cloud) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{Status: "ok", Region: c.cfg.Region, AccountID: c.cfg.AccountID, MetricsPeriod: c.cfg.MetricsPeriod.String(), Groups: len(c.engine.Groups())}
	for _, i := range c.instances {
		if i.state == stateRunning {
			s.Running++
		}
	}
	return s
}
