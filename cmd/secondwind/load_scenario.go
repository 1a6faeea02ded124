package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/raw"
	"secondwind/loadgen/scenario"
)

// read returns the scenario that the command line asks for: that of the flags, or of the
// file that they name, whose values they override. It has no fault.
func (o loadOptions) read(ctx context.Context, f *pflag.FlagSet, args []string, stdin io.Reader) (s scenario.Scenario, err error) {
	if err := o.refuse(f, args); err != nil {
		return s, err
	}
	if o.scenario != "" {
		s, err = scenario.Read(ctx, o.scenario)
	} else {
		s = scenario.Default()
		s.Requests = []mix.Request{o.request()}
	}
	if err != nil {
		return s, err
	}
	err = cmp.Or(o.destination(&s, f, args), o.offer(&s.LoadOnly, f), o.override(&s, f))
	if err != nil {
		return s, err
	}
	return s, joined(append(s.LeftOut(), s.Examine(ctx, stdin)...))
}

// refuse refuses flags that contradict each other.
func (o loadOptions) refuse(f *pflag.FlagSet, args []string) error {
	err := cmp.Or(notWith(f, "profile", "rate"), notWith(f, "replay", "rate", "profile"), notWith(f, "body-file", "body"),
		notWith(f, "digits", "method", "body", "body-file"), notWith(f, "targets", "method", "digits"),
		notWith(f, "scenario", "method", "body", "body-file", "digits", "targets"),
		notWith(f, "users", "rate", "profile", "replay", "arrivals", "precise", "max-in-flight", "max-late"),
		onlyWith(f, []string{"users", "scenario"}, "think"), onlyWith(f, []string{"targets"}, "format"),
	)
	switch {
	case err != nil:
		return err
	case len(args) == 0 && o.targets == "" && o.scenario == "":
		return errors.New("give the URL to send requests to, for instance http://127.0.0.1:8080, or --targets FILE")
	case len(args) > 0 && o.targets != "":
		return fmt.Errorf("--targets name their URLs themselves; leave %s out", attack.WithoutUser(args[0]))
	case f.Changed("digits") && o.digits < 1:
		return fmt.Errorf("--digits is %d; give 1 or more", o.digits)
	case f.Changed("duration") && o.duration <= 0:
		return fmt.Errorf("--duration is %s; give how long to load, for instance 30s", o.duration)
	case o.raw != "" && !raw.Known(o.raw):
		return fmt.Errorf("--raw is %q; give gob, json or csv", o.raw)
	}
	return nil
}

// request is the only one of a load without a scenario file.
func (o loadOptions) request() mix.Request {
	r := mix.Request{Method: o.method, Body: o.body, BodyFile: o.bodyFile}
	if o.digits != 0 {
		r.Numbers = mix.Numbers{Operation: "*", Digits: mix.Digits{Min: o.digits, Max: o.digits}}
		r.Expect = mix.Expect{Status: []string{"200"}, Exact: true}
	}
	return r
}

// destination sets where requests go, and the headers that all of them have.
func (o loadOptions) destination(s *scenario.Scenario, f *pflag.FlagSet, args []string) error {
	l := &s.LoadOnly
	if len(args) > 0 {
		if _, err := attack.ParseServer(args[0]); err != nil {
			return err
		}
		l.URL, l.Targets, l.Format = args[0], "", ""
	}
	if o.targets != "" {
		l.Targets, l.Format = o.targets, o.format
	}
	if l.URL == "" && l.Targets == "" {
		return fmt.Errorf("%s names no server; give its URL, for instance http://127.0.0.1:8080", o.scenario)
	}
	if f.Changed("instance-header") || o.scenario == "" {
		s.Identity = mix.Identity{Header: o.identity}
	}
	header, err := o.header()
	if err != nil {
		return err
	}
	for i := range s.Requests {
		for name, value := range header {
			s.Requests[i].SetHeader(name, value)
		}
	}
	return nil
}

// header are the headers that --header gives.
func (o loadOptions) header() (map[string]string, error) {
	header := map[string]string{}
	for _, line := range o.headers {
		name, value, err := readHeader(line)
		if err != nil {
			return nil, err
		}
		if before := header[name]; before != "" {
			value = before + ", " + value
		}
		header[name] = value
	}
	return header, nil
}

// readHeader reads a --header.
func readHeader(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		err = fmt.Errorf("--header is %q; give 'Name: value'", line)
	}
	return strings.TrimSpace(name), strings.TrimSpace(value), err
}

// offer sets what is offered over time, and by whom. A flag takes the place of all that the
// file says of it.
func (o loadOptions) offer(l *scenario.LoadOnly, f *pflag.FlagSet) error {
	byUsers := f.Changed("users")
	if byUsers || f.Changed("rate") || f.Changed("profile") || f.Changed("replay") || o.scenario == "" {
		l.Profile, l.Replay, l.Users, l.Phases, l.CPUOf = o.profile, o.fromHere(o.replay), o.users, nil, nil
		if byUsers {
			l.Arrivals, l.Precise = "even", false
		} else {
			l.Think = ""
		}
		if !byUsers && o.profile == "" && o.replay == "" {
			rate, err := o.readRate()
			if err != nil {
				return err
			}
			l.Profile = "constant:" + strconv.FormatFloat(rate, 'g', -1, 64)
		}
	}
	for flag, set := range map[string]func(){
		"cpu-of":   func() { l.CPUOf = o.cpuOf },
		"arrivals": func() { l.Arrivals = o.arrivals }, "think": func() { l.Think = o.think }, "precise": func() { l.Precise = o.precise },
		"unchecked": func() { l.Unchecked = o.unchecked },
		"duration":  func() { l.Duration = o.duration }, "require": func() { l.Require = o.require }, "abort": func() { l.Abort = o.abort },
	} {
		if f.Changed(flag) {
			set()
		}
	}
	return nil
}

