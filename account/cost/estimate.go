package cost

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"secondwind/account/burstable"
)

// Plan is what is to be estimated: terraform/'s stack while a run lives.
type Plan struct {
	Region       string
	InstanceType string
	// Duration is from deploy to destroy: AWS charges the stack while it is
	// there, not while it is under load.
	Duration         time.Duration
	MinSize, MaxSize int
	CPUPercent       float64       // of an instance under load
	VolumeGB         float64       // of an instance
	RequestRate      float64       // requests per second, all the time
	RequestBytes     float64       // an answer's size
	PollInterval     time.Duration // of the observer
}

// The most that an estimate is made for.
const (
	MaxDuration  = 366 * 24 * time.Hour
	MaxInstances = 10000
)

// withDefaults fills what is zero: the scaling variables of terraform/ and a usual run.
func (p Plan) withDefaults() Plan {
	p.CPUPercent = cmp.Or(p.CPUPercent, 32)
	p.VolumeGB = cmp.Or(p.VolumeGB, 8)
	p.RequestRate = cmp.Or(p.RequestRate, 50)
	p.RequestBytes = cmp.Or(p.RequestBytes, 16<<10)
	p.Duration = cmp.Or(p.Duration, time.Hour)
	p.PollInterval = cmp.Or(p.PollInterval, 10*time.Second)
	p.MinSize, p.MaxSize = cmp.Or(p.MinSize, 1), cmp.Or(p.MaxSize, 2)
	return p
}

func (p Plan) validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(p.Duration > 0 && p.Duration <= MaxDuration, "duration %s: it must be more than 0 and at most a year", p.Duration)
	check(p.MinSize >= 1 && p.MaxSize >= p.MinSize && p.MaxSize <= MaxInstances,
		"%d to %d instances: choose a minimum of at least 1, and a maximum between the minimum and %d", p.MinSize, p.MaxSize, MaxInstances)
	check(p.CPUPercent > 0 && p.CPUPercent <= 100, "CPU %g %%: it must be more than 0 and at most 100", p.CPUPercent)
	check(p.VolumeGB >= 1, "volume %g GB: it must be at least 1 GB", p.VolumeGB)
	check(p.RequestRate >= 0 && p.RequestBytes >= 0, "requests: a rate of %g/s of %g bytes is negative", p.RequestRate, p.RequestBytes)
	check(p.PollInterval >= time.Second, "poll interval %s: it must be at least 1s", p.PollInterval)
	return errors.Join(faults...)
}

