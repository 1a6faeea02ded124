package scenario

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/client"
	"secondwind/loadgen/mix"
	"secondwind/runlog"
	"secondwind/textfile"
)

// Open opens a file that the scenario names.
func (s Scenario) Open(name string) (io.ReadCloser, error) {
	if data, piped := s.piped[name]; piped {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	return os.Open(s.Path(name))
}

// Path is where a file, or a folder, is that the scenario names.
func (s Scenario) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Dir, name)
}

// input is a file that a key names.
type input struct {
	key  string
	name *string
}

// inputs are the files that the scenario names, and that a record has.
func (s *Scenario) inputs() []input {
	all := []input{{"load_only.replay", &s.LoadOnly.Replay}, {"load_only.targets", &s.LoadOnly.Targets}}
	for i := range s.LoadOnly.Phases {
		all = append(all, input{fmt.Sprintf("load_only.phases[%d].replay", i), &s.LoadOnly.Phases[i].Replay})
	}
	for i := range s.Requests {
		r, key := &s.Requests[i], fmt.Sprintf("requests[%d].", i)
		all = append(all, input{key + "body_file", &r.BodyFile}, input{key + "rows", &r.Rows})
	}
	return slices.DeleteFunc(all, func(i input) bool { return *i.name == "" })
}

// files are inputs, and those that no record has: keys and certificates.
func (s *Scenario) files() []input {
	t := &s.TLS
	all := append(s.inputs(), input{"tls.root_certs", &t.RootCerts}, input{"tls.cert", &t.Cert}, input{"tls.key", &t.Key})
	return slices.DeleteFunc(all, func(i input) bool { return *i.name == "" })
}

// connections are how the server is reached. check is told what is wrong with the files.
func (s Scenario) connections(check client.Check) client.Options {
	a := s.Access
	if a.UnixSocket != "" {
		a.UnixSocket = s.Path(a.UnixSocket)
	}
	return a.Options(s.read, check)
}

// TLSConfig is how an https server is trusted.
func (s Scenario) TLSConfig() (*tls.Config, error) {
	var found faults
	o := s.connections(found.check)
	return o.TLS, found.joined()
}

// Examine reports what is wrong with the scenario and the files that it names. It waits for
// those that are pipes until ctx ends; - is stdin, unless that is nil.
func (s *Scenario) Examine(ctx context.Context, stdin io.Reader) []mix.Fault {
	if found := s.Faults(); len(found) > 0 {
		return found
	}
	if found := s.readPipes(ctx, stdin); len(found) > 0 {
		return found
	}
	var found faults
	if s.LoadOnly.Targets != "" {
		_, err := s.targets()
		found.check(err == nil, "load_only.targets", "is %q: %s", s.LoadOnly.Targets, attack.WithoutUser(fmt.Sprint(err)))
	} else {
		found = s.Check(s.Open)
	}
	s.connections(found.check)
	for i, p := range s.LoadOnly.phases() {
		key := "load_only.replay"
		if len(s.LoadOnly.Phases) > 0 {
			key = fmt.Sprintf("load_only.phases[%d].replay", i)
		}
		_, err := s.offered(p)
		found.check(err == nil, key, "is %q: %v", p.Replay, err)
	}
	if len(found) == 0 {
		key, wrong := s.offerFault()
		found.check(wrong == "", key, "%s", wrong)
	}
	return found
}

// readPipes keeps what pipes hold, and whatever else is no regular file.
func (s *Scenario) readPipes(ctx context.Context, stdin io.Reader) []mix.Fault {
	var found faults
	for _, i := range s.files() {
		name := *i.name
		info, err := os.Stat(s.Path(name))
		standard := name == "-" && stdin != nil
		if _, known := s.piped[name]; known || !standard && (err != nil || info.Mode().IsRegular() || info.IsDir()) {
			continue // whoever opens it reports what is wrong
		}
		at := *s // of its own, since a pipe that nobody writes to leaves the read behind
		data, err := textfile.Await(ctx, func() ([]byte, error) {
			if standard {
				return at.bounded(stdin)
			}
			return at.read(name)
		})
		found.check(err == nil, i.key, "is %q: %v", name, err)
		if s.piped == nil {
			s.piped = map[string][]byte{}
		}
		s.piped[name] = data
	}
	return found
}

// copies is the folder, below that of a run, of what the run's scenario names.
const copies = "inputs"

// CopyTo copies the files that the scenario names into a run's folder, and returns the
// scenario that names the copies: inputs/<the first digits of its SHA-256>-<its name>.
// What became of the files afterwards does not change the run, nor one like it. Keys and
// certificates stay where they are, and so does a Unix socket.
func (s Scenario) CopyTo(dir string) (Scenario, error) {
	from := s
	s.Dir, s.Requests = dir, slices.Clone(s.Requests)
	s.piped, s.LoadOnly.Phases = nil, slices.Clone(s.LoadOnly.Phases)
	here, err := filepath.Abs(from.Dir)
	if err != nil {
		return s, err
	}
	s.Access, s.Local.Program = s.In(here), s.Local.Program.in(here)
	for _, i := range s.inputs() {
		data, err := from.read(*i.name)
		if err != nil {
			return s, fmt.Errorf("copy %s of the scenario: %w", i.key, err)
		}
		if err := os.MkdirAll(filepath.Join(dir, copies), 0o755); err != nil {
			return s, err
		}
		base := filepath.Base(*i.name)
		if base == "-" {
			base = "stdin"
		}
		*i.name = fmt.Sprintf("%s/%.8x-%s", copies, sha256.Sum256(data), base)
		if err := runlog.WriteFile(dir, *i.name, data); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s Scenario) read(name string) ([]byte, error) {
	file, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return s.bounded(file)
}

// bounded reads what fits into the pool.
func (s Scenario) bounded(src io.Reader) ([]byte, error) {
	pool, err := s.PoolBytes()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(src, pool+1))
	if err == nil && int64(len(data)) > pool {
		err = errors.New("it does not fit into the pool; give a smaller file, or a larger pool in a scenario")
	}
	return data, err
}
