package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/account/outputs"
	"secondwind/account/stack"
	"secondwind/account/sweep"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
	"secondwind/localcloud/cloudtrailapi"
)

// freePort is the address to listen on where none is asked for.
const freePort = "127.0.0.1:0"

// cloudOptions are the flags of cloud.
type cloudOptions struct {
	localcloud.Config
	calculator       string
	amis             []string
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
			"It runs until Ctrl-C.\n\n" +
			"Exit codes: 0 ended by Ctrl-C; 2 misuse, or the cloud could not be started.",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.validate(cmd.Flags()) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCloud(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", freePort, "loopback `address` of the AWS endpoint; port 0 picks a free one")
	calculatorFlag(f, &o.calculator)
	f.StringArrayVar(&o.amis, "ami", nil, "`id=command` of an image and what its instances run, such as ami-shop='./shop --port {port}'; "+
		"may be repeated, and --stack takes the first (default: the calculator, with id "+calculatorImageID+")")
	f.DurationVar(&o.EventDelay, "event-delay", cloudtrailapi.DefaultDelay, "how long CloudTrail takes to show a call; on AWS that is minutes")
	f.DurationVar(&o.MetricsPeriod, "metrics-period", 10*time.Second, "how often EC2 metrics are published: 10s, 20s, 30s or whole minutes")
	f.BoolVar(&o.withStack, "stack", false, "build the stack of terraform/ in it: load balancer, group, policies, alarms")
	scalingVariablesFlag(f, &o.scalingVariables)
	f.StringVar(&o.outputs, "outputs", "",
		"with --stack: `file` for its outputs, which --stack of soak, doctor and sweep reads; replaces only such a file")
	f.StringVar(&o.run, "run", "local", "with --stack: `id` of the run, the value of its tag "+sweep.RunTag)
	f.DurationVar(&o.ttl, "ttl", 4*time.Hour, "with --stack: time until it expires by its tag "+sweep.ExpiresTag+"; only sweep uses it")
	f.BoolVar(&o.verbose, "verbose", false, "log what the cloud does to stderr")
	return cmd
}

func (o cloudOptions) validate(f *pflag.FlagSet) error {
	s := scenario.Default()
	s.Local.MetricsPeriod = o.MetricsPeriod
	var faulty error
	switch {
	case !runID.MatchString(o.run):
		faulty = fmt.Errorf("--run is %.80q; give 3 to 64 letters, digits and hyphens", o.run)
	case o.ttl <= 0 || o.ttl > maxTTL:
		faulty = fmt.Errorf("--ttl is %s; give more than 0s and at most a week (%s)", o.ttl, maxTTL)
	}
	return cmp.Or(onlyWith(f, []string{"stack"}, "outputs", "scaling-variables", "run", "ttl"), faulty,
		s.Validate(map[string]string{"local.metrics_period": "--metrics-period"}), checkWritable("outputs", o.outputs),
		replaceable(o.outputs))
}

// runID and maxTTL are what terraform/ accepts as run_id and ttl_hours.
var runID = regexp.MustCompile("^[A-Za-z0-9][A-Za-z0-9-]{2,63}$")

const maxTTL = 168 * time.Hour

// replaceable refuses a file that is there and holds anything but the outputs of a
// local cloud's stack.
func replaceable(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil // whatever cannot be written is found elsewhere
	}
	if there, err := outputs.Read(context.Background(), path); err != nil || there.Region != localcloud.Region {
		return fmt.Errorf("--outputs %s is there and does not hold the outputs of a local cloud; remove it, or name another file", path)
	}
	return nil
}

func runCloud(ctx context.Context, out *output, o cloudOptions) error {
	images, first, err := o.images()
	if err != nil {
		return misuse(err)
	}
	variables, err := readScalingVariables(ctx, o.scalingVariables)
	if err != nil {
		return misuse(err)
	}
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelDebug
	}
	o.Seed, o.Log = cloudSeed(time.Now()), slog.New(slog.NewTextHandler(out.stderr, &slog.HandlerOptions{Level: level}))
	o.Images = images
	cloud, history, err := startLocalCloud(ctx, o.Config)
	if err != nil && o.Listen != freePort {
		err = misuse(err) // most likely the address cannot be listened on
	}
	if err != nil {
		return err
	}
	defer history.remove()
	defer cloud.Close()
	var built *stack.Stack
	if o.withStack {
		if built, err = buildStack(ctx, cloud, o, first, variables); err != nil {
			return err
		}
	}
	if err := writeEnvironment(out, environment(cloud, built)); err != nil {
		return err
	}
	<-ctx.Done()
	return cloud.Close()
}

// images are what instances can run, and the id of the image that the stack's run: the first
// that was asked for. The calculator is among them where it is found, or nothing else is asked for.
func (o cloudOptions) images() (all map[string]localcloud.Image, first string, err error) {
	all, first = map[string]localcloud.Image{}, calculatorImageID
	for i, text := range o.amis {
		id, command, _ := strings.Cut(text, "=")
		words, err := scenario.ParseCommand(command)
		if err != nil {
			return nil, "", fmt.Errorf("--ami %s: the command %w", id, err)
		}
		if !strings.HasPrefix(id, "ami-") {
			return nil, "", fmt.Errorf("--ami %s: an image's id begins with ami-; give for instance ami-shop='./shop --port {port}'", id)
		}
		if _, twice := all[id]; twice {
			return nil, "", fmt.Errorf("--ami %s is given twice; give each image an id of its own", id)
		}
		if all[id] = (localcloud.Image{Program: words[0], Args: words[1:]}); i == 0 {
			first = id
		}
	}
	if _, image, err := imageOf(scenario.Scenario{}, o.calculator); err == nil {
		all[calculatorImageID] = image
	} else if o.calculator != "" || len(o.amis) == 0 {
		return nil, "", err
	}
	return all, first, nil
}

// buildStack builds the stack, and writes its outputs if they are wanted.
func buildStack(
	ctx context.Context, cloud *localcloud.Cloud, o cloudOptions, imageID string, variables stack.ScalingVariables,
) (*stack.Stack, error) {
	expires := time.Now().UTC().Add(o.ttl).Format(time.RFC3339)
	built, err := stack.Create(ctx, localAWS(cloud), stack.Options{
		Name: localStack, Variables: variables, MetricsPeriod: o.MetricsPeriod, ImageID: imageID,
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

// refuseExisting refuses the path of a file, or of a link, that is there: the run
// would overwrite it, and remove it in the end. "" is none.
func refuseExisting(flag, path string) error {
	if _, err := os.Lstat(path); path == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("--%s %s is there already; name a new file, which is removed when the run ends", flag, path)
}

// writeExports writes the lines for a shell into a new file that only the user can
// read. The returned function removes it.
func writeExports(path string, cloud *localcloud.Cloud, s *stack.Stack) (remove func(), err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the export lines: %w", err)
	}
	remove = sync.OnceFunc(func() { _ = os.Remove(path) }) // what is left behind opens nothing any more
	if _, err = f.WriteString(exportLines(environment(cloud, s))); errors.Join(err, f.Close()) != nil {
		remove()
		return nil, fmt.Errorf("write the export lines: %w", err)
	}
	return remove, nil
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
