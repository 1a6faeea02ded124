package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"secondwind/account/ec2form"
)

// Wait looks until nothing that is selected is left, or Timeout has passed, and
// returns what it saw last. Its error is that of ctx, or that the account could
// not be asked.
func (s *Sweeper) Wait(ctx context.Context) (Found, error) {
	return s.until(ctx, func([]Resource) (stuck bool) { return false }, nil)
}

// Remove removes what is selected, in the order in which one thing needs the
// other, and tries again what is still in use. It returns as soon as nothing is
// left, when nothing more can be done, or after Timeout: what is left then, with
// the reasons.
func (s *Sweeper) Remove(ctx context.Context) (Found, error) {
	r := removal{Sweeper: s, asked: map[string]bool{}, final: map[string]bool{}, reasons: map[string]string{}}
	return s.until(ctx, func(left []Resource) (stuck bool) { return r.round(ctx, left) }, r.reasons)
}

// looksAtUnseen is how often a kind that cannot be looked for is tried, before
// it is reported.
const looksAtUnseen = 3

// until alternates between looking and acting on what is left. What is left in the
// end is returned with the reasons, by the resources' keys.
func (s *Sweeper) until(ctx context.Context, act func(left []Resource) (stuck bool), reasons map[string]string) (Found, error) {
	ends := time.Now().Add(s.cfg.Timeout)
	reported := 0
	for looks := 1; ; looks++ {
		found, err := s.Find(ctx)
		if err != nil {
			return found, err
		}
		left := found.Left()
		if found.Clean() || len(left) == 0 && looks == looksAtUnseen {
			return found, nil
		}
		if len(left) != reported && len(left) > 0 {
			s.cfg.Report(fmt.Sprintf("resources left: %d, for example %s", len(left), left[0]))
			reported = len(left)
		}
		ended := len(left) > 0 && act(left) || !time.Now().Add(s.cfg.Interval).Before(ends)
		for i, r := range found.Resources {
			found.Resources[i].Reason = reasons[r.key()]
		}
		if ended && !time.Now().Add(s.cfg.Interval).Before(ends) {
			s.cfg.Report(fmt.Sprintf("gave up after %s", s.cfg.Timeout))
		}
		if ended {
			return found, ctx.Err()
		}
		if err := smithytime.SleepWithContext(ctx, s.cfg.Interval); err != nil {
			return found, err
		}
	}
}

// removal is what is known of the resources that are being removed, by their keys.
type removal struct {
	*Sweeper
	asked   map[string]bool   // their removal was accepted
	final   map[string]bool   // trying again cannot help
	reasons map[string]string // why they are still there
}

// round tries once to remove what is in the earliest stage that has something
// which may still go. It is stuck when nothing may.
func (r removal) round(ctx context.Context, left []Resource) (stuck bool) {
	stage, going := stageUsers, false
	for _, k := range r.kinds() {
		if k.stage > stage && going {
			return false // what comes later may still be in use
		}
		stage = k.stage
		for _, resource := range left {
			if resource.Kind == k.name && !r.final[resource.key()] {
				r.remove(ctx, k, resource)
				going = going || !r.final[resource.key()]
			}
		}
	}
	return !going
}

// remove asks once for a resource's removal, and reports each new reason why it is
// still there.
func (r removal) remove(ctx context.Context, k kind, resource Resource) {
	key := resource.key()
	if r.asked[key] {
		return
	}
	reason, line := "AWS accepted its removal, but it is still there", "removing "+key
	err := k.remove(ctx, resource.ID)
	switch {
	case hopeless(err):
		reason, line = err.Error(), "cannot remove "+key+": "+err.Error()
	case err != nil:
		reason, line = err.Error(), "cannot remove "+key+" yet: "+err.Error()
	}
	if r.reasons[key] != reason {
		r.cfg.Report(line)
	}
	r.asked[key], r.final[key], r.reasons[key] = err == nil, hopeless(err), reason
}

// hopeless reports whether trying again cannot help. What is in use, throttled or
// failing inside AWS is tried again until the time is over.
func hopeless(err error) bool {
	return errors.Is(err, errUnsupported) || ec2form.Denied(err) || ec2form.Code(err) == "OptInRequired"
}

// unserved reports whether the endpoint does not have the operation at all: a local
// cloud's answer, never AWS's.
func unserved(err error) bool {
	return slices.Contains([]string{"InvalidAction", "UnknownOperationException"}, ec2form.Code(err))
}
