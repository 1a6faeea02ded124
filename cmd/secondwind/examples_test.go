package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/account/stack"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
)

// examples are the folders of the example services, and what each needs of the machine.
var examples = map[string]func(t *testing.T, folder string){
	"go": func(t *testing.T, folder string) {
		if out, err := exec.Command("go", "build", "-C", folder, "-o", "server").CombinedOutput(); err != nil {
			t.Fatalf("build the example: %v %s", err, out)
		}
	},
	"node":   func(t *testing.T, folder string) { needs(t, "node", "--version") },
	"python": func(t *testing.T, folder string) { needs(t, "python3", "--version") },
	"flask": func(t *testing.T, folder string) {
		needs(t, "gunicorn", "--check-config", "--env", "INSTANCE_ID=i", "--chdir", folder, "named:app")
	},
	"nginx": func(t *testing.T, folder string) { needs(t, "nginx", "-v") },
}

func needs(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Skipf("skipped: `%s` does not run here (%v %s): not tested is the example that needs it", program, err, out)
	}
}

// exampleOf is the scenario of an example in a copy of its folder, where it can be built.
func exampleOf(t *testing.T, name string) string {
	t.Helper()
	all := t.TempDir()
	if err := os.CopyFS(all, os.DirFS(filepath.Join("..", "..", "scenarios", "examples"))); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(all, name, "soak.yaml")
}

// TestTheExamplesServe starts each example as a soak does, and asks it through the load balancer.
func TestTheExamplesServe(t *testing.T) {
	for name, prepare := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := exampleOf(t, name)
			prepare(t, filepath.Dir(file))
			url, id, log := serveExample(t, file)
			s, err := scenario.Read(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				answer, err := http.Get(url + strings.ReplaceAll(s.Requests[0].Path, "{{word}}", "alpha"))
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(answer.Body)
				if answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("X-Instance-Id") != id {
					t.Errorf("GET = %s %v of %q, %s, want 200 of %s; its log is %s", answer.Status, err,
						answer.Header.Get("X-Instance-Id"), body, id, log())
				}
			}
		})
	}
}

// serveExample has a local cloud with the scenario's stack until the test ends.
func serveExample(t *testing.T, file string) (url, id string, log func() []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	s, err := scenario.Read(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	imageID, image, err := imageOf(s, "")
	if err != nil {
		t.Fatal(err)
	}
	variables, err := localVariables(ctx, file, s, "")
	if err != nil {
		t.Fatal(err)
	}
	logs := t.TempDir()
	cloud, history, err := startLocalCloud(ctx, localcloud.Config{
		MetricsPeriod: s.Local.MetricsPeriod, Dir: logs, Images: map[string]localcloud.Image{imageID: image},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cloud.Close(); err != nil {
			t.Error(err)
		}
		history.remove()
	})
	built, err := stack.Create(ctx, localAWS(cloud), stack.Options{
		Name: localStack, Variables: variables, MetricsPeriod: s.Local.MetricsPeriod, ImageID: imageID,
	})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := built.WaitHealthy(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if text := cloud.Explain(ids[0]); text != "" {
		t.Errorf("Explain() = %q, want that nothing stands in the way of a second instance", text)
	}
	return built.LoadBalancerURL, ids[0], func() []byte {
		text, _ := os.ReadFile(filepath.Join(logs, ids[0]+".log"))
		return text
	}
}

func TestTheScenarioGivesScalingVariables(t *testing.T) {
	for text, want := range map[string]func(stack.ScalingVariables) bool{
		"scaling: {min_size: 3, max_size: 10, scaling_adjustment: 2}": func(v stack.ScalingVariables) bool {
			return v.MinSize == 3 && v.DesiredCapacity == 3 && v.MaxSize == 10 && v.ScalingAdjustment == 2 && v.CPUThreshold == 20
		},
		"scaling: {policy: target_tracking, requests_per_target: 100}": func(v stack.ScalingVariables) bool {
			return v.Policy == stack.PolicyTargetTracking && v.RequestsPerTarget == 100
		},
		"health_check: {path: /up, codes: 200-299}": func(v stack.ScalingVariables) bool {
			return v.HealthCheckPath == "/up" && v.HealthCheckCodes == "200-299" && v.HealthCheckGracePeriod == 60
		},
		"program: {command: 'a {port}', start_within: 2m}": func(v stack.ScalingVariables) bool { return v.HealthCheckGracePeriod == 180 },
		"program: {command: 'a {port}'}":                   func(v stack.ScalingVariables) bool { return v.HealthCheckGracePeriod == 70 },
	} {
		s, err := scenario.Parse("x.yaml", []byte("local: {"+text+"}"))
		if err != nil {
			t.Fatal(err)
		}
		if v, err := localVariables(t.Context(), "x.yaml", s, ""); err != nil || !want(v) {
			t.Errorf("%s: localVariables() = %+v, %v", text, v, err)
		}
	}
	for text, want := range map[string]string{
		"scaling: {min_size: 3}":                 "x.yaml: local.scaling.max_size: is 2; give at least min_size (3)",
		"scaling: {minsize: 3}":                  `x.yaml: local.scaling.minsize: unknown key; did you mean "min_size"?`,
		"scaling: {min_size: many}":              `x.yaml: local.scaling.min_size: is "many"; give a whole number`,
		"scaling: {requests_per_target: 100}":    "x.yaml: local.scaling.requests_per_target: is 100; give 0 for CPU, or with policy",
		"health_check: {path: up}":               "x.yaml: local.health_check.path: is \"up\"; give a path that begins with /",
		"health_check: {codes: 600}":             "x.yaml: local.health_check.codes: is \"600\"; give codes from 200 to 499",
		"scaling: {max_size: 0, cooldown: long}": "x.yaml: local.scaling.cooldown: is \"long\"",
	} {
		s, err := scenario.Parse("x.yaml", []byte("local: {"+text+"}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := localVariables(t.Context(), "x.yaml", s, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: localVariables() = %v, want %s", text, err, want)
		}
	}
}
