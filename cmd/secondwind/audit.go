package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/spf13/cobra"

	"secondwind/cmd/internal/awsconfig"
	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/reports"
	"secondwind/reports/attest"
	"secondwind/runlog"
	"secondwind/runlog/timeline"
	"secondwind/verify/audit"
	"secondwind/verify/doctor"
	"secondwind/verify/judge"
)

func newAudit(out *output) *cobra.Command {
	var key string
	var signer *attest.Signer
	cmd := &cobra.Command{
		Use:   "audit <run folder> | latest",
		Short: "Ask CloudTrail who called during a recorded run",
		Long: "Asks CloudTrail, with the usual AWS credentials (AWS_PROFILE, AWS_ENDPOINT_URL, …) and in the run's\n" +
			"Region, for every call that changed something while the run went on, and writes audit.jsonl into the\n" +
			"run's folder. The sealed record is not touched; `secondwind judge` and `report` then say who called.\n\n" +
			"AWS takes minutes to show a call: up to 15 minutes after the run, the command waits for it. AWS\n" +
			"shows calls for 90 days. It needs cloudtrail:LookupEvents, and asks no more than twice a second.\n\n" +
			"A run that is signed is no longer signed with its audit, unless --sign signs both anew.\n\n" +
			"Exit codes: 0 nobody else called; 3 somebody did, or the audit is incomplete; 2 misuse, or\n" +
			"CloudTrail could not be asked; 130 interrupted.",
	}
	asked := oneRun(cmd, runlog.Manifest.Claims)
	find := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) (err error) {
		if key != "" { // before the run: a wrong key is found at once
			signer, err = readKey(cmd.Context(), "sign", key, attest.ParseSigner)
		}
		return cmp.Or(err, find(cmd, args))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := asked.folder()
		if err != nil {
			return err
		}
		return runAudit(cmd.Context(), out, dir, signer)
	}
	cmd.Flags().StringVar(&key, "sign", "", "`file` of the private Ed25519 key with which the run is signed anew, with its audit and reports")
	return cmd
}

func runAudit(ctx context.Context, out *output, dir string, signer *attest.Signer) error {
	record, err := runlog.Open(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if signer != nil && runlog.Signed(dir) {
		if err := signer.Verifier().Verify(ctx, dir); err != nil {
			return fmt.Errorf("%s is not signed anew: %w", dir, err)
		}
	}
	if !record.Manifest.Complete || !record.Manifest.Claims() {
		return fmt.Errorf("%s is not the sealed record of a proof: the run is under way, or was killed, or claims nothing; "+
			"who called would decide nothing", dir)
	}
	if _, _, err := audit.Window(record); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	cfg, err := awsconfig.Load(ctx, regionOf(record))
	if err != nil {
		return err
	}
	start := time.Now()
	reporter := out.reporter(start)
	made, err := audit.Run(ctx, audit.Config{AWS: cfg, Waiting: waiting(reporter, start)}, record)
	reporter.Close()
	if err != nil {
		return doctor.Explain(ctx, cfg, err)
	}
	if err := runlog.WriteAudit(dir, made); err != nil {
		return err
	}
	if record, err = runlog.Open(dir); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if signer != nil {
		if err := signAnew(ctx, dir, signer); err != nil {
			return err
		}
	}
	return writeAudit(out, judge.Judge(record), dir)
}

// signAnew writes the verdict and the report of a run to which evidence was added, and signs it.
func signAnew(ctx context.Context, dir string, signer *attest.Signer) error {
	err := os.Remove(filepath.Join(dir, runlog.AttestationFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c, err := conclude(ctx, dir, reports.HTMLFile, sealAgain)
	if err = cmp.Or(err, ctx.Err(), c.unwritten); err != nil {
		return fmt.Errorf("the run is not signed: %w", err)
	}
	return signer.Sign(ctx, dir, c.verdict)
}

// regionOf is the Region of the run's group; "" if the record does not say.
func regionOf(r *runlog.Record) string {
	for _, g := range timeline.New(r.Cloud, timeline.SubjectOf(r)).Groups {
		if parsed, err := arn.Parse(g.Value.AutoScalingGroupARN); err == nil {
			return parsed.Region
		}
	}
	return ""
}

// waiting reports that CloudTrail is waited for: once in words, then that it still is.
func waiting(reporter progress.Reporter, start time.Time) func(time.Duration) {
	reported := false
	return func(atMost time.Duration) {
		if !reported {
			reporter.Event(time.Since(start), "waiting until CloudTrail shows who called, at most "+runlog.Words(atMost))
		}
		reported = true
		reporter.Status(progress.Status{Phase: runlog.PhaseDone, Elapsed: time.Since(start)})
	}
}

// writeAudit writes what the audit shows, and where it is.
func writeAudit(out *output, v judge.Verdict, dir string) error {
	i := slices.IndexFunc(v.Confounders, func(f judge.Finding) bool { return f.ID == judge.ForeignCall })
	f := v.Confounders[i]
	file := filepath.Join(dir, runlog.AuditFile)
	err := out.write(struct {
		Finding judge.Finding `json:"finding"`
		Outcome judge.Outcome `json:"outcome"` // of the run, with the audit
		Audit   string        `json:"audit"`
	}{f, v.Outcome, file}, func(w io.Writer) {
		var text strings.Builder
		fmt.Fprintf(&text, "%s: %s.\nWith this audit the run is %s; `secondwind report %s` writes its report anew.\n\naudit  %s\n",
			f.Name, f.Seen, v.Outcome, dir, file)
		fmt.Fprint(w, out.style().Fold(text.String()))
	})
	if err == nil && f.Status != judge.Held {
		err = &exitError{code: judge.Inconclusive.ExitCode()}
	}
	return err
}

// auditRun asks CloudTrail who called during the run that has just ended. What stands in
// the way is reported: the run is judged without.
func auditRun(ctx context.Context, p proof) {
	made, err := live.Audit(ctx, p.AWS, p.Writer, waiting(p.Progress, p.Start))
	line := "audit: CloudTrail was asked who called"
	switch {
	case errors.Is(err, context.Canceled):
		line = "audit: given up; `secondwind audit` asks CloudTrail later"
	case err != nil:
		line = "audit: not made: " + doctor.Explain(ctx, p.AWS, err).Error()
	default:
		p.Writer.WriteAudit(made)
	}
	p.Progress.Event(time.Since(p.Start), line)
}
