package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/account/stack"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/probe"
	"secondwind/loadgen/scenario"
	"secondwind/terraform"
)

// drafted is the scenario that init writes with such flags for what was found, and its report.
func drafted(t *testing.T, o initOptions, f probe.Found) (scenario.Scenario, string) {
	t.Helper()
	o.out, o.path, o.startWithin = filepath.Join(t.TempDir(), "shop.yaml"), "/work", time.Minute
	v, err := stack.ParseScalingVariables(terraform.ScalingVariables, stack.ScalingVariables{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := o.draft()
	if err != nil {
		t.Fatal(err)
	}
	var r initial
	d.Asked, d.Status, d.CPUThreshold = "a program\n", f.Answer.Status, v.CPUThreshold
	if o.target.named() { // three instances at rest, at 600 requests a minute
		d.Instances, d.RequestRate = 3, 10
	}
	e := examination{o: &o, draft: &d, report: &r, variables: v}
	e.identify(f)
	e.healthy(f)
	e.price(f)
	if err := d.write(o.out); err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Read(t.Context(), o.out)
	if err != nil {
		t.Fatalf("what init wrote cannot be read: %v", err)
	}
	lines := ""
	for _, line := range r.Lines {
		lines += string(line.Kind) + " " + line.Text + "\n"
	}
	return s, lines
}

// webShop is a service that has whatever a proof needs.
func webShop() probe.Found {
	return probe.Found{
		Answer: probe.Answer{Status: http.StatusOK}, Health: "/healthz", HealthStatus: 204, Identity: mix.Identity{Header: "X-Served-By"},
		Latency: 12 * time.Millisecond, CPU: 10 * time.Millisecond,
	}
}

func TestWhatWasFoundStandsInTheScenario(t *testing.T) {
	s, report := drafted(t, initOptions{
		program: `./shop --port {port} --name "my shop"`, environment: []string{"INSTANCE_ID={instance_id}", "EMPTY="},
		method: "PUT", body: "a: \"b\"\n#c", headers: []string{"X-A: b: c", "Content-Type: text/x"},
	}, webShop())
	r := s.Requests[0]
	if r.Method != "PUT" || r.Path != "/work" || r.Body != "a: \"b\"\n#c" || len(r.Headers) != 2 || r.Headers["X-A"] != "b: c" ||
		!slices.Equal(r.Expect.Status, []string{"200"}) {
		t.Errorf("request %+v", r)
	}
	p := s.Local.Program
	if want := []string{"./shop", "--port", "{port}", "--name", "my shop"}; !slices.Equal(p.Command, want) ||
		p.Environment["INSTANCE_ID"] != "{instance_id}" || p.Environment["EMPTY"] != "" || len(p.Environment) != 2 {
		t.Errorf("program %+v, want %q", p, want)
	}
	if s.Name != "shop" || s.Identity != (mix.Identity{Header: "X-Served-By"}) || s.Calibration.StartRate != 5 || s.Timeout != 5*time.Second ||
		s.Local.HealthCheck != (scenario.HealthCheck{Path: "/healthz", Codes: "204"}) || len(s.Local.Scaling) > 0 {
		t.Errorf("scenario %+v", s)
	}
	if strings.Contains(report, "missing") {
		t.Errorf("it reports\n%s\nwant nothing to be missing", report)
	}
}

func TestWhatIsMissingIsReportedWithWhatToDo(t *testing.T) {
	local, remote := initOptions{program: "./shop {address}"}, initOptions{}
	remote.target.told.LoadBalancerURL = "http://shop.example"
	for name, c := range map[string]struct {
		o      initOptions
		change func(*probe.Found)
		holds  func(scenario.Scenario) bool
		want   string // in the report
	}{
		"an identity": {
			local, func(f *probe.Found) { f.Identity = mix.Identity{} }, func(s scenario.Scenario) bool { return s.Identity.Target },
			"send the header X-Instance-Id with its id, which --environment 'INSTANCE_ID={instance_id}' gives it",
		},
		"an identity that is a host": {
			remote, func(f *probe.Found) {
				f.Identity, f.Similar = mix.Identity{}, []probe.Named{{By: mix.Identity{JSON: "meta.host"}, Value: "ip-10-0-0-7"}}
			}, func(s scenario.Scenario) bool { return s.Identity.Target },
			`(json: "meta.host" is "ip-10-0-0-7", which is not the id of an instance)`,
		},
		"a health path": {
			local, func(f *probe.Found) { f.Health, f.HealthStatus = "", 0 },
			func(s scenario.Scenario) bool {
				return s.Local.HealthCheck == (scenario.HealthCheck{Path: "/work", Codes: "200"})
			},
			"add a path that answers at once, and name it with --health-path",
		},
		"CPU": {
			local, func(f *probe.Found) { f.CPU = 50 * time.Microsecond }, func(s scenario.Scenario) bool {
				return s.Local.Scaling["policy"] == "target_tracking" && s.Local.Scaling["requests_per_target"] == "1200" &&
					s.Calibration.StartRate == 5
			}, "a request takes so little CPU that 6400 requests/s would be needed",
		},
		"requests that are cheap": {
			local, func(f *probe.Found) { f.CPU, f.Latency = 2*time.Second, 2*time.Second }, func(s scenario.Scenario) bool {
				return s.Timeout == 20*time.Second && s.Calibration.StartRate == 0.025
			}, "0.16 requests/s bring an instance over the alarm's 20 %, too few",
		},
		"connections that are free": {
			remote, func(f *probe.Found) { f.Sticky = "AWSALB" }, func(scenario.Scenario) bool { return true }, "the cookie AWSALB, which binds",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := webShop()
			c.change(&f)
			s, report := drafted(t, c.o, f)
			if !c.holds(s) || !strings.Contains(report, "missing ") || !strings.Contains(report, c.want) {
				t.Errorf("scenario %+v, reported\n%s\nwant %q", s, report, c.want)
			}
		})
	}
}

func TestWhatCannotBeMeasuredIsAssumed(t *testing.T) {
	f := webShop()
	f.CPU = 0
	var o initOptions
	o.target.told.LoadBalancerURL = "http://shop.example"
	if s, report := drafted(t, o, f); s.Calibration.StartRate != 4.2 || len(s.Local.Program.Command) > 0 ||
		!strings.Contains(report, "12ms of a request's time are taken for CPU") || strings.Contains(report, "missing") {
		t.Errorf("calibration %+v, reported\n%s", s.Calibration, report)
	}
	for beside, want := range map[time.Duration]float64{7 * time.Millisecond: 10, 12 * time.Millisecond: 42} {
		f.Beside = beside
		if s, report := drafted(t, o, f); s.Calibration.StartRate != want {
			t.Errorf("start_rate %g where %s are the way there, want %g; reported\n%s", s.Calibration.StartRate, beside, want, report)
		}
	}
	o.target.told.AutoScalingGroupName = "web"
	if s, report := drafted(t, o, f); s.Calibration.StartRate != 7.5 || !strings.Contains(report, "scales at 10 requests/s and instance") {
		t.Errorf("calibration %+v of a group that scales by requests, reported\n%s", s.Calibration, report)
	}
}

func TestQuestionsAreAskedForWhatNoFlagSays(t *testing.T) {
	for name, c := range map[string]struct {
		given []string
		typed string
		want  map[string]string // flags; "": of the error
	}{
		"a program": {
			nil, "./shop {address}\n\n/up\nmine.yaml\n",
			map[string]string{"program": "./shop {address}", "path": "/", "health-path": "/up", "out": "mine.yaml"},
		},
		"a group": {nil, "\nweb\n/work\n\n", map[string]string{"group": "web", "path": "/work", "out": "scaling.yaml"}},
		"a URL": {
			[]string{"--path", "/work"}, "\n\nhttp://shop.example\n\n\n",
			map[string]string{"url": "http://shop.example", "path": "/work", "health-path": "", "out": "scaling.yaml"},
		},
		"nothing":     {nil, "\n\n\n", map[string]string{"": "there is nothing to ask"}},
		"no answer":   {nil, "", map[string]string{"": "the questions were not answered"}},
		"half of one": {nil, "./shop {address}\n/wo", map[string]string{"": "the questions were not answered"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := newInit(&output{})
			if err := cmd.ParseFlags(c.given); err != nil {
				t.Fatal(err)
			}
			var asked strings.Builder
			err := ask(t.Context(), strings.NewReader(c.typed), &asked, cmd.Flags())
			if want := c.want[""]; (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("ask() = %v, want %q; asked %q", err, want, asked.String())
			}
			for flag, want := range c.want {
				if flag != "" && cmd.Flags().Lookup(flag).Value.String() != want {
					t.Errorf("--%s is %q, want %q; asked %q", flag, cmd.Flags().Lookup(flag).Value, want, asked.String())
				}
			}
		})
	}
}
