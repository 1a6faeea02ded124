package doctor_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/account/stack"
	"secondwind/verify/doctor"
	"secondwind/verify/terminal"
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
	for id := range documented(t) {
		if !found[id] && !strings.HasPrefix(id, "permission.") { // these have a test of their own
			t.Errorf("nothing is broken here that raises %s", id)
		}
	}
}

func (broken breakage) check(w *world) {
	broken.apply(w)
	report := w.examine()
	if got := idsOf(report); !slices.Equal(got, []string{broken.finding}) {
		w.Errorf("found %v, want %s alone\n%s", got, broken.finding, text(report))
	}
	checkWords(w, report)
}

// checkWords holds the sentences of a report, in text and as JSON, against what a
// person must be able to read.
func checkWords(w *world, report doctor.Report) {
	for _, f := range report.Findings {
		if !whole(f.What) || !whole(f.Change) || strings.TrimSpace(f.Where) != f.Where || f.Where == "" {
			w.Errorf("%s does not say where, what and what to change in whole sentences: %+v", f.ID, f)
		}
		if severity := documented(w.T)[f.ID]; f.Severity != severity {
			w.Errorf("%s is %q, and docs/doctor.md says %q", f.ID, f.Severity, severity)
		}
	}
	if _, err := json.Marshal(report); err != nil {
		w.Errorf("the report cannot be written as JSON: %v", err)
	}
	var b bytes.Buffer
	doctor.Write(&b, report, terminal.Style{Width: 80})
	if strings.Contains(b.String(), "%!") || !strings.Contains(b.String(), report.AutoScalingGroupName) {
		w.Errorf("the report reads:\n%s", b.String())
	}
}

// unfinished is what a sentence has in it that was put together from something empty.
var unfinished = regexp.MustCompile(` [.,:;)]|[(,] ?[.,:;)]|: ?[.,;)]|\.\.|  |%!|<nil>`)

// whole reports whether a text is a sentence or more.
func whole(text string) bool {
	return strings.HasSuffix(text, ".") && !unfinished.MatchString(text) && strings.ToUpper(text[:1]) == text[:1]
}

// row is a finding in docs/doctor.md.
var row = regexp.MustCompile("(?m)^\\| `([a-z]+\\.[a-z-]+)` \\| (error|warning|note) \\|")

// documented are the findings that docs/doctor.md explains.
func documented(t *testing.T) map[string]doctor.Severity {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "doctor.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]doctor.Severity{}
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		all[found[1]] = doctor.Severity(found[2])
	}
	return all
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

// raised is a finding in the source: a severity and an id, in either order.
var raised = regexp.MustCompile(`(Error|Warning|Note), "([a-z]+\.[a-z-]+)"|` +
	`ID: "([a-z]+\.[a-z-]+)", Severity: (?:doctor\.)?(Error|Warning|Note)`)

func TestEveryFindingOfTheSourceIsDocumented(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join("..", "..", "account", "discover", "route.go"))
	documented, seen := documented(t), map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range raised.FindAllStringSubmatch(string(source), -1) {
			id, severity := found[2]+found[3], found[1]+found[4]
			seen[id] = true
			if got := documented[id]; got != doctor.Severity(strings.ToLower(severity)) {
				t.Errorf("%s raises %s as %s; docs/doctor.md has it as %q", file, id, severity, got)
			}
		}
	}
	for id := range documented {
		if !seen[id] {
			t.Errorf("docs/doctor.md explains %s, which nothing raises", id)
		}
	}
}

func TestThePolicyIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "doctor.md"))
	if err != nil {
		t.Fatal(err)
	}
	if policy := doctor.PolicyOf(doctor.Actions()...).String(); !strings.Contains(string(text), policy) {
		t.Errorf("docs/doctor.md does not have the policy that `secondwind doctor --policy` prints:\n%s", policy)
	}
}
