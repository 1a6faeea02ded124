package doctor_test

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

// A breakage raises exactly one finding.
type breakage struct {
	finding string
	how     string // a sentence with finding
	apply   func(*world)
}

func breakages() []breakage {
	return slices.Concat(accessBreakages(), groupBreakages(), interferences(), alarmBreakages(), policyBreakages(), metricBreakages(),
		targetBreakages(), balancerBreakages())
}

// TestEveryThingThatIsBrokenIsFoundAndNothingElse breaks one thing in a stack in
// which the doctor finds nothing.
func TestEveryThingThatIsBrokenIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, broken := range breakages() {
		found[broken.finding] = true
		t.Run(broken.finding+" "+broken.how, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, broken.check)
		})
	}
	for _, kind := range doctor.Catalogue() {
		if !found[kind.ID] && !strings.HasPrefix(kind.ID, "permission.") { // these have a test of their own
			t.Errorf("nothing is broken here that raises %s", kind.ID)
		}
	}
}

func (broken breakage) check(w *world) {
	broken.apply(w)
	report := w.examine()
	if got := idsOf(report); !slices.Equal(got, []string{broken.finding}) {
		w.Errorf("found %v, want %s alone\n%s", got, broken.finding, text(report))
	}
	for _, f := range report.Findings {
		if !whole(f.What) || !whole(f.Change) || f.Where == "" {
			w.Errorf("%s does not say where, what and what to change in whole sentences: %+v", f.ID, f)
		}
	}
}

// whole reports whether a text is a sentence or more.
func whole(text string) bool {
	return strings.HasSuffix(text, ".") && !strings.Contains(text, "..") && !strings.Contains(text, "%!")
}

func TestAHealthyStackRaisesNothingWhateverItsPolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{stack.PolicyStep, stack.PolicySimple, stack.PolicyTargetTracking} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			inWorld(t, policy, func(w *world) {
				report := w.examine()
				if len(report.Findings) > 0 || !report.Fit() || len(report.Deadlines) != 7 || report.ExpectSeconds < 60 {
					w.Errorf("Examine(a healthy stack) = %+v, want no finding and the deadlines", report)
				}
				if report.AlarmName != w.Stack.ScaleOutAlarm || report.PolicyName != w.Stack.ScaleOutPolicy || report.ScaleIn == nil {
					w.Errorf("alarm %s, policy %s, scale-in %v; want %s, %s and the way back",
						report.AlarmName, report.PolicyName, report.ScaleIn, w.Stack.ScaleOutAlarm, w.Stack.ScaleOutPolicy)
				}
				if report.LoadBalancerURL != w.Stack.LoadBalancerURL {
					w.Errorf("load balancer %s, want %s", report.LoadBalancerURL, w.Stack.LoadBalancerURL)
				}
			})
		})
	}
}

// TestEveryPermissionThatIsMissingIsNamedWithItsStatement takes every permission
// away in turn.
func TestEveryPermissionThatIsMissingIsNamedWithItsStatement(t *testing.T) {
	t.Parallel()
	for _, action := range doctor.Actions() {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) { checkPermission(w, action) })
		})
	}
}

func checkPermission(w *world, action string) {
	if action == "autoscaling:DescribeLaunchConfigurations" {
		launchConfiguration(w)
	}
	code := "AccessDenied"
	if strings.HasPrefix(action, "ec2:") {
		code = "UnauthorizedOperation"
	}
	w.refuse(action, code)
	report := w.examine()
	denied := slices.DeleteFunc(slices.Clone(report.Findings), func(f doctor.Finding) bool { return f.Statement == nil })
	if len(denied) != 1 || !slices.Equal(denied[0].Statement.Action, []string{action}) ||
		denied[0].Statement.Effect != "Allow" || denied[0].Where != action {
		w.Fatalf("found %v, want the missing permission %s alone\n%s", idsOf(report), action, text(report))
	}
	if f := denied[0]; report.Fit() != (f.ID == "permission.optional") || !strings.Contains(report.Policy().String(), `"`+action+`"`) {
		w.Errorf("finding %s, fit %t, policy %s", f.ID, report.Fit(), report.Policy())
	}
	if others := len(report.Findings) - 1; others > 0 {
		w.Errorf("beside the permission, found %v: what could not be asked is not known to be broken", idsOf(report))
	}
}

// TestAMachineWhoseClockIsOffIsNotTakenForOneWithBadCredentials has a service that
// refuses every date, as AWS does when this machine's clock is off.
func TestAMachineWhoseClockIsOffIsNotTakenForOneWithBadCredentials(t *testing.T) {
	t.Parallel()
	inWorld(t, stack.PolicyStep, func(w *world) {
		w.refuse("sts:GetCallerIdentity", "SignatureDoesNotMatch")
		w.shiftDates(20 * time.Minute)
		if report := w.examine(); !slices.Equal(idsOf(report), []string{"clock.far"}) {
			w.Errorf("found %v, want clock.far alone\n%s", idsOf(report), text(report))
		}
	})
}

// shiftDates has the answers come from a clock that is ahead of this machine's.
func (w *world) shiftDates(by time.Duration) {
	w.rewrite(func(_ string, r *http.Response, body []byte) []byte {
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
