package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"secondwind/account/stack"
	"secondwind/account/sweep"
	"secondwind/localcloud"
)

// cloudOptions are the flags of cloud.
type cloudOptions struct {
	listen           string
	calculator       string
	metricsPeriod    time.Duration
	scalingVariables string
	withStack        bool
	outputs          string
	run              string
	ttl              time.Duration
	verbose          bool
}

func newCloud(out *output) *cobra.Command {
	var o cloudOptions
	cmd := &cobra.Command{
		Use:   "cloud",
		Short: "Run the local cloud until interrupted",
		Long: "Runs the local cloud on loopback and prints the lines that point the AWS CLI and the SDKs at it:\n\n" +
			"  secondwind cloud --stack            # then paste the export lines into another terminal:\n" +
			"  aws autoscaling describe-auto-scaling-groups\n\n" +
			"An old AWS CLI that does not read AWS_ENDPOINT_URL needs --endpoint-url.\n\n" +
			"It runs until Ctrl-C, which is exit code 0.",
		Args:    noArguments,
		PreRunE: func(*cobra.Command, []string) error { return o.validate() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCloud(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address` of the AWS endpoint; port 0 picks a free one")
	calculatorFlag(f, &o.calculator)
	f.DurationVar(&o.metricsPeriod, "metrics-period", 10*time.Second, "how often EC2 metrics are published: 10s, 20s, 30s or n minutes")
	f.BoolVar(&o.withStack, "stack", false, "create the stack of terraform/ in it: load balancer, group, policies, alarms")
	scalingVariablesFlag(f, &o.scalingVariables)
	f.StringVar(&o.outputs, "outputs", "", "`file` to write the stack's outputs to, for --stack of soak, doctor and sweep")
	f.StringVar(&o.run, "run", "local", "`id` of the run that the stack is tagged with ("+sweep.RunTag+")")
	f.DurationVar(&o.ttl, "ttl", 4*time.Hour, "time from now until the stack expires ("+sweep.ExpiresTag+"); only sweep heeds it here")
	f.BoolVar(&o.verbose, "verbose", false, "log what the cloud does to stderr")
	return cmd
}

func (o cloudOptions) validate() error {
	switch {
	case o.outputs != "" && !o.withStack:
		return errors.New("--outputs writes the outputs of a stack: give --stack too")
	case o.scalingVariables != "" && !o.withStack:
		return errors.New("--scaling-variables are those of a stack: give --stack too")
	}
	return checkWritable("outputs", o.outputs)
}

func runCloud(ctx context.Context, out *output, o cloudOptions) error {
	program, err := findCalculator(o.calculator)
	if err != nil {
		return err
	}
	variables, err := readScalingVariables(o.scalingVariables)
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelDebug
	}
	cloud, history, err := startLocalCloud(ctx, localcloud.Config{
		Listen:        o.listen,
		MetricsPeriod: o.metricsPeriod,
		Seed:          cloudSeed(time.Now()),
		Log:           slog.New(slog.NewTextHandler(out.stderr, &slog.HandlerOptions{Level: level})),
	}, program)
	if err != nil {
		return err
	}
	defer history.remove()
	defer cloud.Close()
	var built *stack.Stack
	if o.withStack {
		if built, err = buildStack(ctx, cloud, o, variables); err != nil {
			return err
		}
	}
	if err := writeEnvironment(out, environment(cloud, built)); err != nil {
		return err
	}
	<-ctx.Done()
	return cloud.Close()
}

// buildStack builds the stack, and writes its outputs if they are wanted.
func buildStack(ctx context.Context, cloud *localcloud.Cloud, o cloudOptions, variables stack.ScalingVariables) (*stack.Stack, error) {
	expires := time.Now().UTC().Add(o.ttl).Format(time.RFC3339)
	built, err := createStack(ctx, cloud, stackOptions{
		variables: variables, metricsPeriod: o.metricsPeriod, alarmActions: true, policy: true,
		tags: map[string]string{sweep.RunTag: o.run, sweep.ExpiresTag: expires, "Project": "secondwind"},
	})
	if err == nil && o.outputs != "" {
		err = writeOutputs(o.outputs, cloud.Region(), o.run, expires, built)
	}
	return &built, err
}

// writeEnvironment writes how to reach the cloud: lines for a shell, or one JSON object.
func writeEnvironment(out *output, env [][2]string) error {
	object := map[string]string{}
	for _, kv := range env {
		object[kv[0]] = kv[1]
	}
	return out.write(object, func(w io.Writer) error {
		_, err := fmt.Fprint(w, exportLines(env), "# The local cloud runs until Ctrl-C.\n")
		return err
	})
}

// writeExports writes the lines for a shell into a file that only the user can
// read. The returned function removes it.
func writeExports(path string, cloud *localcloud.Cloud, s *stack.Stack) (remove func(), err error) {
	if err := os.WriteFile(path, []byte(exportLines(environment(cloud, s))), 0o600); err != nil {
		return nil, fmt.Errorf("write the export lines: %w", err)
	}
	return func() { _ = os.Remove(path) }, nil // what is left behind opens nothing any more
}

// writeOutputs writes what `terraform output -json` prints of such a stack.
func writeOutputs(path, region, run, expires string, s stack.Stack) error {
	type output struct {
		Sensitive bool   `json:"sensitive"`
		Type      string `json:"type"`
		Value     string `json:"value"`
	}
	all := map[string]output{}
	for name, value := range map[string]string{
		"region": region, "run_id": run, "expires": expires, "auto_scaling_group_name": s.AutoScalingGroupName,
		"load_balancer_url": s.LoadBalancerURL, "target_group_arn": s.TargetGroupARN, "scale_out_alarm_name": s.ScaleOutAlarm,
		"scale_in_alarm_name": s.ScaleInAlarm, "scale_out_policy_name": s.ScaleOutPolicy,
	} {
		all[name] = output{Type: "string", Value: value}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the stack's outputs: %w", err)
	}
	return nil
}

// environment is what points the AWS CLI and the SDKs at the cloud.
func environment(cloud *localcloud.Cloud, s *stack.Stack) [][2]string {
	c := cloud.Credentials()
	env := [][2]string{
		{"AWS_ENDPOINT_URL", cloud.Endpoint()},
		{"AWS_ACCESS_KEY_ID", c.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", c.SecretAccessKey},
		{"AWS_SESSION_TOKEN", c.SessionToken},
		{"AWS_REGION", cloud.Region()},
		{"AWS_DEFAULT_REGION", cloud.Region()},
	}
	if s != nil {
		env = append(env, [2]string{"SECONDWIND_GROUP", s.AutoScalingGroupName}, [2]string{"SECONDWIND_URL", s.LoadBalancerURL})
	}
	return env
}

func exportLines(env [][2]string) string {
	var b strings.Builder
	for _, kv := range env {
		fmt.Fprintf(&b, "export %s=%s\n", kv[0], kv[1])
	}
	return b.String()
}
