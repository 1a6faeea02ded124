package cloud

import (
	"sync"

	"secondwind/autoscale"
	"secondwind/localcloud/balancer"
)

// inbox collects what the world shows until the loop next steps the engine. Its
// lock is a leaf: whoever holds it calls nothing.
type inbox struct {
	arrived chan struct{} // holds one token while there is something to do
	mu      sync.Mutex
	seen    autoscale.Observation
}

// wake makes the loop step the engine soon. It never blocks.
func (b *inbox) wake() {
	select {
	case b.arrived <- struct{}{}:
	default: // a token is already there
	}
}

func (b *inbox) instance(id string, state autoscale.InstanceState, reason string) {
	b.put(func(o *autoscale.Observation) {
		o.Instances = append(o.Instances, autoscale.InstanceEvent{InstanceID: id, State: state, Reason: reason})
	})
}

func (b *inbox) target(targetGroupARN, id string, health autoscale.TargetState) {
	b.put(func(o *autoscale.Observation) {
		o.Targets = append(o.Targets, autoscale.TargetEvent{TargetGroupARN: targetGroupARN, InstanceID: id, Health: health})
	})
}

func (b *inbox) samples(samples []autoscale.Sample) {
	if len(samples) == 0 {
		return
	}
	b.put(func(o *autoscale.Observation) { o.Samples = append(o.Samples, samples...) })
}

func (b *inbox) put(add func(*autoscale.Observation)) {
	b.mu.Lock()
	add(&b.seen)
	b.mu.Unlock()
	b.wake()
}

// take empties the inbox.
func (b *inbox) take() autoscale.Observation {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := b.seen
	b.seen = autoscale.Observation{}
	return seen
}

// onHealth hears of a target from the balancer. It only files the news: the
// balancer may call it from within Register or Deregister.
func (c *Cloud) onHealth(h balancer.TargetHealth) {
	c.log.Info("target health", "targetGroup", h.TargetGroupARN, "target", h.TargetID, "state", h.State, "reason", h.Reason)
	if state, ok := targetStates[h.State]; ok {
		c.inbox.target(h.TargetGroupARN, h.TargetID, state)
	}
	if h.State == balancer.StateUnhealthy {
		select {
		case c.sick <- h.TargetID:
		default: // there are many, and the reports of a few will do
		}
	}
}

// targetStates are the balancer's states that the engine must hear of. A target
// that drains is not yet news: only that it has drained.
var targetStates = map[balancer.State]autoscale.TargetState{
	balancer.StateInitial:   autoscale.TargetInitial,
	balancer.StateHealthy:   autoscale.TargetHealthy,
	balancer.StateUnhealthy: autoscale.TargetUnhealthy,
	balancer.StateGone:      autoscale.TargetDrained,
}
