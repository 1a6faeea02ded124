package awsapi

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/awsapi/internal/strict"
)

// everyMember asks botocore, which minds the case of XML names as Go's SDK does
// not, for every served operation, and compares the members it finds with those
// its own model has.
//
//go:embed testdata/every_member.py
var everyMember string

// clientTimeout bounds a foreign client's process: interpreters start slowly on
// a machine that is busy.
const clientTimeout = 2 * time.Minute

// runClient runs a program that is to call url, with dummy credentials only: no
// test may ever reach the real AWS with the user's own.
func runClient(t *testing.T, stdin, url string, argv ...string) (stdout string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PYTHONDONTWRITEBYTECODE=1",
		"AWS_ACCESS_KEY_ID=" + testKey, "AWS_SECRET_ACCESS_KEY=" + testSecret, "AWS_SESSION_TOKEN=" + testToken,
		"AWS_DEFAULT_REGION=" + testRegion, "AWS_ENDPOINT_URL=" + url, "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
		"NO_PROXY=127.0.0.1",
	}
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// requireClient skips the test if a program, or a Python module, is not there.
func requireClient(t *testing.T, program, module string) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped with -short: clients that are not written in Go start, which takes seconds")
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed: it does not read what the API answers", program)
	}
	if module != "" && exec.Command(program, "-c", "import "+module).Run() != nil {
		t.Skipf("%s has no module %s: it does not read what the API answers", program, module)
	}
}

// filled serves an operation whose answer has every member filled.
func filled[In, Out any](m *Mux, s Service, f *strict.Filler) {
	out := new(Out)
	f.Fill(out)
	Handle(m, s, func(context.Context, *In) (*Out, error) { return out, nil })
}

func TestBotocoreSeesEveryMember(t *testing.T) {
	requireClient(t, "python3", "boto3")
	m := NewMux(testConfig())
	f := &strict.Filler{Unions: unionValue}
	filled[autoscaling.DescribeAutoScalingGroupsInput, autoscaling.DescribeAutoScalingGroupsOutput](m, AutoScaling, f)
	filled[autoscaling.DescribePoliciesInput, autoscaling.DescribePoliciesOutput](m, AutoScaling, f)
	filled[autoscaling.DescribeScalingActivitiesInput, autoscaling.DescribeScalingActivitiesOutput](m, AutoScaling, f)
	filled[elasticloadbalancingv2.DescribeTargetHealthInput, elasticloadbalancingv2.DescribeTargetHealthOutput](m, ELBv2, f)
	filled[elasticloadbalancingv2.DescribeLoadBalancersInput, elasticloadbalancingv2.DescribeLoadBalancersOutput](m, ELBv2, f)
	filled[elasticloadbalancingv2.DescribeRulesInput, elasticloadbalancingv2.DescribeRulesOutput](m, ELBv2, f)
	filled[sts.GetCallerIdentityInput, sts.GetCallerIdentityOutput](m, STS, f)
	filled[cloudtrail.LookupEventsInput, cloudtrail.LookupEventsOutput](m, CloudTrail, f)
	filled[cloudwatch.DescribeAlarmsInput, cloudwatch.DescribeAlarmsOutput](m, CloudWatch, f)
	filled[cloudwatch.GetMetricDataInput, cloudwatch.GetMetricDataOutput](m, CloudWatch, f)
	filled[cloudwatch.GetMetricStatisticsInput, cloudwatch.GetMetricStatisticsOutput](m, CloudWatch, f)
	filled[cloudwatch.ListMetricsInput, cloudwatch.ListMetricsOutput](m, CloudWatch, f)
	filled[ec2shapes.DescribeAvailabilityZonesInput, ec2shapes.DescribeAvailabilityZonesOutput](m, EC2, f)
	filled[ec2shapes.DescribeImagesInput, ec2shapes.DescribeImagesOutput](m, EC2, f)
	filled[ec2shapes.DescribeInstanceCreditSpecificationsInput, ec2shapes.DescribeInstanceCreditSpecificationsOutput](m, EC2, f)
	filled[ec2shapes.DescribeInstanceStatusInput, ec2shapes.DescribeInstanceStatusOutput](m, EC2, f)
	filled[ec2shapes.DescribeInstanceTypesInput, ec2shapes.DescribeInstanceTypesOutput](m, EC2, f)
	filled[ec2shapes.DescribeInstancesInput, ec2shapes.DescribeInstancesOutput](m, EC2, f)
	filled[ec2shapes.DescribeLaunchTemplateVersionsInput, ec2shapes.DescribeLaunchTemplateVersionsOutput](m, EC2, f)
	filled[ec2shapes.DescribeLaunchTemplatesInput, ec2shapes.DescribeLaunchTemplatesOutput](m, EC2, f)
	filled[ec2shapes.DescribeSecurityGroupsInput, ec2shapes.DescribeSecurityGroupsOutput](m, EC2, f)
	filled[ec2shapes.DescribeSubnetsInput, ec2shapes.DescribeSubnetsOutput](m, EC2, f)
	filled[ec2shapes.DescribeTagsInput, ec2shapes.DescribeTagsOutput](m, EC2, f)
	filled[ec2shapes.DescribeVpcsInput, ec2shapes.DescribeVpcsOutput](m, EC2, f)
	var calls []string
	for key := range m.operations {
		calls = append(calls, string(key.service)+" "+key.name)
	}
	report := runClient(t, everyMember+"\nmain("+quoteList(calls)+")\n", newServer(t, m), "python3", "-")
	var result struct {
		Calls, Members int
		Missing        []string
	}
	if err := json.Unmarshal([]byte(report), &result); err != nil {
		t.Fatalf("report %q: %v", report, err)
	}
	for _, missing := range result.Missing {
		t.Errorf("botocore found no %s", missing)
	}
	if result.Calls != len(calls) || result.Members < 10*len(calls) {
		t.Errorf("botocore made %d calls and found %d members, want %d calls and many members", result.Calls, result.Members, len(calls))
	}
}

