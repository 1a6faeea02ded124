package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/account/stack"
	"secondwind/account/sweep"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
)

// cloudOptions are the flags of cloud.
type cloudOptions struct {
	localcloud.Config
	calculator       string
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
		Long: "Runs the local cloud on loopback and prints export lines that point the AWS CLI and the SDKs at it:\n\n" +
			"  secondwind cloud --stack       # paste its export lines into another terminal, and then:\n" +
			"  aws autoscaling describe-auto-scaling-groups\n\n" +
			"An AWS CLI that is too old to read AWS_ENDPOINT_URL needs --endpoint-url.\n\n" +
			"It runs until Ctrl-C, which is exit code 0.",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.validate(cmd.Flags()) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCloud(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:0", "loopback `address` of the AWS endpoint; port 0 picks a free one")
	calculatorFlag(f, &o.calculator)
	f.DurationVar(&o.MetricsPeriod, "metrics-period", 10*time.Second, "how often EC2 metrics are published: 10s, 20s, 30s or whole minutes")
	f.BoolVar(&o.withStack, "stack", false, "build the stack of terraform/ in it: load balancer, group, policies, alarms")
	scalingVariablesFlag(f, &o.scalingVariables)
	f.StringVar(&o.outputs, "outputs", "", "with --stack: `file` for its outputs, which --stack of soak, doctor and sweep reads")
	f.StringVar(&o.run, "run", "local", "with --stack: `id` of the run, the value of its tag "+sweep.RunTag)
	f.DurationVar(&o.ttl, "ttl", 4*time.Hour, "with --stack: time until it expires by its tag "+sweep.ExpiresTag+"; only sweep uses it")
	f.BoolVar(&o.verbose, "verbose", false, "log what the cloud does to stderr")
	return cmd
}

func (o cloudOptions) validate(f *pflag.FlagSet) error {
	s := scenario.Default()
	s.Local.MetricsPeriod = o.MetricsPeriod
	return cmp.Or(onlyWith(f, []string{"stack"}, "outputs", "scaling-variables", "run", "ttl"),
		s.Validate(map[string]string{"local.metrics_period": "--metrics-period"}), checkWritable("outputs", o.outputs))
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
	o.Seed, o.Log = cloudSeed(time.Now()), slog.New(slog.NewTextHandler(out.stderr, &slog.HandlerOptions{Level: level}))
	cloud, history, err := startLocalCloud(ctx, o.Config, program)
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
	built, err := stack.Create(ctx, localAWS(cloud), stack.Options{
		Name: localStack, Variables: variables, MetricsPeriod: o.MetricsPeriod, ImageID: calculatorImageID,
		Tags: map[string]string{sweep.RunTag: o.run, sweep.ExpiresTag: expires, "Project": "secondwind"},
	})
	if err == nil && o.outputs != "" {
		err = writeOutputs(o.outputs, cloud.Region(), o.run, expires, built)
	}
	return &built, err
}

// writeEnvironment writes how to reach the cloud: lines for a shell, or one JSON object.
func writeEnvironment(out *output, env map[string]string) error {
	return out.write(env, func(w io.Writer) {
		fmt.Fprint(w, exportLines(env), "# The local cloud runs until Ctrl-C.\n")
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
	return writeJSON(path, all)
}

// environment is what points the AWS CLI and the SDKs at the cloud.
func environment(cloud *localcloud.Cloud, s *stack.Stack) map[string]string {
	c := cloud.Credentials()
	env := map[string]string{
		"AWS_ENDPOINT_URL": cloud.Endpoint(), "AWS_REGION": cloud.Region(), "AWS_DEFAULT_REGION": cloud.Region(),
		"AWS_ACCESS_KEY_ID": c.AccessKeyID, "AWS_SECRET_ACCESS_KEY": c.SecretAccessKey, "AWS_SESSION_TOKEN": c.SessionToken,
	}
	if s != nil {
		env["SECONDWIND_GROUP"], env["SECONDWIND_URL"] = s.AutoScalingGroupName, s.LoadBalancerURL
	}
	return env
}

func exportLines(env map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "export %s=%s\n", name, env[name])
	}
	return b.String()
}
