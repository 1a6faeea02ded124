package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/account/stack"
	"secondwind/verify/doctor"
)

// TestEveryThingThatIsBrokenIsFoundAndNothingElse breaks one thing after the other
// in a stack in which the doctor finds nothing.
func TestEveryThingThatIsBrokenIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t, stack.PolicyStep)
	b.awaitHealthy(t)
	report := doctor.Examine(t.Context(), b.config())
	if len(report.Findings) > 0 || !report.Fit() || report.AlarmName != b.stack.ScaleOutAlarm || report.PolicyName != b.stack.ScaleOutPolicy ||
		len(report.Deadlines) != 7 || report.ScaleIn == nil || report.ExpectSeconds < 60 || report.LoadBalancerURL != b.stack.LoadBalancerURL {
		t.Fatalf("Examine(a healthy stack) = %+v, want no finding, the wiring and the deadlines", report)
	}
	found := map[string]bool{}
	for _, broken := range breakages() {
		t.Run(broken.finding+" "+broken.how, func(t *testing.T) { broken.try(t, b) })
		found[broken.finding] = true
	}
	for _, kind := range doctor.Catalogue() {
		if !found[kind.ID] && !strings.HasPrefix(kind.ID, "permission.") { // these have a test of their own
			t.Errorf("nothing is broken here that raises %s", kind.ID)
		}
	}
	t.Run("credits are held against the run", func(t *testing.T) { creditsAreHeldAgainstTheRun(t, b) })
	t.Run("every permission that is missing is named with its statement", func(t *testing.T) { permissions(t, b) })
}

func TestAHealthyStackRaisesNothingWhateverItsPolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{stack.PolicySimple, stack.PolicyTargetTracking} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, policy)
			b.awaitHealthy(t)
			report := doctor.Examine(t.Context(), b.config())
			if report.AlarmName != b.stack.ScaleOutAlarm || report.PolicyName != b.stack.ScaleOutPolicy || report.ScaleIn == nil {
				t.Errorf("alarm %s, policy %s, scale-in %v; want %s, %s and the way back", report.AlarmName, report.PolicyName, report.ScaleIn, b.stack.ScaleOutAlarm, b.stack.ScaleOutPolicy)
			}
		})
	}
}

// try breaks, examines and mends.
func (broken breakage) try(t *testing.T, b *bench) {
	cfg := b.config()
	if broken.answers != nil {
		broken.answers(b, &cfg)
	}
	if broken.url != nil {
		broken.url(t, b, &cfg)
	}
	mend := func() {}
	if broken.cloud != nil {
		mend = broken.cloud(t, b)
	}
	report := doctor.Examine(t.Context(), cfg)
	if got := idsOf(report); !slices.Equal(got, []string{broken.finding}) {
		t.Errorf("found %v, want %s alone\n%s", got, broken.finding, told(report))
	}
	for _, f := range report.Findings {
		if !whole(f.What) || !whole(f.Change) || f.Where == "" {
			t.Errorf("%s does not say where, what and what to change in whole sentences: %+v", f.ID, f)
		}
	}
	if mend(); broken.cloud != nil {
		b.awaitHealthy(t)
	}
}

// whole tells whether a text is a sentence or more.
func whole(text string) bool {
	return strings.HasSuffix(text, ".") && !strings.Contains(text, "..") && !strings.Contains(text, "%!")
}

// permissions takes every permission away in turn.
func permissions(t *testing.T, b *bench) {
	for _, action := range doctor.Actions() {
		t.Run(action, func(t *testing.T) {
			cfg := b.config()
			if action == "autoscaling:DescribeLaunchConfigurations" {
				launchConfiguration(&cfg)
			}
			code := "AccessDenied"
			if strings.HasPrefix(action, "ec2:") {
				code = "UnauthorizedOperation"
			}
			refuse(&cfg, action, code)
			report := doctor.Examine(t.Context(), cfg)
			denied := slices.DeleteFunc(slices.Clone(report.Findings), func(f doctor.Finding) bool { return f.Statement == nil })
			if len(denied) != 1 || !slices.Equal(denied[0].Statement.Action, []string{action}) || denied[0].Statement.Effect != "Allow" || denied[0].Where != action {
				t.Fatalf("found %v, want the missing permission %s alone\n%s", idsOf(report), action, told(report))
			}
			if f := denied[0]; report.Fit() != (f.ID == "permission.optional") || !strings.Contains(report.Policy().String(), `"`+action+`"`) {
				t.Errorf("finding %s, fit %t, policy %s", f.ID, report.Fit(), report.Policy())
			}
			if others := len(report.Findings) - 1; others > 0 {
				t.Errorf("beside the permission, found %v: what could not be asked is not known to be broken", idsOf(report))
			}
		})
	}
}

// TestAMachineWhoseClockIsOffIsNotTakenForOneWithBadCredentials has a service that
// refuses every date, as AWS does when this machine's clock is off.
func TestAMachineWhoseClockIsOffIsNotTakenForOneWithBadCredentials(t *testing.T) {
	t.Parallel()
	b := newBench(t, stack.PolicyStep)
	cfg := b.config()
	refuse(&cfg, "sts:GetCallerIdentity", "SignatureDoesNotMatch")
	shiftDates(&cfg, 20*time.Minute)
	if report := doctor.Examine(t.Context(), cfg); !slices.Equal(idsOf(report), []string{"clock.far"}) {
		t.Errorf("found %v, want clock.far alone\n%s", idsOf(report), told(report))
	}
}

// shiftDates has the answers come from a clock that is ahead of this machine's.
func shiftDates(c *doctor.Config, by time.Duration) {
	rewrite(c, func(_ string, r *http.Response, body []byte) []byte {
		r.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
		return body
	})
}

func TestEveryFindingIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "doctor.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range doctor.Catalogue() {
		row := "| `" + kind.ID + "` | " + string(kind.Severity) + " | " + kind.Title + " |"
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/doctor.md has no row %q", row)
		}
	}
	if policy := doctor.PolicyOf(doctor.Actions()...).String(); !strings.Contains(string(text), policy) {
		t.Errorf("docs/doctor.md does not have the policy that `secondwind doctor --policy` prints:\n%s", policy)
	}
}
