// Package autoscale is the scaling engine of CloudWatch alarms and EC2 Auto
// Scaling groups, pure: time and data are arguments. It reads no clock, does no
// I/O, starts no goroutine and never blocks; the same calls with the same
// arguments give the same answers.
//
// An Engine is driven by three things: calls that stand for API operations
// (PutMetricAlarm, CreateGroup, …), Step, which shows it what the world did and
// returns what the cloud must do, and Next, which says when Step is next due.
// A local cloud sleeps until Next; a simulation pops Next from its event queue.
//
// What is left out, because nothing here needs it: lifecycle hooks, warm pools,
// scheduled and predictive scaling, instance refresh, rebalancing of zones that
// became uneven, metric math, percentiles, and data older than 15 days.
//
// Sources: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms" and
// "Configuring how CloudWatch alarms treat missing data"; Amazon EC2 Auto
// Scaling User Guide, "Step and simple scaling policies", "Target tracking
// scaling policies", "Health checks for instances in an Auto Scaling group".
package autoscale
