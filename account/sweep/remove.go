package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Wait looks until nothing that is selected is left, or Timeout has passed, and
// returns what it saw last. Its error is that of ctx, or that the account could
// not be asked.
func (s *Sweeper) Wait(ctx context.Context) (Found, error) {
	return s.until(ctx, func(context.Context, Found, map[string]string) (stuck bool) { return false })
}

// Remove removes what is selected, in the order in which one thing needs the
// other, and tries again what is still in use. It returns as soon as nothing is
// left, when nothing more can be done, or after Timeout: what is left then, with
// the reasons.
func (s *Sweeper) Remove(ctx context.Context) (Found, error) {
	asked, final := map[string]bool{}, map[string]bool{}
	return s.until(ctx, func(ctx context.Context, found Found, reasons map[string]string) (stuck bool) {
		return s.round(ctx, found.Left(), reasons, asked, final)
	})
}

// looksAtUnseen is how often a kind that cannot be looked for is tried, before
// it is reported.
const looksAtUnseen = 3

// action gets what is left, and notes the reasons why something could not be removed.
type action func(ctx context.Context, found Found, reasons map[string]string) (stuck bool)

// until alternates between looking and acting.
func (s *Sweeper) until(ctx context.Context, act action) (Found, error) {
	ends := time.Now().Add(s.cfg.Timeout)
	reasons, reported := map[string]string{}, -1
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
			s.cfg.Report(fmt.Sprintf("%s left, such as %s", count(len(left), "resource"), left[0]))
			reported = len(left)
		}
		stuck := len(left) > 0 && act(ctx, found, reasons)
		if stuck || !time.Now().Add(s.cfg.Interval).Before(ends) {
			return found.because(reasons), ctx.Err()
		}
		if err := pause(ctx, s.cfg.Interval); err != nil {
			return found.because(reasons), err
		}
	}
}

// because adds the reasons to what was found, by the resources' keys.
func (f Found) because(reasons map[string]string) Found {
	f.Resources = slices.Clone(f.Resources)
	for i, r := range f.Resources {
		f.Resources[i].Reason = reasons[r.key()]
	}
	return f
}

// round tries once to remove what is in the earliest stage that has something
// which may still go. It is stuck when nothing may.
func (s *Sweeper) round(ctx context.Context, left []Resource, reasons map[string]string, asked, final map[string]bool) (stuck bool) {
	all := kinds()
	for stage := stageUsers; stage <= stageLast; stage++ {
		going := false
		for _, k := range all {
			if k.stage != stage {
				continue
			}
			for _, r := range left {
				if r.Kind != k.name || final[r.key()] {
					continue
				}
				if !asked[r.key()] {
					err := k.remove(ctx, s, r.ID)
					s.note(r, err, reasons)
					asked[r.key()], final[r.key()] = err == nil, hopeless(err)
				}
				going = going || !final[r.key()]
			}
		}
		if going {
			return false // what comes later may still be in use
		}
	}
	return true
}

// note keeps why a resource is still there, and reports it once.
func (s *Sweeper) note(r Resource, err error, reasons map[string]string) {
	reason := "its removal was accepted, and it is still there"
	if err != nil {
		reason = err.Error()
	}
	if reasons[r.key()] == reason {
		return
	}
	reasons[r.key()] = reason
	if err == nil {
		s.cfg.Report("removing " + r.key())
		return
	}
	s.cfg.Report(r.key() + " stays for now: " + reason)
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// neverError is a removal that no second try makes better.
type neverError string

func (e neverError) Error() string { return string(e) }

func never(why string) error { return neverError(why) }

// deniedCodes are the codes with which AWS's services deny access.
var deniedCodes = []string{
	"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedException", "OptInRequired",
}

// hopeless reports whether trying again cannot help. What is in use, throttled or
// failing inside AWS is tried again until the time is over.
func hopeless(err error) bool {
	_, is := errors.AsType[neverError](err)
	return is || slices.Contains(deniedCodes, codeOf(err))
}

// unserved reports whether the endpoint does not have the operation at all: a local
// cloud's answer, never AWS's.
func unserved(err error) bool {
	return slices.Contains([]string{"InvalidAction", "UnknownOperationException"}, codeOf(err))
}