// fromHere is a file that a flag names, for a scenario whose files are looked for beside it.
func (o loadOptions) fromHere(name string) string {
	if absolute, err := filepath.Abs(name); err == nil && o.scenario != "" && name != "" {
		return absolute
	}
	return name
}

func (o loadOptions) readRate() (float64, error) {
	number, unit, _ := strings.Cut(o.rate, "/")
	per, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	rate, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || profile.Constant(rate/per).Validate() != nil {
		return 0, fmt.Errorf("--rate is %q; give requests a second, minute or hour, for instance 500/s or 30/m", o.rate)
	}
	if rate == 0 {
		return 0, fmt.Errorf("--rate is %q, which sends nothing; give more than 0, for instance 500/s or 30/m", o.rate)
	}
	return rate / per, nil
}

// override sets the limits that flags give.
func (o loadOptions) override(s *scenario.Scenario, f *pflag.FlagSet) error {
	if f.Changed("timeout") {
		s.Timeout = o.timeout
	}
	if f.Changed("max-in-flight") {
		s.MaxInFlight = o.inFlight
	}
	if f.Changed("max-late") {
		s.Limits.MaxLate = o.maxLate
	}
	a := o.access
	for flag, set := range map[string]func(){
		"connection-age": func() { s.ConnectionAge = a.ConnectionAge }, "dns-interval": func() { s.DNSInterval = a.DNSInterval },
		"streams": func() { s.Streams = a.Streams },
		"http":    func() { s.HTTP = a.HTTP }, "unix-socket": func() { s.UnixSocket = o.fromHere(a.UnixSocket) },
		"root-certs": func() { s.TLS.RootCerts = o.fromHere(a.TLS.RootCerts) }, "cert": func() { s.TLS.Cert = o.fromHere(a.TLS.Cert) },
		"key": func() { s.TLS.Key = o.fromHere(a.TLS.Key) }, "insecure": func() { s.TLS.Insecure = a.TLS.Insecure },
	} {
		if f.Changed(flag) {
			set()
		}
	}
	if s.LoadOnly.ByUsers() && (f.Changed("max-in-flight") || f.Changed("max-late")) {
		return fmt.Errorf("--max-in-flight and --max-late are of a rate, and %s asks for users; leave them out", o.scenario)
	}
	return nil
}

// joined makes faults an error, nil if there is none.
func joined(found []mix.Fault) error {
	var all []error
	for _, f := range found {
		all = append(all, f)
	}
	return errors.Join(all...)
}

// loadFlags are the flags that set the keys of a scenario. A key is the first that fits.
var loadFlags = []struct{ key, flag string }{
	{"load_only.cpu_of", "cpu-of"}, {"load_only.profile", "profile"}, {"load_only.replay", "replay"}, {"load_only.users", "users"},
	{"load_only.think", "think"}, {"load_only.arrivals", "arrivals"}, {"load_only.precise", "precise"},
	{"load_only.duration", "duration"}, {"load_only.require", "require"}, {"load_only.abort", "abort"},
	{"load_only.targets", "targets"}, {"load_only.format", "format"},
	{"timeout", "timeout"}, {"max_in_flight", "max-in-flight"}, {"limits.max_late", "max-late"}, {"connection_age", "connection-age"},
	{"dns_interval", "dns-interval"}, {"http", "http"}, {"streams", "streams"},
	{"unix_socket", "unix-socket"}, {"tls.root_certs", "root-certs"},
	{"tls.cert", "cert"}, {"tls.key", "key"}, {"tls.insecure", "insecure"},
	{"identity.header", "instance-header"}, {"requests[0].method", "method"}, {"requests[0].body_file", "body-file"},
	{"requests[0].body", "body"}, {"requests[0].numbers", "digits"},
}

// inFlags is an error of a scenario in terms of the flags that were given.
func (o loadOptions) inFlags(f *pflag.FlagSet, err error) error {
	all := []error{err}
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		all = several.Unwrap()
	}
	var lines []error
	for _, one := range all {
		var fault mix.Fault
		if !errors.As(one, &fault) {
			lines = append(lines, one)
			continue
		}
		lines = append(lines, errors.New(o.inFlag(f, fault)))
	}
	return errors.Join(lines...)
}

func (o loadOptions) inFlag(f *pflag.FlagSet, fault mix.Fault) string {
	for _, known := range loadFlags {
		if strings.HasPrefix(fault.Key, known.key) && (o.scenario == "" || f.Changed(known.flag)) {
			return "--" + known.flag + " " + fault.Text
		}
	}
	if _, name, ok := strings.Cut(fault.Key, ".headers."); ok && (o.scenario == "" || f.Changed("header")) {
		return "--header " + name + " " + fault.Text
	}
	if o.scenario == "" {
		return "the URL " + fault.Text // there is nothing else
	}
	return o.scenario + ": " + fault.Error()
}
