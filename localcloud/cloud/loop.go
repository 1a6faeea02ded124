package cloud

import (
	"context"
	"time"

	"secondwind/autoscale"
)

// shortestWait keeps a fault in the engine from becoming a busy loop.
const shortestWait = time.Millisecond

// Run drives the cloud until ctx is done, and returns once everything that it
// started has ended. Instances that still run are left to the fleet's Close.
// Run must be called once.
func (c *Cloud) Run(ctx context.Context) {
	c.work.Go(func() { c.watchExits(ctx) })
	c.work.Go(func() { c.sampleMetrics(ctx) })
	c.drive(ctx)
	c.work.Wait()
}

// drive steps the engine whenever something is due or has happened.
func (c *Cloud) drive(ctx context.Context) {
	for {
		actions, next := c.step()
		for _, a := range actions {
			c.carryOut(ctx, a)
		}
		if !c.wait(ctx, next) {
			return
		}
	}
}

// step brings the engine to now and returns what must be done, and when step is
// next due at the latest (zero: only when something happens).
func (c *Cloud) step() ([]autoscale.Action, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked, own := c.state.asked, c.state.Engine.Step(c.now().Now, c.inbox.take())
	for _, a := range own {
		c.record(a)
	}
	c.state.asked = nil
	return append(asked, own...), c.state.Engine.Next()
}

// wait returns true at next or when the inbox has something, false once ctx is done.
func (c *Cloud) wait(ctx context.Context, next time.Time) bool {
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(max(next.Sub(c.cfg.Now()), shortestWait))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-c.inbox.arrived:
	case <-due:
	}
	return ctx.Err() == nil
}

// watchExits turns instances that ended by themselves into terminated ones. The
// group's EC2 health check then replaces them. It reports those, and the unhealthy ones.
func (c *Cloud) watchExits(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-c.sick:
			if text := c.cfg.Fleet.Explain(id); text != "" {
				c.cfg.Report(text)
			}
		case exit, ok := <-c.cfg.Fleet.Exits():
			if !ok {
				return
			}
			c.log.Warn("instance ended by itself", "id", exit.ID, "err", exit.Err)
			c.cfg.Report(exit.Err.Error())
			c.instanceEnded(exit.ID, StateReason{
				"Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
			})
		}
	}
}
