package discover_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"secondwind/account/discover"
	"secondwind/account/outputs"
	"secondwind/virtual"
)

// An edit changes an answer of the SDK, after the local cloud gave it.
type edit func(out any) error

func edited[Out any](change func(*Out)) edit {
	return func(out any) error {
		if answer, ok := out.(*Out); ok {
			change(answer)
		}
		return nil
	}
}

// refused is an answer of that type that the caller is not allowed to have.
func refused[Out any](out any) error {
	if _, ok := out.(*Out); ok {
		return &smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized"}
	}
	return nil
}

// with returns the configuration with answers edited, which counts them in calls.
func with(cfg aws.Config, edits []edit, calls *int) aws.Config {
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("edit", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			*calls++
			for _, e := range edits {
				if err == nil {
					err = e(out.Result)
				}
			}
			return out, metadata, err
		}), middleware.Before)
	})
	return cfg
}

// listening has listeners instead of those that there are; their rules are the default ones alone.
func listening(all ...types.Listener) edit {
	return edited(func(out *elb.DescribeListenersOutput) {
		for i := range all {
			all[i].ListenerArn = out.Listeners[0].ListenerArn // whose rules can be asked for
		}
		out.Listeners = all
	})
}

func listener(protocol types.ProtocolEnum, port int32) types.Listener {
	return types.Listener{Protocol: protocol, Port: &port}
}

// ruled gives the only listener these rules, tried in the order of their priority.
func ruled(rules ...types.Rule) edit {
	return edited(func(out *elb.DescribeRulesOutput) { out.Rules = rules })
}

func rule(priority, forward string, conditions ...types.RuleCondition) types.Rule {
	action := types.Action{Type: types.ActionTypeEnumForward, TargetGroupArn: &forward}
	if forward == "" {
		action = types.Action{Type: types.ActionTypeEnumFixedResponse}
	}
	return types.Rule{Priority: &priority, Actions: []types.Action{action}, Conditions: conditions}
}

func path(values ...string) types.RuleCondition {
	return types.RuleCondition{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: values}}
}

