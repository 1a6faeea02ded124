package threshold

import (
	"strings"
	"testing"
)

var measures = Measures{
	"p99": Duration, "errors": Fraction, "errors()": Fraction, "throughput": Number, "share()": Fraction, "share(,)": Fraction,
}

func TestAThresholdIsReadAndJudged(t *testing.T) {
	tests := []struct {
		text               string
		met, broken        float64
		measure, of, phase string
		writtenWithIt      string
	}{
		{"p99 < 250ms", 0.2499, 0.25, "p99", "", "", "p99 < 250ms"},
		{"p99<=250ms", 0.25, 0.2501, "p99", "", "", "p99<=250ms"},
		{"  errors < 0.1%  ", 0.0009, 0.001, "errors", "", "", "errors < 0.1%"},
		{"errors <= 0%", 0, 1e-9, "errors", "", "", "errors <= 0%"},
		{"throughput > 1e3/s", 1001, 1000, "throughput", "", "", "throughput > 1e3/s"},
		{"throughput>=1000", 1000, 999.9, "throughput", "", "", "throughput>=1000"},
		{"share( i-0 1 ) > 40%", 0.41, 0.4, "share", "i-0 1", "", "share( i-0 1 ) > 40%"},
		{"errors(phase a, b) < 1%", 0.009, 0.01, "errors", "", "a, b", "errors(phase a, b) < 1%"},
		{"share(new , phase hold) > 40%", 0.41, 0.4, "share", "new", "hold", "share(new , phase hold) > 40%"},
		{"errors(phaser) < 1%", 0.009, 0.01, "errors", "phaser", "", "errors(phaser) < 1%"},
	}
	for _, tt := range tests {
		th, err := measures.Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%q) = %v", tt.text, err)
			continue
		}
		read := th.Measure == tt.measure && th.Argument == tt.of && th.Phase == tt.phase && th.String() == tt.writtenWithIt
		if !read || !th.Met(tt.met) || th.Met(tt.broken) {
			t.Errorf("Parse(%q) = %+v, met at %v: %v, at %v: %v", tt.text, th, tt.met, th.Met(tt.met), tt.broken, th.Met(tt.broken))
		}
	}
}

func TestWhatIsNoThresholdIsRefusedWithWhatWouldBeRight(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "write a measure",
		"p99":                     "write a measure",
		"p99 = 3ms":               "write a measure",
		"p99 < 3 ms":              "write a measure",
		"p98 < 3ms":               "there are errors, errors(NAME), p99, share(NAME), share(NAME, PHASE), throughput",
		"share > 40%":             "no measure share;",
		"share(phase hold) > 4%":  "no measure share();",
		"errors(a, phase b) < 1%": "no measure errors(,);",
		"p99(x) < 3ms":            "no measure p99()",
		"p99 < 250":               "write it with its unit",
		"p99 < -1s":               "write it with its unit",
		"p99 < 10%":               "write it with its unit",
		"errors < 0.1":            "write 0% to 100%",
		"errors < 101%":           "write 0% to 100%",
		"errors < NaN%":           "write 0% to 100%",
		"throughput > Inf":        "is not a number",
		"throughput > ten":        "is not a number",
		"p99 < 1ms and p99 > 0s":  "write a measure",
	} {
		if _, err := measures.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"p99 < 250ms", "share(new) > 40%", "errors<=1e-3%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		th, err := measures.Parse(text)
		if err != nil {
			return
		}
		again, err := measures.Parse(th.String())
		if err != nil || again != th {
			t.Errorf("Parse(%q) = %+v, Parse(%q) = %+v, %v", text, th, th.String(), again, err)
		}
	})
}
