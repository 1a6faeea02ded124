package scenario

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"secondwind/loadgen/client"
	"secondwind/runlog"
)

// Open opens a file that the scenario names.
func (s Scenario) Open(name string) (io.ReadCloser, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.Dir, name)
	}
	return os.Open(name)
}

// Connections are how the scenario reaches its server, with the files that it names for that.
func (s Scenario) Connections() (client.Options, error) {
	var found faults
	o := s.In(s.Dir).Options(found.check)
	return o, found.joined()
}

// inputs is the folder, below that of a run, of what the run's scenario names.
const inputs = "inputs"

// CopyTo copies the files that the scenario names into a run's folder, and returns the
// scenario that names the copies: inputs/<the first digits of its SHA-256>-<its name>.
// What became of the files afterwards does not change the run, nor one like it. Keys and
// certificates are not copied, but named by their whole paths.
func (s Scenario) CopyTo(dir string) (Scenario, error) {
	from := s
	here, err := filepath.Abs(s.Dir)
	if err != nil {
		return s, err
	}
	s.Dir, s.Requests, s.Access = dir, slices.Clone(s.Requests), s.In(here)
	names := []*string{&s.LoadOnly.Replay}
	for i := range s.Requests {
		names = append(names, &s.Requests[i].BodyFile, &s.Requests[i].Rows)
	}
	for _, name := range names {
		if *name == "" {
			continue
		}
		data, err := from.read(*name)
		if err != nil {
			return s, err
		}
		if err := os.MkdirAll(filepath.Join(dir, inputs), 0o755); err != nil {
			return s, err
		}
		*name = fmt.Sprintf("%s/%.8x-%s", inputs, sha256.Sum256(data), filepath.Base(*name))
		if err := runlog.WriteFile(dir, *name, data); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s Scenario) read(name string) ([]byte, error) {
	file, err := s.Open(name)
	if err != nil {
		return nil, fmt.Errorf("copy what the scenario names: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	return io.ReadAll(file)
}
