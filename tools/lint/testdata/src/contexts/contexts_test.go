package contexts

import "context"

func inATest(ctx context.Context) { _ = context.Background() }
