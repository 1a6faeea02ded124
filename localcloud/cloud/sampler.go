package cloud

import (
	"context"
	"time"

	"secondwind/autoscale"
)

// sampleMetrics reads the CPU clocks each second, and publishes each period's
// metrics as soon as it has ended.
//
// The readings in between are not published. They make the cut at the end of a
// period sharp and leave an instance that dies with a last reading that is at
// most a second old.
func (c *Cloud) sampleMetrics(ctx context.Context) {
	const step = time.Second // a tenth of the shortest period
	counts := c.newTrafficMeter()
	for {
		now := c.cfg.Now()
		timer := time.NewTimer(now.Truncate(step).Add(step).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		c.readCPU()
		c.inbox.samples(c.cpuSamples())
		c.inbox.samples(counts.observe(c.cfg.Now().UTC()))
	}
}

// readCPU takes a reading of every running instance.
func (c *Cloud) readCPU() {
	for _, i := range c.watched() {
		// The clock is read off the lock; the time is taken first, so that a
		// delay counts into the next reading and never makes a share exceed 100 %.
		now := c.cfg.Now()
		cpu, err := c.cfg.Fleet.CPU(i.ID)
		if err != nil {
			continue // it has just ended; the fleet tells of that
		}
		c.mu.Lock()
		i.meter.observe(now, cpu)
		c.mu.Unlock()
	}
}

// watched are the instances whose CPU is measured. One that is shutting down
// still works off requests and counts, as in EC2.
func (c *Cloud) watched() []*Instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	watched := make([]*Instance, 0, len(c.state.Instances))
	for _, i := range c.state.Instances {
		if i.meter != nil && i.State != Terminated {
			watched = append(watched, i)
		}
	}
	return watched
}

// cpuSamples are the samples of the periods that have ended: one an instance and
// period, so that the group's Average is the mean over instances and its
// SampleCount their number, as EC2's detailed monitoring has it.
func (c *Cloud) cpuSamples() []autoscale.Sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now().Now
	var samples []autoscale.Sample
	for _, i := range c.state.Instances {
		if i.meter == nil {
			continue
		}
		// A period is over once a reading has come from after it, else the rest of it
		// would be published again; of an instance that has ended none will come.
		read := i.meter.at
		if i.State == Terminated {
			read = now
		}
		for _, s := range i.meter.take(read) {
			percent, ok := s.percent(c.cfg.MetricsPeriod, i.vcpus)
			if !ok {
				continue
			}
			for _, d := range i.dimensions() {
				m := autoscale.Metric{Namespace: "AWS/EC2", Name: "CPUUtilization", Dimensions: []autoscale.Dimension{d}}
				samples = append(samples, c.sample(m, s.start, autoscale.Value(percent), "Percent"))
			}
		}
	}
	c.forgetTerminated(now)
	return samples
}

// dimensions are those under which EC2 publishes an instance's metrics, each on
// its own.
func (i *Instance) dimensions() []autoscale.Dimension {
	d := []autoscale.Dimension{
		{Name: "InstanceId", Value: i.ID},
		{Name: "InstanceType", Value: i.Type},
		{Name: "ImageId", Value: i.ImageID},
	}
	if i.Group != "" {
		d = append(d, autoscale.Dimension{Name: "AutoScalingGroupName", Value: i.Group})
	}
	return d
}

// sample is a value of one period of the cloud's own metrics.
func (c *Cloud) sample(m autoscale.Metric, start time.Time, v autoscale.Statistics, unit string) autoscale.Sample {
	resolution := time.Minute
	if c.cfg.MetricsPeriod < time.Minute {
		resolution = time.Second
	}
	return autoscale.Sample{Metric: m, Time: start, Value: v, Unit: unit, Resolution: resolution}
}
