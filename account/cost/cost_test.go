package cost_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/account/cost"
)

func plan() cost.Plan {
	return cost.Plan{Region: "us-east-1", InstanceType: "t2.micro", Duration: 2 * time.Hour}
}

func item(t *testing.T, e cost.Estimate, name string) cost.Item {
	t.Helper()
	for _, i := range e.Items {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("the estimate has no item %q", name)
	return cost.Item{}
}

func TestAnEstimateCountsEachItemAtItsPrice(t *testing.T) {
	e, err := cost.Of(plan(), cost.Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ low, high float64 }{
		"EC2 t2.micro":                   {2 * 0.0116, 4 * 0.0116},
		"surplus CPU credits":            {0, 0.22 * 4 * 0.05},
		"EBS gp3":                        {2 * 8 * 0.08 / 730, 4 * 8 * 0.08 / 730},
		"public IPv4 addresses":          {4 * 0.005, 8 * 0.005},
		"Application Load Balancer":      {2 * 0.0225, 3 * 0.0225},
		"load balancer capacity":         {50 * 16384 * 7200 / 1e9 * 0.008, 50 * 16384 * 7200 / 1e9 * 0.008}, // bytes are its largest dimension
		"CloudWatch detailed monitoring": {0, 14.0 * 2 / 730 * 0.3},
		"CloudWatch GetMetricData":       {720 * 4 / 1000.0 * 0.01, 720 * 4 / 1000.0 * 0.01},
		"KMS key":                        {2.0 / 730, 3.0 / 730},
		"data transfer out":              {0, 50 * 16384 * 7200 / 1e9 * 0.09},
	} {
		got := item(t, e, name)
		if math.Abs(got.Low-want.low) > 1e-9 || math.Abs(got.High-want.high) > 1e-9 {
			t.Errorf("%s = %g to %g, want %g to %g", name, got.Low, got.High, want.low, want.high)
		}
	}
	var low, high float64
	for _, i := range e.Items {
		if i.Low > i.High || i.Low < 0 {
			t.Errorf("%s = %g to %g, which is no range", i.Name, i.Low, i.High)
		}
		low, high = low+i.Low, high+i.High
	}
	if e.Low != low || e.High != high || e.Low <= 0 || e.High > 1 {
		t.Errorf("total = %g to %g, want the sum, and less than a dollar for two hours", e.Low, e.High)
	}
	if e.PricesOf == "" || e.Source == "" || e.Verify == "" {
		t.Error("the estimate does not say of when and where its prices are, and how sure")
	}
}

// TestARunByHand is the whole of one estimate, worked out with pencil and paper
// from the prices: a t3.micro in eu-central-1, two hours, no traffic.
func TestARunByHand(t *testing.T) {
	e, err := cost.Of(cost.Plan{Region: "eu-central-1", InstanceType: "t3.micro", Duration: 2 * time.Hour, RequestRate: 1e-9}, cost.Default())
	if err != nil {
		t.Fatal(err)
	}
	low := 2*0.012 + // an instance
		16*0.0952/730 + // its 8 GB
		4*0.005 + // two addresses of the load balancer
		2*0.027 + // the load balancer
		720*4/1000.0*0.01 + // a poll of four metrics every ten seconds
		2.0/730 + // the key
		0.05*2/730*0.0245 // the calculator's binary
	high := 4*0.012 + // two instances
		0.22*2*4*0.05 + // each 22 % over the baseline of its 2 vCPUs
		32*0.0952/730 + 8*0.005 + 3*0.027 +
		14*2/730.0*0.3 + 2*2/730.0*0.1 + // seven metrics an instance, two alarms
		720*4/1000.0*0.01 + 720*2/1000.0*0.01 + 3.0/730*3 + // polls, the dashboard
		3.0/730 + 0.4*0.03 + 0.1*2/730*0.0245 + 0.1*0.0054 + 0.001*2
	if math.Abs(e.Low-low) > 1e-6 || math.Abs(e.High-high) > 1e-6 {
		t.Errorf("Of() = %.6f to %.6f, want %.6f to %.6f", e.Low, e.High, low, high)
	}
	if e.HourLow <= 0 || e.HourLow > e.Low || e.HourHigh < e.HourLow || e.HourHigh > e.High {
		t.Errorf("an hour more = %g to %g, want less than two hours cost", e.HourLow, e.HourHigh)
	}
}

func TestAnEstimateFitsATerminalAndSaysWhatItLeavesOut(t *testing.T) {
	e, err := cost.Of(plan(), cost.Default())
	if err != nil {
		t.Fatal(err)
	}
	var wide, narrow bytes.Buffer
	if err := errors.Join(cost.Write(&wide, e, 0), cost.Write(&narrow, e, 100)); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(narrow.String(), "Each further hour")
	for line := range strings.Lines(head) {
		if n := len(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("line of %d columns, want at most 100: %q", n, line)
		}
	}
	for _, part := range []string{e.Total(), e.Hour(), "Application Load Balancer", e.PricesOf, e.Verify, "make destroy"} {
		if !strings.Contains(wide.String(), part) || !strings.Contains(narrow.String(), part) {
			t.Errorf("the estimate does not say %q", part)
		}
	}
	const note, hint = "partial hours are charged in full", "wider terminal"
	if !strings.Contains(wide.String(), note) || strings.Contains(narrow.String(), note) || !strings.Contains(narrow.String(), hint) {
		t.Errorf("wide:\n%s\nnarrow:\n%s\nwant what each item counts where there is room, and a word where not", wide.String(), narrow.String())
	}
}

func TestMoreTimeAndMoreInstancesCostMore(t *testing.T) {
	base, err := cost.Of(plan(), cost.Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*cost.Plan){
		"a day":               func(p *cost.Plan) { p.Duration = 24 * time.Hour },
		"ten instances":       func(p *cost.Plan) { p.MaxSize = 10 },
		"a dearer Region":     func(p *cost.Plan) { p.Region = "eu-central-1" },
		"a larger type":       func(p *cost.Plan) { p.InstanceType = "t3.medium" },
		"a higher load":       func(p *cost.Plan) { p.RequestRate = 5000 },
		"a tenth of the wait": func(p *cost.Plan) { p.PollInterval = time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			p := plan()
			change(&p)
			if e, err := cost.Of(p, cost.Default()); err != nil || e.High <= base.High {
				t.Errorf("Of() = %g at most, %v, want more than %g", e.High, err, base.High)
			}
		})
	}
}

