package live

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// RunGroup runs main and its background tasks: when main ends they are stopped and
// waited for; when one of them fails, main is stopped. It returns the first error.
func RunGroup(ctx context.Context, main func(context.Context) error, background ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer cancel()
		return main(ctx)
	})
	for _, task := range background {
		group.Go(func() error {
			err := task(ctx)
			if errors.Is(err, context.Canceled) && ctx.Err() != nil {
				return nil // it was stopped
			}
			return err
		})
	}
	return group.Wait()
}