// quoteList writes a Python list of strings, whose quoting JSON shares.
func quoteList(list []string) string {
	quoted, _ := json.Marshal(list) // strings do not fail
	return string(quoted)
}

// cliTime is a time in requests and answers of the AWS CLI.
func cliTime() *time.Time { return aws.Time(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) }

// inputs keeps the last Input of each type that arrived.
type inputs struct {
	mu   sync.Mutex
	last map[reflect.Type]any
}

func (i *inputs) add(in any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.last == nil {
		i.last = make(map[reflect.Type]any)
	}
	i.last[reflect.TypeOf(in)] = in
}

// like returns the last Input of in's type, nil if none arrived.
func (i *inputs) like(in any) any {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.last[reflect.TypeOf(in)]
}

// newCLIMux serves what cliCases call and keeps their Inputs.
func newCLIMux(received *inputs) *Mux {
	m := NewMux(testConfig())
	Handle(m, CloudWatch, func(_ context.Context, in *cloudwatch.PutMetricAlarmInput) (*cloudwatch.PutMetricAlarmOutput, error) {
		received.add(in)
		return nil, nil
	})
	Handle(m, CloudWatch, func(_ context.Context, in *cloudwatch.GetMetricStatisticsInput) (*cloudwatch.GetMetricStatisticsOutput, error) {
		received.add(in)
		return &cloudwatch.GetMetricStatisticsOutput{
			Label: aws.String("CPU"), Datapoints: []cwtypes.Datapoint{{Timestamp: cliTime(), Average: aws.Float64(32)}},
		}, nil
	})
	Handle(m, AutoScaling, func(_ context.Context, in *autoscaling.CreateAutoScalingGroupInput) (
		*autoscaling.CreateAutoScalingGroupOutput, error,
	) {
		received.add(in)
		return nil, nil
	})
	Handle(m, EC2, func(_ context.Context, in *ec2shapes.DescribeInstancesInput) (*ec2shapes.DescribeInstancesOutput, error) {
		received.add(in)
		return &ec2shapes.DescribeInstancesOutput{
			Reservations: []ec2types.Reservation{{Instances: []ec2types.Instance{{InstanceId: aws.String("i-1"), LaunchTime: cliTime()}}}},
		}, nil
	})
	Handle(m, ELBv2, func(_ context.Context, in *elasticloadbalancingv2.CreateTargetGroupInput) (
		*elasticloadbalancingv2.CreateTargetGroupOutput, error,
	) {
		received.add(in)
		return nil, nil
	})
	return m
}

// cliCase is one call of the AWS CLI.
type cliCase struct {
	name   string
	args   string
	in     any    // as it must arrive
	answer string // part of what the CLI prints
}

