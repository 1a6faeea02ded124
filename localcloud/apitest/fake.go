package apitest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"secondwind/localcloud/balancer"
	"secondwind/localcloud/fleet"
)

// Processes and sockets have no place in a bubble of virtual time: these two
// stand for them. Everything in between, the engine too, is the real one.

// Fleet is a fleet on which a load is spread evenly.
type Fleet struct {
	exits chan fleet.Exit

	mu      sync.Mutex
	boot    time.Duration   // of the next launches
	fail    error           // of the next launches
	blind   map[string]bool // instances whose CPU cannot be read
	percent float64         // of one vCPU that the whole load costs
	used    map[string]time.Duration
	read    time.Time
}

// Launch implements cloud.InstanceRunner: it takes two seconds, unless Boot says
// otherwise.
func (f *Fleet) Launch(ctx context.Context, s fleet.Spec) (fleet.Instance, error) {
	f.mu.Lock()
	boot := f.boot
	f.mu.Unlock()
	select {
	case <-time.After(boot):
	case <-ctx.Done():
		return fleet.Instance{}, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return fleet.Instance{}, f.fail
	}
	f.spend()
	f.used[s.InstanceID] = 0
	ip := fmt.Sprintf("127.0.0.%d", len(f.used))
	return fleet.Instance{ID: s.InstanceID, Address: ip + ":8080", PrivateIP: ip, LaunchTime: time.Now(), VCPUs: 1}, nil
}

// Terminate implements cloud.InstanceRunner: it takes a second.
func (f *Fleet) Terminate(_ context.Context, id string) error {
	time.Sleep(time.Second)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spend()
	delete(f.used, id)
	return nil
}

// CPU implements cloud.InstanceRunner.
func (f *Fleet) CPU(id string) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spend()
	used, ok := f.used[id]
	if !ok || f.blind[id] {
		return 0, errors.New("no such instance")
	}
	return used, nil
}

// Explain implements cloud.InstanceRunner.
func (f *Fleet) Explain(string) string { return "" }

// Exits implements cloud.InstanceRunner.
func (f *Fleet) Exits() <-chan fleet.Exit { return f.exits }

// Exit lets the program of an instance end by itself.
func (f *Fleet) Exit(id string) { f.exits <- fleet.Exit{ID: id, Err: errors.New("exit status 1")} }

// Boot sets how long launches take from now on.
func (f *Fleet) Boot(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.boot = d
}

// Blind lets nobody read an instance's CPU, or lets them read it again.
func (f *Fleet) Blind(id string, blind bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blind[id] = blind
}

// Load sets how much of one vCPU the whole load costs.
func (f *Fleet) Load(percent float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spend()
	f.percent = percent
}

// Fail lets launches fail from now on.
func (f *Fleet) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// spend divides the CPU time since the last reading; callers hold mu.
func (f *Fleet) spend() {
	since := time.Since(f.read)
	f.read = time.Now()
	for id := range f.used {
		f.used[id] += time.Duration(float64(since) * f.percent / 100 / float64(len(f.used)))
	}
}

// Balancer is a balancer whose targets are healthy at once, and drain at once unless
// Drain says otherwise.
type Balancer struct {
	onHealth func(balancer.TargetHealth)
	draining sync.WaitGroup

	mu     sync.Mutex
	groups map[string]balancer.TargetGroup
	health map[string][]balancer.TargetHealth // by ARN of a target group
	open   map[string]string                  // addresses by ARN of a listener
	taken  string                             // an address that cannot be opened
	counts balancer.Counts
	drain  time.Duration
}

// Drain sets how long draining takes from now on.
func (b *Balancer) Drain(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain = d
}

// PutTargetGroup implements cloud.LoadBalancing.
func (b *Balancer) PutTargetGroup(g balancer.TargetGroup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.groups[g.ARN] = g
}

// DeleteTargetGroup implements cloud.LoadBalancing.
func (b *Balancer) DeleteTargetGroup(arn string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.groups, arn)
}

// TargetGroup is a target group as the balancer was last told of it; zero if it
// does not know it.
func (b *Balancer) TargetGroup(arn string) balancer.TargetGroup {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.groups[arn]
}

// Register implements cloud.LoadBalancing.
func (b *Balancer) Register(arn, id, address string) error {
	h := balancer.TargetHealth{TargetGroupARN: arn, TargetID: id, Address: address, State: balancer.StateHealthy}
	b.mu.Lock()
	b.health[arn] = append(b.health[arn], h)
	b.mu.Unlock()
	b.onHealth(h)
	return nil
}

// Deregister implements cloud.LoadBalancing.
func (b *Balancer) Deregister(arn, id string) error {
	b.mu.Lock()
	i := slices.IndexFunc(b.health[arn], func(h balancer.TargetHealth) bool { return h.TargetID == id })
	if i >= 0 {
		b.health[arn] = slices.Delete(b.health[arn], i, i+1)
	}
	drain := b.drain
	b.mu.Unlock()
	if i < 0 {
		return errors.New("not registered")
	}
	drained := func() {
		b.onHealth(balancer.TargetHealth{TargetGroupARN: arn, TargetID: id, State: balancer.StateGone})
	}
	if drain == 0 {
		drained()
		return nil
	}
	b.onHealth(balancer.TargetHealth{TargetGroupARN: arn, TargetID: id, State: balancer.StateDraining})
	b.draining.Go(func() {
		time.Sleep(drain)
		drained()
	})
	return nil
}

// Sicken makes a target unhealthy.
func (b *Balancer) Sicken(arn, id string) {
	b.mu.Lock()
	i := slices.IndexFunc(b.health[arn], func(h balancer.TargetHealth) bool { return h.TargetID == id })
	b.health[arn][i].State = balancer.StateUnhealthy
	h := b.health[arn][i]
	b.mu.Unlock()
	b.onHealth(h)
}

// Health implements cloud.LoadBalancing.
func (b *Balancer) Health(arn string) []balancer.TargetHealth {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.health[arn])
}

// Listen implements cloud.LoadBalancing: port 0 becomes 40000.
func (b *Balancer) Listen(arn, address, _ string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	host, port, _ := net.SplitHostPort(address)
	if port == b.taken || b.taken == "*" {
		return "", errors.New("permission denied")
	}
	if port == "0" {
		address = host + ":40000"
	}
	b.open[arn] = address
	return address, nil
}

// CloseListener implements cloud.LoadBalancing.
func (b *Balancer) CloseListener(arn string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.open[arn]; !ok {
		return errors.New("not open")
	}
	delete(b.open, arn)
	return nil
}

// Open is how many listeners are open.
func (b *Balancer) Open() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

// Take lets no listener open on a port, or on any: "*".
func (b *Balancer) Take(port string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = port
}

// Counts implements cloud.LoadBalancing.
func (b *Balancer) Counts(string) balancer.Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts
}

// SetCounts sets what was counted since the start, of every target group.
func (b *Balancer) SetCounts(c balancer.Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts = c
}
