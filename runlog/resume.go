package runlog

import (
	"errors"
	"fmt"
)

// Errors of Resume.
var (
	ErrEnded  = errors.New("the run has ended in order, so there is nothing to resume")
	ErrLiving = errors.New("the run is still written by another process")
)

// Resume goes on with the record of a run that was killed, which it returns as it was read. A
// line that was cut short is removed; nothing before it is lost.
func Resume(dir string) (*Writer, *Record, error) {
	load, err := openLines(dir, LoadFile)
	if err != nil {
		return nil, nil, fmt.Errorf("resume run: %w", err)
	}
	// The lock comes before reading: who holds it still writes.
	if locked(lock(load.file)) {
		return nil, nil, errors.Join(fmt.Errorf("resume run %s: %w", dir, ErrLiving), load.file.Close())
	}
	r, err := Open(dir)
	if err == nil && r.Manifest.Complete {
		err = fmt.Errorf("resume run %s: %w", dir, ErrEnded)
	}
	if err != nil {
		return nil, nil, errors.Join(err, load.file.Close())
	}
	cloud, err := openLines(dir, CloudFile)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("resume run: %w", err), load.file.Close())
	}
	cloud.count = int64(len(r.Cloud))
	if err := errors.Join(load.repair(), cloud.repair()); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("resume run: %w", err), load.file.Close(), cloud.file.Close())
	}
	w := newWriter(dir, r.Manifest, load, cloud)
	w.hypothesis = r.Hypothesis != nil
	return w, r, nil
}
