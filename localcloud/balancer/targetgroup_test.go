package balancer

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestValidateTargetGroup(t *testing.T) {
	tests := []struct {
		name string
		in   TargetGroup
		want string // part of the error; "" is none
	}{
		{"the zero value has ELBv2's defaults", TargetGroup{}, ""},
		{"a whole configuration", group5s(), ""},
		{"a path without a slash", TargetGroup{HealthCheckPath: "healthz"}, `"healthz" must begin with /`},
		{"a negative interval", TargetGroup{HealthCheckInterval: -time.Second}, "interval is -1s"},
		{"a negative timeout", TargetGroup{HealthCheckTimeout: -time.Second}, "timeout is -1s"},
		{"a negative threshold", TargetGroup{HealthyThreshold: -1}, "-1 healthy"},
		{"a negative delay", TargetGroup{DeregistrationDelay: -time.Second}, "delay is -1s"},
		{"a matcher of letters", TargetGroup{Matcher: "ok"}, `"ok" is neither`},
		{"an algorithm that is not served", TargetGroup{Algorithm: "weighted_random"}, `"weighted_random" is neither`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.in.Validate()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Validate() = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAnInvalidTargetGroupGetsDefaults(t *testing.T) {
	b := New(Config{})
	defer b.Close()
	b.PutTargetGroup(TargetGroup{ARN: arn, Matcher: "nonsense", HealthCheckPath: "/x"})
	if got, want := b.groups[arn].cfg, (TargetGroup{ARN: arn}).resolve(); got != want {
		t.Errorf("the group has %+v, want %+v", got, want)
	}
}

func TestMatcherMatches(t *testing.T) {
	tests := []struct {
		matcher  string
		yes, not []int
	}{
		{"200", []int{200}, []int{199, 201, 404}},
		{"200-299", []int{200, 250, 299}, []int{199, 300}},
		{"200,302", []int{200, 302}, []int{201, 301}},
		{"200, 400-404", []int{200, 400, 404}, []int{399, 405}},
	}
	for _, tt := range tests {
		m, err := parseMatcher(tt.matcher)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range tt.yes {
			if !m.matches(code) {
				t.Errorf("%q matches(%d) = false, want true", tt.matcher, code)
			}
		}
		for _, code := range tt.not {
			if m.matches(code) {
				t.Errorf("%q matches(%d) = true, want false", tt.matcher, code)
			}
		}
	}
}

func FuzzParseMatcher(f *testing.F) {
	for _, s := range []string{"200", "200-299", "200,302", " 200 , 300-399", "", "-", "2OO", "299-200", "0200", "+20"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := parseMatcher(s)
		if err != nil {
			return
		}
		var parts []string
		for _, r := range m {
			parts = append(parts, fmt.Sprintf("%d-%d", r.first, r.last))
		}
		again, err := parseMatcher(strings.Join(parts, ","))
		if err != nil {
			t.Fatalf("parseMatcher(%q) = %v, but its own form %v does not parse: %v", s, m, parts, err)
		}
		for code := range 1000 {
			if m.matches(code) != again.matches(code) {
				t.Errorf("%q matches(%d) = %t, its own form %t", s, code, m.matches(code), again.matches(code))
			}
			if m.matches(code) && (code < 100 || code > 599) {
				t.Errorf("%q matches(%d), which is no HTTP code", s, code)
			}
		}
	})
}
