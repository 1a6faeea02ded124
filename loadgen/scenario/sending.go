package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
)

// Mix makes what a load by itself sends: its targets, or the requests for the server at its URL.
func (s Scenario) Mix() (*mix.Mix, error) {
	if s.LoadOnly.Unchecked {
		s.LoadOnly.Unchecked, s.Requests = false, slices.Clone(s.Requests)
		for i := range s.Requests {
			s.Requests[i].Expect = mix.Expect{} // no results are computed
		}
		m, err := s.Mix()
		if err == nil {
			m.Uncheck()
		}
		return m, err
	}
	if s.LoadOnly.Targets != "" {
		return s.targets()
	}
	base, err := attack.ParseServer(s.LoadOnly.URL)
	if err != nil {
		return nil, err
	}
	return mix.Make(s.Spec, base, s.Open)
}

// targets reads the targets, with what the only request gives to all of them.
func (s Scenario) targets() (*mix.Mix, error) {
	common := s.Requests[0]
	t := mix.Targets{Format: "http", Header: http.Header{}, Body: []byte(common.Body), Identity: s.Identity}
	if s.LoadOnly.Format != "" {
		t.Format = s.LoadOnly.Format
	}
	for name, value := range common.Headers {
		t.Header.Set(name, value)
	}
	var err error
	if common.BodyFile != "" {
		if t.Body, err = s.read(common.BodyFile); err != nil {
			return nil, fmt.Errorf("body_file %s: %w", common.BodyFile, err)
		}
	}
	file, err := s.read(s.LoadOnly.Targets)
	if err != nil {
		return nil, err
	}
	return mix.FromTargets(bytes.NewReader(file), t)
}

// sendingFaults checks what may be sent.
func (s Scenario) sendingFaults(check func(ok bool, key, format string, args ...any)) {
	if s.LoadOnly.Targets != "" {
		var common mix.Request
		if len(s.Requests) == 1 {
			common = mix.Request{Headers: s.Requests[0].Headers, Body: s.Requests[0].Body, BodyFile: s.Requests[0].BodyFile}
		}
		check(reflect.DeepEqual(s.Requests, []mix.Request{common}), "requests",
			"are given together with targets, for which one may have headers and a body for all of them; keep one")
	}
	if u, err := url.Parse(s.LoadOnly.URL); err == nil && u.Scheme == "http" {
		for key, given := range map[string]bool{
			"tls.root_certs": s.TLS.RootCerts != "", "tls.cert": s.TLS.Cert != "", "tls.insecure": s.TLS.Insecure,
		} {
			check(!given, key, "is of TLS, and the URL is of http; give an https URL, or leave this out")
		}
	}
}

// LeftOut reports what WithoutSecrets left out, and nobody has given since.
func (s Scenario) LeftOut() []mix.Fault {
	var found faults
	if u, err := url.Parse(s.LoadOnly.URL); err == nil {
		password, _ := u.User.Password()
		found.check(password != hiddenPassword, "load_only.url", "lacks its password, as in a record; give the URL again")
	}
	for i, r := range s.Requests {
		for name, value := range r.Headers {
			found.check(value != hiddenValue, fmt.Sprintf("requests[%d].headers.%s", i, name), "is left out of records; give it again")
		}
	}
	for name, value := range s.Local.Program.Environment {
		found.check(value != hiddenValue, "local.program.environment."+name, "is left out of records; give it again")
	}
	return found
}

// Attack is how requests are sent, in a proof and in a load by itself.
func (s Scenario) Attack(requests *mix.Mix) (attack.Config, error) {
	var found faults
	connections := s.connections(found.check)
	return attack.Config{
		Server: requests.Server(), Requests: requests, Timeout: s.Timeout, MaxInFlight: s.MaxInFlight, MaxLate: s.Limits.MaxLate,
		Connections: connections,
	}, found.joined()
}

// LoadAttack is how a load by itself sends requests.
func (s Scenario) LoadAttack(requests *mix.Mix) (attack.Config, error) {
	l := s.LoadOnly
	cfg, err := s.Attack(requests)
	cfg.Precise, cfg.Arrivals = l.Precise, profile.Arrivals{Poisson: l.Arrivals == "poisson", Seed: s.Seed}
	if !l.ByUsers() {
		return cfg, err
	}
	cfg.Users = &executor.Behavior{Seed: s.Seed}
	if l.Think == "" {
		return cfg, err
	}
	think, wrong := executor.ParseThink(l.Think)
	cfg.Users.Think = think
	return cfg, errors.Join(err, wrong)
}

// What stands in a record for a credential.
const (
	hiddenValue    = "***"
	hiddenPassword = "xxxxx" // as in url.URL.Redacted
)

// secretVariable are the names of environment variables that hold credentials, by convention.
var secretVariable = regexp.MustCompile(`(?i)secret|token|passw|key|credential|dsn|_url$`)

// WithoutSecrets is the scenario as it may stand in a record that others get to see: without
// the password of its URL, and without headers and variables that hold credentials. What is in
// the files that it names stays.
func (s Scenario) WithoutSecrets() Scenario {
	if u, err := url.Parse(s.LoadOnly.URL); err == nil {
		s.LoadOnly.URL = u.Redacted()
	}
	p := &s.Local.Program
	p.Environment = maps.Clone(p.Environment)
	for name := range p.Environment {
		if secretVariable.MatchString(name) {
			p.Environment[name] = hiddenValue
		}
	}
	s.Requests = slices.Clone(s.Requests)
	for i := range s.Requests {
		r := &s.Requests[i]
		r.Headers = maps.Clone(r.Headers)
		for name := range r.Headers {
			if attack.Secret(name) {
				r.Headers[name] = hiddenValue
			}
		}
	}
	return s
}