func cliCases() []cliCase {
	return []cliCase{
		{
			"CloudWatch puts an alarm",
			"cloudwatch put-metric-alarm --alarm-name a&b --metric-name CPUUtilization --namespace AWS/EC2 --statistic Average --period 10 " +
				"--evaluation-periods 3 --threshold 20 --comparison-operator GreaterThanThreshold --dimensions Name=AutoScalingGroupName,Value=g " +
				"--alarm-actions arn:1",
			&cloudwatch.PutMetricAlarmInput{
				AlarmName: aws.String("a&b"), MetricName: aws.String("CPUUtilization"), Namespace: aws.String("AWS/EC2"), Statistic: "Average",
				Period: aws.Int32(10), EvaluationPeriods: aws.Int32(3), Threshold: aws.Float64(20), ComparisonOperator: "GreaterThanThreshold",
				Dimensions: []cwtypes.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: aws.String("g")}}, AlarmActions: []string{"arn:1"},
			}, "",
		},
		{
			"CloudWatch gets statistics, and floats stay floats",
			"cloudwatch get-metric-statistics --metric-name CPUUtilization --namespace AWS/EC2 --statistics Average --period 60 --start-time " +
				"2026-01-02T03:04:05Z --end-time 2026-01-02T04:04:05Z --output json",
			&cloudwatch.GetMetricStatisticsInput{
				MetricName: aws.String("CPUUtilization"), Namespace: aws.String("AWS/EC2"), Statistics: []cwtypes.Statistic{"Average"},
				Period: aws.Int32(60), StartTime: cliTime(), EndTime: aws.Time(cliTime().Add(time.Hour)),
			}, `"Average": 32.0`,
		},
		{
			"Auto Scaling creates a group",
			"autoscaling create-auto-scaling-group --auto-scaling-group-name g --min-size 1 --max-size 2 --vpc-zone-identifier s-1,s-2 " +
				"--launch-template LaunchTemplateName=web,Version=$Latest --tags Key=Name,Value=é,PropagateAtLaunch=true",
			&autoscaling.CreateAutoScalingGroupInput{
				AutoScalingGroupName: aws.String("g"), MinSize: aws.Int32(1), MaxSize: aws.Int32(2), VPCZoneIdentifier: aws.String("s-1,s-2"),
				LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web"), Version: aws.String("$Latest")},
				Tags:           []astypes.Tag{{Key: aws.String("Name"), Value: aws.String("é"), PropagateAtLaunch: aws.Bool(true)}},
			}, "",
		},
		{
			"EC2 describes instances",
			"ec2 describe-instances --instance-ids i-1 i-2 --filters Name=instance-state-name,Values=running,pending --query " +
				"Reservations[].Instances[].[InstanceId,LaunchTime] --output text",
			&ec2shapes.DescribeInstancesInput{
				InstanceIds: []string{"i-1", "i-2"},
				Filters:     []ec2types.Filter{{Name: aws.String("instance-state-name"), Values: []string{"running", "pending"}}},
			}, "i-1\t2026-01-02T03:04:05",
		},
		{
			"ELBv2 creates a target group",
			"elbv2 create-target-group --name t --protocol HTTP --port 8080 --health-check-path /health --matcher HttpCode=200-299",
			&elasticloadbalancingv2.CreateTargetGroupInput{
				Name: aws.String("t"), Protocol: "HTTP", Port: aws.Int32(8080), HealthCheckPath: aws.String("/health"),
				Matcher: &elbtypes.Matcher{HttpCode: aws.String("200-299")},
			}, "",
		},
	}
}

// TestAWSCLI sends requests with the AWS CLI and reads its answers.
func TestAWSCLI(t *testing.T) {
	requireClient(t, "aws", "")
	received := &inputs{}
	url := newServer(t, newCLIMux(received))
	for _, tt := range cliCases() {
		t.Run(tt.name, func(t *testing.T) {
			out := runClient(t, "", url, append([]string{"aws", "--endpoint-url", url}, strings.Fields(tt.args)...)...)
			if !strings.Contains(out, tt.answer) {
				t.Errorf("the CLI printed %q, want %q", out, tt.answer)
			}
			arrived := received.like(tt.in)
			if arrived == nil {
				t.Fatal("no request arrived")
			}
			if d := strict.Diff(tt.in, arrived); d != "" {
				t.Errorf("the Input differs (-want +arrived):\n%s", d)
			}
		})
	}
}
