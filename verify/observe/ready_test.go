package observe

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestAwaitHealthyWaitsAsLongAsTheGroupAllows(t *testing.T) {
	// 30 s of grace, 3 checks of 10 s, and a minute.
	const limit = 2 * time.Minute
	initial, healthy := elbtypes.TargetHealthStateEnumInitial, elbtypes.TargetHealthStateEnumHealthy
	cases := []struct {
		name    string
		health  []elbtypes.TargetHealthStateEnum
		after   time.Duration // until the last one of them is healthy; 0: never
		fails   string        // an operation that does
		arn     string
		took    time.Duration
		waiting int // how often it was reported that it waits
	}{
		{"an instance is healthy already", []elbtypes.TargetHealthStateEnum{initial, healthy}, 0, "", "arn:tg", 0, 0},
		{"one becomes healthy", []elbtypes.TargetHealthStateEnum{initial}, 15 * time.Second, "", "arn:tg", 16 * time.Second, 8},
		{"none ever does", []elbtypes.TargetHealthStateEnum{initial}, 0, "", "arn:tg", limit, 0},
		{"no target is there", nil, 0, "", "arn:tg", limit, 0},
		{"health cannot be read", nil, 0, "DescribeTargetHealth", "arn:tg", 0, 0},
		{"the group cannot be read", nil, 0, "DescribeAutoScalingGroups", "arn:tg", 0, 0},
		{"the target group cannot be read", nil, 0, "DescribeTargetGroups", "arn:tg", 0, 0},
		{"there is no target group", nil, 0, "", "", 0, 0},
	}
	for _, c := range cases {
		synctest.Test(t, func(t *testing.T) {
			a, start := newAccount(), time.Now()
			a.health = c.health
			a.asks = func(operation string) error {
				if c.after > 0 && time.Since(start) >= c.after {
					a.health[len(a.health)-1] = healthy
				}
				if operation == c.fails {
					return throttled()
				}
				return nil
			}
			waiting := 0
			err := AwaitHealthy(t.Context(), a.config(), "g", c.arn, func(within time.Duration) {
				waiting++
				if within != limit {
					t.Errorf("%s: waits at most %v, want %v", c.name, within, limit)
				}
			})
			if took := time.Since(start); err != nil || took != c.took || took < limit && waiting != c.waiting {
				t.Errorf("%s: AwaitHealthy() = %v after %v, reported %d times; want nil, %v, %d", c.name, err, took, waiting, c.took, c.waiting)
			}
		})
	}
}

func TestAwaitHealthyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount()
		a.health = nil
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := AwaitHealthy(ctx, a.config(), "g", "arn:tg", func(time.Duration) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("AwaitHealthy() = %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func TestTheDeregistrationDelayIsTheTargetGroups(t *testing.T) {
	for _, c := range []struct {
		delay string
		fails bool
		want  time.Duration
	}{
		{"30", false, 30 * time.Second},
		{"0", false, 0},
		{"soon", false, awsDeregistrationDelay},
		{"30", true, awsDeregistrationDelay},
	} {
		a := newAccount()
		a.delay = c.delay
		a.asks = func(string) error {
			if c.fails {
				return throttled()
			}
			return nil
		}
		if got := DeregistrationDelay(t.Context(), a.config(), "arn:tg"); got != c.want {
			t.Errorf("%q, fails %t: DeregistrationDelay() = %v, want %v", c.delay, c.fails, got, c.want)
		}
	}
}
