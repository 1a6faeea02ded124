// Command secondwind proves that an Auto Scaling group scales: it drives it with
// real load, watches CloudWatch and the group, and judges link by link.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
