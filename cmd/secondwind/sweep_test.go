package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"secondwind/account/stack"
	"secondwind/account/sweep"
	"secondwind/localcloud"
	"secondwind/terraform"
)

// stacksIn starts a local cloud with a stack of each name, tagged as its run; the
// stack "untagged" has no tags.
func stacksIn(t *testing.T, names ...string) (*localcloud.Cloud, []string) {
	t.Helper()
	program := filepath.Join(bin, "calculator")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	cloud, err := localcloud.Start(t.Context(), localcloud.Config{
		Listen: "127.0.0.1:0", Images: map[string]localcloud.Image{"ami-1": {Program: program, Args: []string{"--address", "{address}"}}},
		MetricsPeriod: 10 * time.Second, Dir: t.TempDir(), Seed: rand.Uint64(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cloud.Close(); err != nil {
			t.Error(err)
		}
	})
	variables, err := stack.ParseScalingVariables(terraform.ScalingVariables, stack.ScalingVariables{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		o := stack.Options{Name: name, Variables: variables, MetricsPeriod: 10 * time.Second, ImageID: "ami-1"}
		if name != "untagged" {
			o.Tags = map[string]string{sweep.RunTag: name, sweep.ExpiresTag: "2026-01-01T00:00:00Z"}
		}
		if _, err := stack.Create(t.Context(), cloud.AWSConfig(), o); err != nil {
			t.Fatal(err)
		}
	}
	c := cloud.Credentials()
	return cloud, []string{
		"AWS_ENDPOINT_URL=" + cloud.Endpoint(), "AWS_REGION=" + cloud.Region(), "AWS_ACCESS_KEY_ID=" + c.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken,
	}
}

// sweepIn runs secondwind sweep with something typed.
func sweepIn(t *testing.T, env []string, typed string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "secondwind"), append([]string{"sweep"}, args...)...)
	cmd.Env, cmd.Dir, cmd.Stdin = append(os.Environ(), env...), t.TempDir(), strings.NewReader(typed)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the exit code tells
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// listed are the resources that sweep finds, by run.
func listed(t *testing.T, env []string, args ...string) map[string][]string {
	t.Helper()
	got := sweepIn(t, env, "", append(args, "--json")...)
	var found sweep.Found
	if err := json.Unmarshal([]byte(got.stdout), &found); err != nil || got.code != 0 {
		t.Fatalf("sweep --json = %+v, %v", got, err)
	}
	if len(found.Unseen) > 0 {
		t.Errorf("could not be looked for: %v", found.Unseen)
	}
	byRun := map[string][]string{}
	for _, r := range found.Resources {
		byRun[r.Run] = append(byRun[r.Run], r.Kind)
	}
	return byRun
}

// ofStack are the kinds of a stack of the local cloud, whose group has one instance.
var ofStack = []string{
	"Auto Scaling group", "CloudWatch alarm", "CloudWatch alarm", "load balancer", "instance", "target group", "launch template", "KMS key",
}

// TestASweepRemovesARunAndNothingElse is in a cloud with two runs' stacks and one
// that has no tags.
func TestASweepRemovesARunAndNothingElse(t *testing.T) {
	t.Parallel()
	cloud, env := stacksIn(t, "mine", "yours", "untagged")
	before := listed(t, env)
	for _, run := range []string{"mine", "yours"} {
		if !slices.Equal(before[run], ofStack) {
			t.Errorf("of %s were found %v, want %v", run, before[run], ofStack)
		}
	}
	if len(before) != 2 {
		t.Errorf("runs = %v, want mine and yours", slices.Collect(maps.Keys(before)))
	}
	tagged := taggedIn(t, cloud)

	got := sweepIn(t, env, "", "--run", "mine", "--remove", "--yes", "--interval", "100ms")
	if got.code != 0 || !strings.Contains(got.stdout, "No resources with the tag secondwind:run=mine are left in local-1") {
		t.Fatalf("sweep --remove = %+v, want that nothing is left", got)
	}
	after := listed(t, env)
	if !slices.Equal(after["yours"], ofStack) || !slices.Equal(after["mine"], []string{"KMS key"}) || len(after) != 2 {
		t.Errorf("after it were found %v, want yours whole, and the key that waits for its deletion", after)
	}
	for arn, run := range taggedIn(t, cloud) {
		if tagged[arn] != run {
			t.Errorf("%s is new, of %q", arn, run)
		}
		delete(tagged, arn)
	}
	if !strings.Contains(got.stdout, "KMS deletes it at ") {
		t.Errorf("stdout = %q, want the day when the key goes", got.stdout)
	}
	for arn, run := range tagged {
		if run != "mine" {
			t.Errorf("%s is gone, of %q", arn, run)
		}
	}
	stillThere(t, env, "untagged-asg", "yours-asg")
}

// taggedIn are the ARNs of what has any tag, with the run's.
func taggedIn(t *testing.T, cloud *localcloud.Cloud) map[string]string {
	t.Helper()
	all := map[string]string{}
	client := resourcegroupstaggingapi.NewFromConfig(cloud.AWSConfig())
	in := &resourcegroupstaggingapi.GetResourcesInput{ResourcesPerPage: aws.Int32(3)}
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.ResourceTagMappingList {
			all[*m.ResourceARN] = ""
			for _, tag := range m.Tags {
				if *tag.Key == sweep.RunTag {
					all[*m.ResourceARN] = *tag.Value
				}
			}
		}
	}
	return all
}

