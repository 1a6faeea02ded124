package live

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/runlog"
	"secondwind/verify/audit"
)

// Audit asks CloudTrail who called during the run that w records. The experiment must have
// ended, and the cloud must live. See audit.Run; waiting may be nil.
func Audit(ctx context.Context, cfg aws.Config, w *runlog.Writer, waiting func(atMost time.Duration)) (a runlog.Audit, err error) {
	if err := w.Flush(); err != nil {
		return a, err
	}
	record, err := runlog.Open(w.Dir())
	if err != nil {
		return a, err
	}
	return audit.Run(ctx, audit.Config{AWS: cfg, Waiting: waiting}, record)
}
