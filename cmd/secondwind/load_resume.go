package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/raw"
	"secondwind/loadgen/scenario"
	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// part is a record under way, with what an earlier process wrote of it.
type part struct {
	writer  *runlog.Writer
	sum     summary.Summary
	start   attack.Position
	results *raw.Writer // that go on; nil: none do
}

// withResume are the flags that a load may be resumed with: they are of this process. What is
// sent stands in the record, but for credentials.
var withResume = []string{"resume", "runs", "metrics", "otlp", "grace", "max-rate", "max-requests", "mine", "no-report", "json", "header"}

// readResumed returns the load that is to go on.
func (o loadOptions) readResumed(ctx context.Context, f *pflag.FlagSet, args []string) (l loading, err error) {
	f.Visit(func(flag *pflag.Flag) {
		if err == nil && !slices.Contains(withResume, flag.Name) {
			err = fmt.Errorf("--%s cannot be combined with --resume, which goes on with what the load was begun with; leave it out", flag.Name)
		}
	})
	if err != nil {
		return l, err
	}
	dir, err := findRun(o.resume, o.runs, func(m runlog.Manifest) bool { return m.Command == runlog.CommandLoad })
	if err != nil {
		return l, fmt.Errorf("--resume: %w", err)
	}
	switch m, err := runlog.ReadManifest(dir); {
	case err != nil:
		return l, fmt.Errorf("--resume: %w", err)
	case m.Command != runlog.CommandLoad:
		return l, fmt.Errorf("--resume: %s is the record of another command than load; only a load can be resumed", dir)
	case m.Complete:
		return l, fmt.Errorf("--resume %s: %w; load again with --scenario %s", dir, runlog.ErrEnded, filepath.Join(dir, runlog.ScenarioFile))
	}
	s, err := scenario.Read(ctx, filepath.Join(dir, runlog.ScenarioFile))
	if err == nil {
		err = o.giveBack(&s, args)
	}
	if err != nil {
		return l, fmt.Errorf("--resume %s: %w", dir, err)
	}
	if err = joined(append(s.LeftOut(), s.Examine(ctx, nil)...)); err == nil {
		l, err = newLoading(s)
	}
	l.resumed = dir
	return l, o.inFlags(f, err)
}

// giveBack gives the scenario of a record the credentials back that were left out there.
func (o loadOptions) giveBack(s *scenario.Scenario, args []string) error {
	if len(args) > 0 {
		if u, err := attack.ParseServer(args[0]); err != nil || u.String() == s.LoadOnly.URL || u.Redacted() != s.LoadOnly.URL {
			return errors.New("the URL stands in the record; leave it out, unless to give its password again")
		}
		s.LoadOnly.URL = args[0]
	}
	header, err := o.header()
	if err != nil {
		return err
	}
	for name, value := range header {
		if !s.Restore(name, value) {
			return fmt.Errorf("--header %s was not left out of the record; leave it out here", name)
		}
	}
	return nil
}

// begin begins the record, or goes on with it.
func (l loading) begin(runs string, now time.Time) (*part, error) {
	if l.resumed != "" {
		return l.resume(now.UTC())
	}
	writer, _, err := newRun(runs, runlog.CommandLoad, l.scenario, now, nil)
	return &part{writer: writer, sum: summary.Summary{Kind: l.kind()}}, err
}

// resume goes on with the record of a load that was killed.
func (l loading) resume(now time.Time) (p *part, err error) {
	writer, record, err := runlog.Resume(l.resumed)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, writer.Close())
		}
	}()
	p = &part{writer: writer, sum: summary.Summary{Kind: l.kind()}}
	for _, line := range record.Load {
		if err := p.sum.AddLine(line); err != nil {
			return nil, err
		}
	}
	var gap runlog.Gap
	p.start, gap = attack.PositionAfter(record)
	if !l.depends() {
		if err := p.start.Fits(l.offered, l.attack.Arrivals); err != nil {
			return nil, err
		}
	}
	if p.results, err = raw.Resume(l.resumed, uint64(p.start.Sent+p.start.Dropped)); err != nil {
		return nil, err
	}
	gap.Revision = version
	line := runlog.LoadLine{Time: now, Gap: &gap}
	return p, errors.Join(writer.WriteLoad(line), p.sum.AddLine(line))
}