func host(values ...string) types.RuleCondition {
	return types.RuleCondition{Field: aws.String("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: values}}
}

// A find is what is found of a group whose answers are edited so. In want, $tg stands for the ARN
// of the stack's target group, $lb for the name of its load balancer in the DNS.
type find struct {
	name     string
	told     outputs.Outputs
	edits    []edit
	url      string   // that is found
	findings string   // their ids
	want     []string // parts of the error or, where there is none, of the findings
}

func finds(c virtual.Cloud) []find {
	tg := c.Stack.TargetGroupARN
	network := edited(func(out *elb.DescribeLoadBalancersOutput) {
		out.LoadBalancers[0].Type = types.LoadBalancerTypeEnumNetwork
	})
	forwarding := func(l types.Listener) types.Listener {
		l.DefaultActions = []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &tg}}
		return l
	}
	shared := rule("default", tg)
	shared.Actions[0] = types.Action{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
		TargetGroups: []types.TargetGroupTuple{
			{TargetGroupArn: &tg, Weight: aws.Int32(9)}, {TargetGroupArn: aws.String("tg/canary/1"), Weight: aws.Int32(1)},
			{TargetGroupArn: aws.String("tg/old/1"), Weight: aws.Int32(0)},
		},
	}}
	query := types.RuleCondition{Field: aws.String("query-string"), QueryStringConfig: &types.QueryStringConditionConfig{
		Values: []types.QueryStringKeyValuePair{{Key: aws.String("v"), Value: aws.String("2")}},
	}}
	header := types.RuleCondition{Field: aws.String("http-header"), HttpHeaderConfig: &types.HttpHeaderConditionConfig{
		HttpHeaderName: aws.String("X-Beta"), Values: []string{"1"},
	}}
	return []find{
		{"the stack's own", outputs.Outputs{}, nil, "http://$lb", "", nil},
		{"a URL that was told", outputs.Outputs{LoadBalancerURL: "http://told"}, nil, "http://told", "", nil},
		{"HTTPS", outputs.Outputs{}, []edit{listening(listener(types.ProtocolEnumHttps, 443)), ruled(rule("default", tg))},
			"https://$lb", "balancer.certificate", []string{"hardly for $lb", "--url https://NAME"}},
		{"another port", outputs.Outputs{}, []edit{listening(listener(types.ProtocolEnumHttp, 8080)), ruled(rule("default", tg))},
			"http://$lb:8080", "", nil},
		{"two listeners", outputs.Outputs{}, []edit{
			listening(listener(types.ProtocolEnumHttp, 80), listener(types.ProtocolEnumHttps, 8443)), ruled(rule("default", tg)),
		}, "", "", []string{"2 listeners or rules send requests", "--url", "http://$lb (listener HTTP:80 of ", "https://$lb:8443 ("}},
		{"nothing that forwards", outputs.Outputs{}, []edit{ruled(rule("default", ""))}, "", "", nil},
		{"a Network Load Balancer", outputs.Outputs{}, []edit{network, listening(forwarding(listener(types.ProtocolEnumTcp, 3000)))},
			"http://$lb:3000", "", nil},
		{"a Network Load Balancer with TLS", outputs.Outputs{}, []edit{
			network, listening(forwarding(listener(types.ProtocolEnumTls, 443)), forwarding(listener(types.ProtocolEnumUdp, 53))),
		}, "https://$lb", "balancer.certificate", nil},
		{"a Network Load Balancer with TCP at HTTPS's port", outputs.Outputs{}, []edit{
			network, listening(forwarding(listener(types.ProtocolEnumTcp, 443))),
		}, "https://$lb", "balancer.certificate", nil},
		{"a path", outputs.Outputs{}, []edit{ruled(rule("7", tg, path("/shop/*", "/cart")), rule("3", "other", path("/shop/admin")),
			rule("default", ""))}, "http://$lb", "balancer.rules balancer.rules",
			[]string{"only requests with path /shop/* or /cart to", "requests with path /shop/admin elsewhere"}},
		{"two paths", outputs.Outputs{}, []edit{ruled(rule("7", tg, path("/shop/*")), rule("8", tg, path("/cart")), rule("default", ""))},
			"", "", []string{"2 listeners or rules", "with path /shop/*)", "with path /cart)"}},
		{"a host", outputs.Outputs{}, []edit{ruled(rule("7", tg, host("shop.example.com"), path("/v2/*")), rule("default", "other"))}, "", "",
			[]string{"no listener sends all requests to the target group", "http://shop.example.com (listener HTTP:80 of ",
				", with path /v2/*; the name must lead to $lb, else give --url http://$lb and the header Host: shop.example.com"}},
		{"a header and a query", outputs.Outputs{}, []edit{ruled(rule("7", tg, header, query), rule("default", "other"))}, "", "",
			[]string{"--url", "http://$lb (", "with header X-Beta 1, and query-string v=2)"}},
		{"rules before the default one", outputs.Outputs{}, []edit{ruled(rule("default", tg), rule("2", "other", host("*.example.com")))},
			"http://$lb", "balancer.rules", []string{"It sends requests with host *.example.com elsewhere."}},
		{"a share", outputs.Outputs{}, []edit{ruled(shared)}, "http://$lb", "balancer.shared", []string{"the target group and canary:"}},
		{"a target group that nothing forwards to", outputs.Outputs{},
			[]edit{edited(func(out *elb.DescribeTargetGroupsOutput) { out.TargetGroups[0].LoadBalancerArns = nil })}, "", "", nil},
		{"several target groups", outputs.Outputs{}, []edit{twice}, "", "",
			[]string{"has 2 target groups", "--target-group", "$tg (behind secondwind-alb)", "$tg2 (behind secondwind-alb)"}},
		{"one of several that was told", outputs.Outputs{TargetGroupARN: tg}, []edit{twice}, "http://$lb", "", nil},
		{"several, one of them behind a load balancer", outputs.Outputs{}, []edit{twice, edited(func(out *elb.DescribeTargetGroupsOutput) {
			out.TargetGroups[0].LoadBalancerArns = nil
		})}, "http://$lb", "", nil},
		{"two alarms", outputs.Outputs{}, []edit{edited(func(out *cloudwatch.DescribeAlarmsOutput) {
			for _, a := range out.MetricAlarms {
				if *a.AlarmName == c.Stack.ScaleOutAlarm {
					a.AlarmName, a.Threshold = aws.String("higher"), aws.Float64(40)
					out.MetricAlarms = append(out.MetricAlarms, a)
					return
				}
			}
		})}, "http://$lb", "", []string{"2 alarms that scale it out; choose with --alarm:\n  \"" + c.Stack.ScaleOutAlarm +
			"\" (CPUUtilization above 20 %, policy " + c.Stack.ScaleOutPolicy + ")", "\"higher\" (CPUUtilization above 40 %"}},
		{"a group that is not there", outputs.Outputs{AutoScalingGroupName: "nobody"}, nil, "", "", []string{`no Auto Scaling group "nobody"`}},
		{"listeners that may not be read", outputs.Outputs{}, []edit{refused[elb.DescribeListenersOutput]}, "", "",
			[]string{"listeners of load balancer secondwind-alb", "AccessDenied"}},
		{"policies that may not be read", outputs.Outputs{}, []edit{refused[autoscaling.DescribePoliciesOutput]}, "", "",
			[]string{"AccessDenied"}},
	}
}

