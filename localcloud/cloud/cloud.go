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
	"secondwind/localcloud/awsapi"
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
	Seed          uint64           // of every id that is made up
	Now           func() time.Time // the cloud's clock, which goes as fast as the machine's; nil: time.Now
	Log           *slog.Logger     // nil: discard
	// Fleet runs the instances. The caller closes it, after Run has returned.
	Fleet InstanceRunner
	// Balancer makes the load balancer that reports changes of health to
	// onHealth. The caller closes it, after Run has returned.
	Balancer func(onHealth func(balancer.TargetHealth)) LoadBalancing
	// Tagged are the tags, by ARN, of what other parts keep: the tagging API
	// names it too. Nil: there is nothing else.
	Tagged func() map[string]map[string]string
	// Record is given what Auto Scaling calls on its own, as an event; nil: nobody
	// wants to know. It must not call the cloud.
	Record func(awsapi.Event)
	// Report is told, in a sentence for people, of an instance that ended by itself or does not
	// become healthy, and why; nil: nobody wants to know. It must not call the cloud.
	Report func(text string)
}

// Image is what an ImageId stands for: a program on this machine.
type Image struct {
	Program string
	// In Args and in the values of Env ("K=V"), {address} is the host:port to listen on,
	// {host} and {port} are its parts, and {instance_id} is the instance's id.
	Args, Env []string
	Dir       string // working folder, of Program too; "" is this process's own
}

// InstanceRunner is the part of fleet.Fleet that the cloud needs.
type InstanceRunner interface {
	Launch(ctx context.Context, spec fleet.Spec) (fleet.Instance, error)
	Terminate(ctx context.Context, id string) error
	CPU(id string) (time.Duration, error)
	Explain(id string) string
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
	network  Network
	balancer LoadBalancing
	inbox    inbox
	sick     chan string    // ids of instances whose target has become unhealthy
	work     sync.WaitGroup // launches and terminations under way; only drive adds to it

	mu    sync.Mutex // guards state
	state State
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
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Report == nil {
		cfg.Report = func(string) {}
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Cloud{
		cfg:   cfg,
		log:   cfg.Log,
		inbox: inbox{arrived: make(chan struct{}, 1)},
		sick:  make(chan string, 16),
		state: State{
			Engine: autoscale.New(autoscale.Config{
				Region:    cfg.Region,
				AccountID: cfg.AccountID,
				Seed:      cfg.Seed,
				MinPeriod: cfg.MetricsPeriod,
			}),
			Instances: map[string]*Instance{},
			GroupTags: map[string][]GroupTag{},
			Tags:      Tags{},
			Random:    rand.New(rand.NewPCG(cfg.Seed, 0x5ec0)),
		},
	}
	c.network = newNetwork(cfg.Region, c.state.HexID)
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

// Region is the name of the only Region.
func (c *Cloud) Region() string { return c.cfg.Region }

// AccountID is the twelve digits of the only account.
func (c *Cloud) AccountID() string { return c.cfg.AccountID }

// ARN names a resource of a service in this account.
func (c *Cloud) ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + c.cfg.Region + ":" + c.cfg.AccountID + ":" + resource
}

// Images are what instances can run, by ImageId.
func (c *Cloud) Images() map[string]Image { return c.cfg.Images }

// Network is the default VPC, which never changes.
func (c *Cloud) Network() Network { return c.network }

// Balancer does what load balancers do. It waits for sockets: it must not be
// called within Change or Read.
func (c *Cloud) Balancer() LoadBalancing { return c.balancer }

// Log is for what nobody waits for.
func (c *Cloud) Log() *slog.Logger { return c.log }

// TaggedElsewhere are the tags, by ARN, of what other parts keep; the caller may
// add to them.
func (c *Cloud) TaggedElsewhere() map[string]map[string]string {
	if c.cfg.Tagged == nil {
		return map[string]map[string]string{}
	}
	return c.cfg.Tagged()
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
	s := Status{
		Status: "ok", Region: c.cfg.Region, AccountID: c.cfg.AccountID, MetricsPeriod: c.cfg.MetricsPeriod.String(),
		Groups: len(c.state.Engine.Groups()),
	}
	for _, i := range c.state.Instances {
		if i.State == Running {
			s.Running++
		}
	}
	return s
}
