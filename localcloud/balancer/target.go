package balancer

import (
	"context"
	"fmt"
	"net/http/httputil"
	"slices"
	"strings"
	"time"
)

// target is a registered target. Its group's lock guards what changes.
type target struct {
	id, address string
	proxy       *httputil.ReverseProxy

	stop   context.CancelFunc // ends its health checks, or its draining
	health TargetHealth

	successes, failures int   // in a row
	codes               []int // that failed in this row, each once

	outstanding int           // requests under way
	idle        chan struct{} // while draining: closed when nothing is under way any more
}

// listed reports whether the target may be routed to when nothing better is left.
func (t *target) listed() bool {
	return t.health.State == StateInitial || t.health.State == StateUnhealthy || t.health.State == StateHealthy
}

// set changes the state and its reason; it reports whether the state is another.
func (t *target) set(s State, reason string) bool {
	changed := t.health.State != s
	if changed {
		t.health.Since = time.Now().UTC()
	}
	t.health.State, t.health.Reason, t.health.Description = s, reason, t.describe(reason)
	return changed
}

// begin makes the target new: one success and it is healthy.
func (t *target) begin() bool {
	t.successes, t.failures, t.codes = 0, 0, nil
	return t.set(StateInitial, ReasonRegistrationInProgress)
}

// observe takes the outcome of a health check into account; it reports whether
// the state is another.
//
//  1. A new target is healthy after one success.
//  2. A healthy target, and a new one, is unhealthy after UnhealthyThreshold
//     failures in a row.
//  3. An unhealthy target is healthy after HealthyThreshold successes in a row.
//  4. What is draining or unused is not checked; a late outcome changes nothing.
func (t *target) observe(o outcome, g TargetGroup) bool {
	if !t.listed() {
		return false
	}
	if o.reason == "" {
		t.successes, t.failures, t.codes = t.successes+1, 0, nil
		if t.health.State == StateInitial || t.successes >= g.HealthyThreshold {
			return t.set(StateHealthy, "")
		}
		return false
	}
	t.successes, t.failures = 0, t.failures+1
	if o.code != 0 && !slices.Contains(t.codes, o.code) {
		t.codes = append(t.codes, o.code)
	}
	if t.health.State != StateUnhealthy && t.failures < g.UnhealthyThreshold {
		return false
	}
	return t.set(StateUnhealthy, o.reason)
}

func (t *target) describe(reason string) string {
	if reason != ReasonResponseCodeMismatch {
		return descriptions[reason]
	}
	slices.Sort(t.codes)
	list := strings.Trim(fmt.Sprint(t.codes), "[]")
	return "Health checks failed with these codes: [" + strings.ReplaceAll(list, " ", ", ") + "]"
}
