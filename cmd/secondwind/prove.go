package main

import (
	"context"

	"secondwind/cmd/secondwind/live"
)

// proof is a group that is there, local or on AWS, and the run that is to prove
// that it scales. Nothing from here on knows which it is.
type proof struct {
	live.Config
	wanted     []string // findings of the doctor that the scenario asks for
	skipDoctor bool     // go on whatever it finds
}

// prove examines the group before any load, and then proves it.
func prove(ctx context.Context, p proof) error {
	if err := examineFirst(ctx, p); err != nil {
		return err
	}
	return live.Prove(ctx, p.Config)
}