// stillThere asks the doctor for each group: it examines all that belongs to one.
func stillThere(t *testing.T, env []string, groups ...string) {
	t.Helper()
	for _, group := range groups {
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "secondwind"), "doctor", "--json", "--group", group)
		cmd.Env = append(os.Environ(), env...)
		out, _ := cmd.Output() // it may find that the instance is not healthy yet
		for _, lost := range []string{
			"group.missing", "alarm.missing", "alarm.policy-gone", "targets.none", "targets.gone", "targets.no-load-balancer",
		} {
			if strings.Contains(string(out), lost) {
				t.Errorf("%s is no more whole: %s", group, out)
			}
		}
		if !strings.Contains(string(out), group) {
			t.Errorf("the doctor says nothing of %s: %s", group, out)
		}
	}
}

func TestASweepAsksTwice(t *testing.T) {
	t.Parallel()
	_, env := stacksIn(t, "mine")
	for name, test := range map[string]struct {
		typed string
		args  []string
		code  int
		want  string
	}{
		"nobody types": {"", []string{"--run", "mine", "--remove"}, 2,
			"to confirm:\nsecondwind: nothing was removed: the confirmation was not typed"},
		"yes is not the run": {"yes\n", []string{"--run", "mine", "--remove"}, 2,
			"to confirm:\nsecondwind: nothing was removed: you typed \"yes\", not \"mine\""},
		"another run":            {"mine2\n", []string{"--run", "mine", "--remove"}, 2, `you typed "mine2", not "mine"`},
		"the run for expired":    {"mine\n", []string{"--expired", "--remove"}, 2, `you typed "mine", not "expired"`},
		"whose is not said":      {"mine\n", []string{"--remove", "--yes"}, 2, "name the run with --run"},
		"waiting for every run":  {"", []string{"--wait"}, 2, "name the run with --run"},
		"yes alone":              {"", []string{"--run", "mine", "--yes"}, 2, "--yes does nothing without --remove"},
		"removing and waiting":   {"", []string{"--run", "mine", "--remove", "--wait"}, 2, "--remove cannot be combined with --wait"},
		"no time":                {"", []string{"--run", "mine", "--wait", "--timeout", "0s"}, 2, "--timeout is 0s"},
		"a stack without run_id": {"", []string{"--stack", withoutRun(t), "--remove", "--yes"}, 2, "no output run_id"},
		"waiting in vain":        {"", []string{"--run", "mine", "--wait", "--timeout", "1s", "--interval", "100ms"}, 3, "resources left"},
	} {
		t.Run(name, func(t *testing.T) {
			got := sweepIn(t, env, test.typed, test.args...)
			if got.code != test.code || !strings.Contains(got.stderr, test.want) {
				t.Errorf("sweep = %+v, want code %d and …%q…", got, test.code, test.want)
			}
		})
	}
	if found := listed(t, env)["mine"]; !slices.Equal(found, ofStack) {
		t.Errorf("after all these there are %v, want %v", found, ofStack)
	}
	if got := sweepIn(t, env, "", "--run", "mine"); !strings.Contains(got.stdout,
		"\n8 resources with the tag secondwind:run=mine in local-1; runs: mine.\n") {
		t.Errorf("sweep = %+v, want the sum", got)
	}
	got := sweepIn(t, env, "expired\n", "--expired", "--remove", "--interval", "100ms")
	if got.code != 0 || !strings.Contains(got.stderr, "Type expired") {
		t.Errorf("sweep = %+v, want that it is removed once it is confirmed", got)
	}
	got = sweepIn(t, env, "", "--run", "mine", "--wait")
	if got.code != 0 || !strings.Contains(got.stdout, "No resources with the tag secondwind:run=mine are left") {
		t.Errorf("sweep --wait = %+v, want that nothing is left", got)
	}
}

func withoutRun(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outputs.json")
	if err := os.WriteFile(path, fmt.Appendf(nil, `{"auto_scaling_group_name": {"value": "g"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAListThatIsNotCompleteHasAnExitCodeOfItsOwn has permission for the tagging API alone.
func TestAListThatIsNotCompleteHasAnExitCodeOfItsOwn(t *testing.T) {
	t.Parallel()
	services := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "ResourceGroupsTagging") {
			_, _ = io.WriteString(w, `{"ResourceTagMappingList":[]}`)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>")
	}))
	defer services.Close()
	env := []string{"AWS_ENDPOINT_URL=" + services.URL, "AWS_REGION=eu-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}
	got := sweepIn(t, env, "")
	if got.code != 3 || !strings.Contains(got.stdout, "could not be listed: ") || !strings.Contains(got.stdout, "not every kind of resource") {
		t.Errorf("sweep where all else is denied = %+v, want exit code 3 and what could not be listed", got)
	}
}
