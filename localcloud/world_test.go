package localcloud_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/account/stack"
	"secondwind/localcloud"
)

// start brings up a cloud whose instances are this test binary.
func start(t *testing.T) *localcloud.Cloud {
	t.Helper()
	t.Parallel() // each test has a cloud of its own
	return launch(t)
}

func launch(t *testing.T) *localcloud.Cloud {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Two clouds of one seed have the same addresses, and instances of the same ids.
	c, err := localcloud.Start(t.Context(), localcloud.Config{
		MetricsPeriod: 10 * time.Second, Dir: t.TempDir(), Seed: rand.Uint64(),
		Images: map[string]localcloud.Image{imageID: {Program: self, Args: []string{"{address}"}, Env: []string{serveEnv + "=1"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return c
}

// bounded is a context for one step of a test: long enough for a loaded machine.
func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// variables are those of the repository, but for the two that a test would only
// wait for: a policy counts from warmed instances, and draining takes its time.
func variables(t *testing.T) stack.ScalingVariables {
	t.Helper()
	n, err := stack.ReadScalingVariables(t.Context(), filepath.Join("..", "terraform", "scaling.auto.tfvars.json"), stack.ScalingVariables{})
	if err != nil {
		t.Fatal(err)
	}
	n.DeregistrationDelay, n.InstanceWarmup = 1, 0
	return n
}

func build(t *testing.T, c *localcloud.Cloud, o stack.Options) stack.Stack {
	t.Helper()
	o.Name, o.ImageID, o.MetricsPeriod = "demo", imageID, 10*time.Second
	s, err := stack.Create(bounded(t), c.AWSConfig(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// buildHealthy builds a stack and waits until it serves.
func buildHealthy(t *testing.T, c *localcloud.Cloud) stack.Stack {
	t.Helper()
	s := build(t, c, stack.Options{Variables: variables(t)})
	if _, err := s.WaitHealthy(bounded(t)); err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks through the load balancer.
func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), err
}

// until polls what a test waits for.
func until(t *testing.T, what string, ok func(ctx context.Context) bool) {
	t.Helper()
	ctx := bounded(t)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !ok(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-ticker.C:
		}
	}
}

func group(t *testing.T, c *localcloud.Cloud, s stack.Stack) astypes.AutoScalingGroup {
	t.Helper()
	out, err := autoscaling.NewFromConfig(c.AWSConfig()).DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{s.AutoScalingGroupName},
	})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		t.Fatalf("DescribeAutoScalingGroups(%s) = %v, %v, want one group", s.AutoScalingGroupName, out, err)
	}
	return out.AutoScalingGroups[0]
}

func inService(g astypes.AutoScalingGroup) []string {
	var ids []string
	for _, i := range g.Instances {
		if i.LifecycleState == astypes.LifecycleStateInService {
			ids = append(ids, *i.InstanceId)
		}
	}
	return ids
}

func healthyTargets(t *testing.T, c *localcloud.Cloud, s stack.Stack) []string {
	t.Helper()
	out, err := elb.NewFromConfig(c.AWSConfig()).DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{
		TargetGroupArn: &s.TargetGroupARN,
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range out.TargetHealthDescriptions {
		if d.TargetHealth.State == "healthy" {
			ids = append(ids, *d.Target.Id)
		}
	}
	return ids
}