func TestEveryRegionOfTheTablePricesTheTypesOfTheStack(t *testing.T) {
	for region := range cost.Default().Regions {
		for _, name := range []string{"t2.micro", "t3.micro", "t4g.micro"} {
			if _, err := cost.Of(cost.Plan{Region: region, InstanceType: name}, cost.Default()); err != nil {
				t.Errorf("Of(%s, %s) = %v", region, name, err)
			}
		}
	}
}

func TestWhatIsNotKnownIsNamedWithWhatIs(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*cost.Plan)
		want   []string
	}{
		"an unknown Region": {func(p *cost.Plan) { p.Region = "mars-1" }, []string{`"mars-1"`, "eu-central-1", "us-west-2", "--prices"}},
		"no Region":         {func(p *cost.Plan) { p.Region = "" }, []string{`""`, "us-east-1"}},
		"an unknown instance type": {
			func(p *cost.Plan) { p.InstanceType = "t2.mirco" }, []string{`"t2.mirco"`, "t2.micro", "t4g.small", "--prices"},
		},
		"no time at all":           {func(p *cost.Plan) { p.Duration = -time.Hour }, []string{"duration -1h0m0s"}},
		"a million years":          {func(p *cost.Plan) { p.Duration = math.MaxInt64 }, []string{"at most a year"}},
		"fewer at most than least": {func(p *cost.Plan) { p.MinSize, p.MaxSize = 3, 2 }, []string{"3 to 2 instances"}},
		"a negative rate":          {func(p *cost.Plan) { p.RequestRate = -1 }, []string{"negative"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan()
			test.change(&p)
			_, err := cost.Of(p, cost.Default())
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("Of() = %v, want …%s…", err, want)
				}
			}
		})
	}
}

func TestATableOfOnesOwnIsReadStrictly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prices.json")
	text := strings.Replace(string(cost.BuiltIn), `"t2.micro": 0.0116`, `"t2.micro": 0.5`, 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	prices, err := cost.ReadPrices(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := cost.Of(plan(), prices); err != nil || item(t, e, "EC2 t2.micro").High != 2 {
		t.Errorf("Of() = %+v, %v, want 4 hours at the price of the file", e.Items, err)
	}
	for name, test := range map[string]struct{ from, to, want string }{
		"a word for a price":   {`"alarm_month": 0.1`, `"alarm_month": "0.1"`, "alarm_month"},
		"a negative price":     {`"alarm_month": 0.1`, `"alarm_month": -1`, "everywhere.alarm_month: -1 is not a price"},
		"a forgotten price":    {`"alarm_month": 0.1,`, ``, "everywhere.alarm_month: 0 is not a price"},
		"a price that is huge": {`"t2.micro": 0.0116`, `"t2.micro": 11600`, "instance_hour.t2.micro: 11600 is not a price"},
		"an unknown member":    {`"alarm_month"`, `"alarm_moth"`, "alarm_moth"},
		"another version":      {`"version": 1`, `"version": 2`, "version: 2 is not known"},
		"a date that is none":  {`2025-07-01`, `July`, `date: "July"`},
		"something after it":   {"\n}\n", "\n}{}", "more than one JSON value"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(cost.BuiltIn), test.from, test.to, 1)
			if text == string(cost.BuiltIn) {
				t.Fatalf("the table has no %q", test.from)
			}
			if _, err := cost.ParsePrices([]byte(text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ParsePrices() = %v, want …%q…", err, test.want)
			}
		})
	}
}

func FuzzParsePrices(f *testing.F) {
	f.Add(cost.BuiltIn)
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := cost.ParsePrices(data)
		if err != nil {
			return
		}
		for region, r := range p.Regions {
			for name := range r.InstanceHour {
				if e, err := cost.Of(cost.Plan{Region: region, InstanceType: name}, p); err != nil || e.Low > e.High || math.IsNaN(e.High) {
					t.Errorf("Of(%q, %q) = %g to %g, %v", region, name, e.Low, e.High, err)
				}
			}
		}
	})
}

func Example() {
	e, err := cost.Of(cost.Plan{Region: "eu-central-1", InstanceType: "t3.micro", Duration: time.Hour}, cost.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Total())
	// Output: $0.08 to $0.49
}

func TestAnEstimateIsInDollarsAndOneInstanceIsSingular(t *testing.T) {
	p := plan()
	p.MinSize, p.MaxSize = 1, 1
	e, err := cost.Of(p, cost.Default())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := cost.Write(&text, e, 0); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"t2.micro, 1 instance for 2 h", "; 1 instance at any time", " at $0.0116 ", "GetMetricData        $0.0"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("the estimate does not say %q:\n%s", part, text.String())
		}
	}
}
