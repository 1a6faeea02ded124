package cloud

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/autoscale"
)

// State is what the account holds, for the functions that are given to Change and
// Read. It must not be kept beyond them: the lock is held while they run only.
type State struct {
	Now           time.Time         // of this change; it never goes back
	Engine        *autoscale.Engine // groups, policies, alarms and metrics
	Instances     map[string]*Instance
	Templates     []*Template
	TargetGroups  []*TargetGroup
	LoadBalancers []*LoadBalancer
	Listeners     []*Listener
	GroupTags     map[string][]GroupTag // by Auto Scaling group name
	Tags          Tags                  // of everything else
	Random        *rand.Rand            // of ids and addresses that are made up
	asked         []autoscale.Action    // by callers of the API, not by the engine
}

// Change runs f on the state, then wakes the loop, which carries out what
// follows from the change.
func (c *Cloud) Change(f func(s *State) error) error {
	defer c.inbox.wake()
	return c.Read(f)
}

// Read runs f while the state stands still.
func (c *Cloud) Read(f func(s *State) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f(c.now())
}

// View returns what f reads of the state.
func View[T any](c *Cloud, f func(s *State) T) (v T) {
	_ = c.Read(func(s *State) error {
		v = f(s)
		return nil
	})
	return v
}

// now is the state at the time to tell the engine; callers hold mu. Time never
// goes back, even when somebody sets the machine's clock back: the engine may
// rely on that.
func (c *Cloud) now() *State {
	if t := c.cfg.Now().UTC().Round(0); t.After(c.state.Now) {
		c.state.Now = t
	}
	return &c.state
}

// HexID makes up an id of n hex digits, such as those of EC2.
func (s *State) HexID(prefix string, n int) string {
	const digits = "0123456789abcdef"
	id := make([]byte, n)
	for i := range id {
		id[i] = digits[s.Random.IntN(16)]
	}
	return prefix + string(id)
}

// Terminate asks the loop to end an instance behind its group's back.
func (s *State) Terminate(i *Instance) {
	if i.State != Terminated && i.State != ShuttingDown {
		s.asked = append(s.asked, autoscale.TerminateInstance{InstanceID: i.ID})
		i.State = ShuttingDown
	}
}

// GroupTag is a tag of an Auto Scaling group.
type GroupTag struct {
	Key, Value string
	Propagate  bool // to instances at launch
}

// Tags are the tags of resources, by ARN or EC2 id.
type Tags map[string]map[string]string

// Set notes a tag of a resource.
func (t Tags) Set(resource, key, value string) {
	if t[resource] == nil {
		t[resource] = map[string]string{}
	}
	t[resource][key] = value
}

// List lists tags or attributes in the order of their keys, each made by of.
func List[T any](values map[string]string, of func(key, value *string) T) (list []T) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := values[key]
		list = append(list, of(&key, &value))
	}
	return list
}

// LoadBalancer is an Application Load Balancer.
type LoadBalancer struct {
	Described  types.LoadBalancer // without its state
	Attributes map[string]string
	Host       string // the loopback address its listeners open on
}

// ARN names it.
func (l *LoadBalancer) ARN() string { return *l.Described.LoadBalancerArn }

// Listener is a listener with its one action, to forward.
type Listener struct {
	Described      types.Listener
	TargetGroupARN string
}

// ARN names it.
func (l *Listener) ARN() string { return *l.Described.ListenerArn }

// TargetGroup is a target group; LoadBalancerArns is filled in when described.
type TargetGroup struct {
	Described  types.TargetGroup
	Attributes map[string]string
}

// ARN names it.
func (t *TargetGroup) ARN() string { return *t.Described.TargetGroupArn }

// TargetGroup returns the target group of that ARN, nil if there is none.
func (s *State) TargetGroup(arn string) *TargetGroup {
	return Find(s.TargetGroups, func(t *TargetGroup) bool { return t.ARN() == arn })
}

// LoadBalancersOf are the ARNs of load balancers with a listener that forwards to
// the target group.
func (s *State) LoadBalancersOf(targetGroupARN string) []string {
	arns := []string{}
	for _, l := range s.Listeners {
		if l.TargetGroupARN == targetGroupARN && !slices.Contains(arns, *l.Described.LoadBalancerArn) {
			arns = append(arns, *l.Described.LoadBalancerArn)
		}
	}
	return arns
}

// Find returns the first of a list that matches, nil if none does.
func Find[T any](list []*T, match func(*T) bool) *T {
	if i := slices.IndexFunc(list, match); i >= 0 {
		return list[i]
	}
	return nil
}