// Item is one line of an estimate, in USD. Low counts the least use and every
// free allowance; High the most use and none.
type Item struct {
	Name      string  `json:"name"`
	Quantity  string  `json:"quantity"` // at most, with its unit
	UnitPrice float64 `json:"unitPrice"`
	Unit      string  `json:"unit"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	Note      string  `json:"note,omitempty"`
}

// Estimate is what a plan costs.
type Estimate struct {
	Version      int      `json:"version"` // 1
	Region       string   `json:"region"`
	InstanceType string   `json:"instanceType"`
	Hours        float64  `json:"hours"`
	MinSize      int      `json:"minSize"`
	MaxSize      int      `json:"maxSize"`
	Items        []Item   `json:"items"`
	Low          float64  `json:"low"`
	High         float64  `json:"high"`
	HourLow      float64  `json:"hourLow"` // of an hour more
	HourHigh     float64  `json:"hourHigh"`
	PricesOf     string   `json:"pricesOf"` // the table's date
	Source       string   `json:"source"`
	Verify       string   `json:"verify"`
	Notes        []string `json:"notes"`
}

// hoursInMonth is how AWS divides monthly prices.
const hoursInMonth = 730

// Of estimates a plan. Its error names what is wrong with it, or what the prices
// do not know.
func Of(p Plan, prices Prices) (Estimate, error) {
	p = p.withDefaults()
	if err := p.validate(); err != nil {
		return Estimate{}, fmt.Errorf("estimate: %w", err)
	}
	region, instanceHour, err := prices.find(p.Region, p.InstanceType)
	if err != nil {
		return Estimate{}, err
	}
	out := Estimate{
		Version: 1, Region: p.Region, InstanceType: p.InstanceType, Hours: p.Duration.Hours(), MinSize: p.MinSize, MaxSize: p.MaxSize,
		Items: items(p, region, prices.Everywhere, instanceHour), Notes: notes(p),
		PricesOf: prices.Date, Source: prices.Source, Verify: prices.Verify,
	}
	out.Low, out.High = sum(out.Items)
	p.Duration += time.Hour
	low, high := sum(items(p, region, prices.Everywhere, instanceHour))
	out.HourLow, out.HourHigh = low-out.Low, high-out.High
	return out, nil
}

func sum(items []Item) (low, high float64) {
	for _, i := range items {
		low, high = low+i.Low, high+i.High
	}
	return low, high
}

// items are what a plan consists of.
func items(p Plan, r Region, e Everywhere, instanceHour float64) []Item {
	b := builder{p: p, r: r, e: e, hours: p.Duration.Hours(), months: p.Duration.Hours() / hoursInMonth}
	b.instances(instanceHour)
	b.traffic()
	b.watching()
	b.rest()
	return b.items
}

// notes are what no line shows.
func notes(p Plan) []string {
	all := []string{
		"In USD, On-Demand, without tax. " +
			"The low end assumes the least use and every free allowance; the high end assumes the most use and no free allowance.",
		"Free tier: accounts opened before 2025-07-15 have 750 hours a month of t2.micro or t3.micro and of a load balancer " +
			"in their first 12 months; later ones have credits instead. Neither is counted here.",
		"AWS charges for what exists, whether or not it is used: run `make destroy` when you are done.",
	}
	if p.Duration > 24*time.Hour {
		all = append(all, "Longer than a day: set a budget alarm (budget_usd in terraform/).")
	}
	return all
}

// builder collects the items of a plan.
type builder struct {
	p             Plan
	r             Region
	e             Everywhere
	hours, months float64
	items         []Item
}

// add adds an item of a low and a high quantity.
func (b *builder) add(name string, low, high float64, unit string, unitPrice float64, note string) {
	b.items = append(b.items, Item{
		Name: name, Quantity: fmt.Sprintf("%.4g %s", high, unit), UnitPrice: unitPrice, Unit: unit,
		Low: max(low, 0) * unitPrice, High: high * unitPrice, Note: note,
	})
}

// instances are what each instance brings with it.
func (b *builder) instances(hour float64) {
	low, high := float64(b.p.MinSize)*b.hours, float64(b.p.MaxSize)*b.hours
	b.add("EC2 "+b.p.InstanceType, low, high, "instance-hours", hour,
		fmt.Sprintf("On-Demand, Linux; %s at any time", instances(b.p.MinSize, b.p.MaxSize)))
	if t, ok := burstable.Of(b.p.InstanceType); ok {
		price := b.e.SurplusVCPUHour
		if strings.HasPrefix(b.p.InstanceType, "t4g.") {
			price = b.e.SurplusVCPUHourT4g
		}
		over := max(b.p.CPUPercent-t.BaselinePercent, 0) / 100 * t.VCPUs
		b.add("surplus CPU credits", 0, over*high, "vCPU-hours", price,
			fmt.Sprintf("in unlimited mode: %g %% CPU against a baseline of %g %%, averaged over 24 h", b.p.CPUPercent, t.BaselinePercent))
	}
	b.add("EBS gp3", low*b.p.VolumeGB/hoursInMonth, high*b.p.VolumeGB/hoursInMonth, "GB-months", b.r.GP3GBMonth,
		fmt.Sprintf("%g GB each", b.p.VolumeGB))
	b.add("public IPv4 addresses", 2*b.hours, 2*b.hours+high, "address-hours", b.e.PublicIPv4Hour,
		"two for the load balancer; one for each instance in a public subnet")
}

// traffic is the load balancer and what it carries. An LCU is the largest of 25
// new connections a second, 3,000 open ones, 1 GB an hour, 1,000 rules a second.
func (b *builder) traffic() {
	gbPerHour := b.p.RequestRate * b.p.RequestBytes * 3600 / 1e9
	lcu := max(b.p.RequestRate/25, gbPerHour, b.p.RequestRate/1000)
	b.add("Application Load Balancer", b.hours, b.hours+1, "hours", b.r.LoadBalancerHour, "partial hours are charged in full")
	b.add("load balancer capacity", gbPerHour*b.hours, lcu*b.hours, "LCU-hours", b.r.LCUHour,
		fmt.Sprintf("%g requests/s of %g KB; the high end if each opens a new connection", b.p.RequestRate, b.p.RequestBytes/1024))
	out := gbPerHour * b.hours
	b.add("data transfer out", out-100, out, "GB", b.e.TransferOutGB,
		"the first 100 GB a month are free; traffic within the VPC is not charged")
}

// The metrics and alarms of terraform/'s stack.
const (
	metricsOfInstance = 7 // that detailed monitoring publishes
	alarms            = 2
	metricsInPoll     = 4 // average and sample count of the group, and each of two instances
)

// watching is CloudWatch: what alarms and observer ask.
func (b *builder) watching() {
	polls := b.p.Duration.Seconds() / b.p.PollInterval.Seconds()
	low, high := float64(b.p.MinSize)*b.months*metricsOfInstance, float64(b.p.MaxSize)*b.months*metricsOfInstance
	b.add("CloudWatch detailed monitoring", low-10*b.months, high, "metric-months", b.e.MetricMonth,
		fmt.Sprintf("%d metrics per instance; the first 10 are free", metricsOfInstance))
	b.add("CloudWatch alarms", 0, alarms*b.months, "alarm-months", b.e.AlarmMonth, "the first 10 are free")
	data := polls * float64(metricsInPoll-2+b.p.MaxSize) / 1000
	b.add("CloudWatch GetMetricData", data, data, "thousand metrics", b.e.MetricDataPer1000,
		fmt.Sprintf("one poll every %g s; no free allowance", b.p.PollInterval.Seconds()))
	b.add("CloudWatch API requests", 0, polls*2/1000, "thousand requests", b.e.RequestPer1000, "the first million a month are free")
	b.add("CloudWatch dashboard", 0, min(1, b.months+1.0/hoursInMonth), "dashboard-months", b.e.DashboardMonth, "the first three are free")
}

// rest is what costs cents.
func (b *builder) rest() {
	b.add("KMS key", b.months, b.months+1.0/hoursInMonth, "key-months", b.e.KeyMonth, "not charged once it is scheduled for deletion")
	b.add("KMS requests", 0, 0.1*float64(b.p.MaxSize)+b.hours/10, "ten thousand requests", b.e.KeyRequestPer10000,
		"the first 20,000 a month are free; the calculator caches its data key")
	b.add("S3 storage", 0.05*b.months, 0.1*b.months, "GB-months", b.r.S3GBMonth, "a few versions of the calculator's binary")
	b.add("S3 requests", 0, 0.1, "thousand requests", b.e.S3RequestPer1000, "")
	b.add("SNS e-mail", 0, 0.001, "hundred thousand e-mails", b.e.EmailPer100000, "the first 1,000 a month are free")
}
