package runlog

import "fmt"

// Link is a link of the chain of evidence: an event that must follow the one
// before it, joined to it by identity and within a deadline. Links are ordered;
// records write them as "e0" to "e7".
type Link int

// The links in their order.
const (
	LinkLoadStep        Link = iota // e0: the load is raised
	LinkBreachingData               // e1: a datapoint breaches the threshold
	LinkAlarm                       // e2: the alarm goes from OK to ALARM
	LinkScalingActivity             // e3: an activity that names alarm and policy
	LinkInService                   // e4: its new instance is InService
	LinkTargetHealthy               // e5: the load balancer finds it healthy
	LinkFirstRequest                // e6: it answers its first request
	LinkLoadShared                  // e7: CPU per instance falls, the alarm is OK again
)

// links have codes, which must not change, and names for people.
var links = [...]struct{ code, name string }{
	{"load-step", "load step"},
	{"breaching-datapoint", "breaching datapoint"},
	{"alarm", "alarm goes from OK to ALARM"},
	{"scaling-activity", "scaling activity"},
	{"in-service", "new instance InService"},
	{"target-healthy", "target healthy"},
	{"first-request", "first request served"},
	{"load-shared", "load shared, alarm OK again"},
}

// Links returns all links in order.
func Links() []Link {
	all := make([]Link, len(links))
	for i := range all {
		all[i] = Link(i)
	}
	return all
}

// String returns the link as records write it, for instance "e3".
func (l Link) String() string { return fmt.Sprintf("e%d", int(l)) }

// Code returns the link's name in a reason code, for instance "scaling-activity".
func (l Link) Code() string {
	if !l.known() {
		return l.String()
	}
	return links[l].code
}

// Name returns the link's name for people, for instance "scaling activity".
func (l Link) Name() string {
	if !l.known() {
		return l.String()
	}
	return links[l].name
}

func (l Link) known() bool { return l >= 0 && int(l) < len(links) }

// MarshalText implements encoding.TextMarshaler.
func (l Link) MarshalText() ([]byte, error) {
	if !l.known() {
		return nil, fmt.Errorf("link %d is not one of e0 to e%d", int(l), len(links)-1)
	}
	return []byte(l.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Link) UnmarshalText(text []byte) error {
	for _, known := range Links() {
		if string(text) == known.String() {
			*l = known
			return nil
		}
	}
	return fmt.Errorf("link %q is not one of e0 to e%d", text, len(links)-1)
}
