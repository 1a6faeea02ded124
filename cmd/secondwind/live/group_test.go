package live

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestARunGroupEndsWithItsMainTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, stopped := time.Now(), false
		background := func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(3 * time.Second) // it ends in order
			stopped = true
			return fmt.Errorf("ask the cloud: %w", context.Canceled)
		}
		err := RunGroup(t.Context(), sleeping(time.Second, nil), background)
		if err != nil || !stopped || time.Since(start) != 4*time.Second {
			t.Errorf("RunGroup() = %v after %v, stopped %t; want nil, once what ran behind has ended", err, time.Since(start), stopped)
		}
	})
}

func TestARunGroupReturnsTheFirstError(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	forever := func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	for _, c := range []struct {
		name       string
		main, back func(context.Context) error
		want       error
	}{
		{"the main task fails", sleeping(time.Second, first), sleeping(time.Minute, second), first},
		{"a background task fails", forever, sleeping(time.Second, first), first},
		{"both do", sleeping(2*time.Second, second), sleeping(time.Second, first), first},
		{"a background task ends by itself", sleeping(time.Second, nil), sleeping(0, nil), nil},
		{"a background task fails while it is stopped", sleeping(time.Second, nil), func(ctx context.Context) error {
			<-ctx.Done()
			return second
		}, second},
		{"a background task is cancelled by something else", sleeping(time.Second, nil), sleeping(0, context.Canceled), context.Canceled},
	} {
		synctest.Test(t, func(t *testing.T) {
			if err := RunGroup(t.Context(), c.main, c.back); !errors.Is(err, c.want) {
				t.Errorf("%s: RunGroup() = %v, want %v", c.name, err, c.want)
			}
		})
	}
}

func TestAnInterruptedRunGroupReturnsWhatItsMainTaskDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, interrupt)
		if err := RunGroup(ctx, sleeping(time.Minute, nil), sleeping(time.Minute, nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("RunGroup() = %v, want %v", err, context.Canceled)
		}
	})
}

// sleeping is a task that takes so long, and returns err unless it is ended before.
func sleeping(d time.Duration, err error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return err
		}
	}
}