// twice is a second target group behind the same load balancer.
var twice = edited(func(out *elb.DescribeTargetGroupsOutput) {
	other := out.TargetGroups[0]
	other.TargetGroupArn = aws.String(*other.TargetGroupArn + "2")
	out.TargetGroups = append([]types.TargetGroup{other}, out.TargetGroups...)
})

func TestAGroupIsFoundFromItsName(t *testing.T) {
	t.Parallel()
	virtual.InCloud(t, virtual.Default(t), func(t *testing.T, c virtual.Cloud) {
		for _, tt := range finds(c) {
			tt.check(t, c)
		}
	})
}

func (tt find) check(t *testing.T, c virtual.Cloud) {
	t.Helper()
	told, calls := tt.told, 0
	if told.AutoScalingGroupName == "" {
		told.AutoScalingGroupName = c.Stack.AutoScalingGroupName
	}
	found, err := discover.Find(t.Context(), with(c.AWS, tt.edits, &calls), told)
	address, _, _ := strings.Cut(strings.TrimPrefix(c.Stack.LoadBalancerURL, "http://"), ":")
	resolve := strings.NewReplacer("$tg", c.Stack.TargetGroupARN, "$lb", address).Replace
	if found.LoadBalancerURL != resolve(tt.url) {
		t.Errorf("%s: URL = %q, want %q", tt.name, found.LoadBalancerURL, resolve(tt.url))
	}
	text, ids := "", []string{}
	for _, f := range found.Findings {
		text, ids = text+f.Where+": "+f.What+" "+f.Change+"\n", append(ids, f.ID)
	}
	if got := strings.Join(ids, " "); got != tt.findings {
		t.Errorf("%s: findings = %s, want %q", tt.name, got, tt.findings)
	}
	if err != nil {
		text = err.Error()
	}
	failing := len(tt.want) > 0 && tt.findings == ""
	if failing != (err != nil) {
		t.Errorf("%s: Find() = %+v, %v; want an error: %t", tt.name, found, err, failing)
	}
	for _, want := range tt.want {
		if !strings.Contains(text, resolve(want)) {
			t.Errorf("%s: it says\n%s\nwant %q in it", tt.name, text, resolve(want))
		}
	}
	if err == nil && (found.ScaleOutAlarmName != c.Stack.ScaleOutAlarm || found.TargetGroupARN != c.Stack.TargetGroupARN ||
		found.PolicyName != c.Stack.ScaleOutPolicy) {
		t.Errorf("%s: alarm %q and target group %q, want the stack's", tt.name, found.ScaleOutAlarmName, found.TargetGroupARN)
	}
	if calls > 9 {
		t.Errorf("%s: %d calls, want 9 at most", tt.name, calls)
	}
}

func TestAChoiceIsAskedForWithItsFlag(t *testing.T) {
	t.Parallel()
	virtual.InCloud(t, virtual.Default(t), func(t *testing.T, c virtual.Cloud) {
		calls := 0
		cfg := with(c.AWS, []edit{twice}, &calls)
		_, err := discover.Find(t.Context(), cfg, outputs.Outputs{AutoScalingGroupName: c.Stack.AutoScalingGroupName})
		choice, ok := errors.AsType[*discover.Choice](err)
		if !ok || choice.Flag != "target-group" || len(choice.Candidates) != 2 {
			t.Errorf("Find() = %v, want a choice of two by --target-group", err)
		}
	})
}
