package discover

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/runlog"
	"secondwind/verify/doctor"
)

// route is a way of requests to the target group: all that come to a listener, or those that meet
// the conditions of one of its rules.
type route struct {
	listener   string // "listener HTTP:80 of web"
	scheme     string
	dns        string
	port       int32
	conditions []types.RuleCondition
	beside     []string // target groups that get a share of its requests
	before     []string // conditions of rules that send other requests elsewhere first
}

// chooseURL takes the URL by which every request reaches the target group, if there is one only.
func (g *Group) chooseURL(ctx context.Context, cfg aws.Config, tg runlog.TargetGroup) error {
	if g.LoadBalancerURL != "" || len(tg.LoadBalancerArns) == 0 {
		return nil // told, or the doctor says what is missing
	}
	routes, err := routesTo(ctx, elb.NewFromConfig(cfg), tg)
	if err != nil {
		return err
	}
	all := filter(routes, func(r route) bool { return len(r.conditions) == 0 })
	if len(all) == 0 { // conditions of the path are met by the scenario's requests
		all = filter(routes, route.byPath)
	}
	switch what := "the target group " + nameOf(tg.TargetGroupArn); {
	case len(routes) == 0:
		return nil
	case len(all) == 1:
		g.LoadBalancerURL = all[0].url(all[0].dns)
		g.find(all[0])
		return nil
	case len(all) == 0:
		return choiceOf(fmt.Sprintf("no listener sends all requests to %s", what), routes)
	default:
		return choiceOf(fmt.Sprintf("%d listeners or rules send requests to %s", len(all), what), all)
	}
}

func choiceOf(what string, routes []route) *Choice {
	c := &Choice{What: what, Flag: "url"}
	for _, r := range routes {
		c.Candidates = append(c.Candidates, r.String())
	}
	return c
}

// find notes what bears on a proof by this way.
func (g *Group) find(r route) {
	if len(r.conditions) > 0 {
		g.Findings = append(g.Findings, doctor.Finding{
			ID: "balancer.rules", Severity: doctor.Note, Where: r.listener,
			What:   fmt.Sprintf("It sends only requests with %s to the target group.", conditionsOf(r.conditions)),
			Change: "Let every request of the scenario meet that; others are answered by somebody else.",
		})
	}
	for _, other := range r.before {
		g.Findings = append(g.Findings, doctor.Finding{
			ID: "balancer.rules", Severity: doctor.Note, Where: r.listener, What: fmt.Sprintf("It sends requests with %s elsewhere.", other),
			Change: "Let no request of the scenario meet that.",
		})
	}
	if len(r.beside) > 0 {
		g.Findings = append(g.Findings, doctor.Finding{
			ID: "balancer.shared", Severity: doctor.Error, Where: r.listener,
			What: fmt.Sprintf("It divides the requests between the target group and %s: others share the load, so that no run could be PROVED.",
				strings.Join(names(r.beside), ", ")),
			Change: "Let it forward to the target group alone for the proof (`aws elbv2 modify-listener` or `modify-rule`).",
		})
	}
	if r.scheme == "https" {
		g.Findings = append(g.Findings, doctor.Finding{
			ID: "balancer.certificate", Severity: doctor.Note, Where: r.listener,
			What: fmt.Sprintf("Its certificate is for the service's own name, and hardly for %s.", r.dns),
			Change: "Give the name that the certificate has (--url https://NAME) if that leads here; " +
				"else trust it by tls.root_certs or tls.insecure in the scenario.",
		})
	}
}

// url is the route's with a host; the port is left out where the scheme says it.
func (r route) url(host string) string {
	if r.port == map[string]int32{"http": 80, "https": 443}[r.scheme] {
		return r.scheme + "://" + host
	}
	return r.scheme + "://" + net.JoinHostPort(host, strconv.Itoa(int(r.port)))
}

// byPath reports whether nothing but its path keeps a request from this way.
func (r route) byPath() bool {
	return !slices.ContainsFunc(r.conditions, func(c types.RuleCondition) bool { return aws.ToString(c.Field) != "path-pattern" })
}

// String is a candidate: the URL, and what else a request must have.
func (r route) String() string {
	others := slices.Clone(r.conditions)
	if i := slices.IndexFunc(others, func(c types.RuleCondition) bool { return aws.ToString(c.Field) == "host-header" }); i >= 0 {
		host := valuesOf(others[i])[0]
		rest := ""
		if others = slices.Delete(others, i, i+1); len(others) > 0 {
			rest = ", with " + conditionsOf(others)
		}
		return fmt.Sprintf("%s (%s%s; the name must lead to %s, else give --url %s and the header Host: %s in the scenario)",
			r.url(host), r.listener, rest, r.dns, r.url(r.dns), host)
	}
	if len(others) > 0 {
		return fmt.Sprintf("%s (%s, with %s)", r.url(r.dns), r.listener, conditionsOf(others))
	}
	return fmt.Sprintf("%s (%s)", r.url(r.dns), r.listener)
}

// routesTo are all ways to a target group.
func routesTo(ctx context.Context, client *elb.Client, tg runlog.TargetGroup) (all []route, err error) {
	pages := elb.NewDescribeLoadBalancersPaginator(client, &elb.DescribeLoadBalancersInput{LoadBalancerArns: tg.LoadBalancerArns})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("load balancer of target group %s: %w", nameOf(tg.TargetGroupArn), err)
		}
		for _, lb := range page.LoadBalancers {
			through, err := throughBalancer(ctx, client, lb, tg.TargetGroupArn)
			if err != nil {
				return nil, err
			}
			all = append(all, through...)
		}
	}
	return all, nil
}

func throughBalancer(ctx context.Context, client *elb.Client, lb types.LoadBalancer, targetGroupARN string) (all []route, err error) {
	pages := elb.NewDescribeListenersPaginator(client, &elb.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listeners of load balancer %s: %w", aws.ToString(lb.LoadBalancerName), err)
		}
		for _, l := range page.Listeners {
			scheme, port := schemeOf(l), aws.ToInt32(l.Port)
			if scheme == "" {
				continue
			}
			rules, err := rulesOf(ctx, client, lb, l)
			if err != nil {
				return nil, err
			}
			r := route{
				listener: fmt.Sprintf("listener %s:%d of %s", l.Protocol, port, aws.ToString(lb.LoadBalancerName)),
				scheme:   scheme, dns: aws.ToString(lb.DNSName), port: port,
			}
			all = append(all, r.of(rules, targetGroupARN)...)
		}
	}
	return all, nil
}

// schemeOf is that of requests to a listener; "" if it takes none. What a Network Load Balancer
// passes on is told by the port alone.
func schemeOf(l types.Listener) string {
	switch port := aws.ToInt32(l.Port); l.Protocol {
	case types.ProtocolEnumHttp:
		return "http"
	case types.ProtocolEnumHttps, types.ProtocolEnumTls:
		return "https"
	case types.ProtocolEnumTcp, types.ProtocolEnumTcpUdp:
		if port == 443 || port == 8443 {
			return "https"
		}
		return "http"
	}
	return ""
}

// rulesOf are the rules of a listener, the first that is tried first. Only Application Load
// Balancers have any beside the default actions.
func rulesOf(ctx context.Context, client *elb.Client, lb types.LoadBalancer, l types.Listener) (rules []types.Rule, err error) {
	if lb.Type != types.LoadBalancerTypeEnumApplication {
		return []types.Rule{{Actions: l.DefaultActions}}, nil
	}
	pages := elb.NewDescribeRulesPaginator(client, &elb.DescribeRulesInput{ListenerArn: l.ListenerArn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("rules of listener %s: %w", aws.ToString(l.ListenerArn), err)
		}
		rules = append(rules, page.Rules...)
	}
	slices.SortStableFunc(rules, func(a, b types.Rule) int { return cmp.Compare(priorityOf(a), priorityOf(b)) })
	return rules, nil
}

// priorityOf is the place of a rule; the default one is the last.
func priorityOf(r types.Rule) int {
	n, err := strconv.Atoi(aws.ToString(r.Priority))
	if err != nil {
		return 1 << 30
	}
	return n
}

// of are the ways through a listener with these rules.
func (r route) of(rules []types.Rule, targetGroupARN string) (all []route) {
	var before []string
	for _, rule := range rules {
		to, beside := forwards(rule.Actions, targetGroupARN)
		if to {
			way := r
			way.conditions, way.beside, way.before = rule.Conditions, beside, slices.Clone(before)
			all = append(all, way)
			continue
		}
		before = append(before, conditionsOf(rule.Conditions))
	}
	return all
}

// forwards reports whether the actions send requests to the target group, and to which others too.
func forwards(actions []types.Action, targetGroupARN string) (to bool, beside []string) {
	for _, a := range actions {
		if a.Type != types.ActionTypeEnumForward {
			continue
		}
		to = to || aws.ToString(a.TargetGroupArn) == targetGroupARN
		if a.ForwardConfig == nil {
			continue
		}
		for _, g := range a.ForwardConfig.TargetGroups {
			switch {
			case g.Weight != nil && *g.Weight == 0:
			case aws.ToString(g.TargetGroupArn) == targetGroupARN:
				to = true
			default:
				beside = append(beside, aws.ToString(g.TargetGroupArn))
			}
		}
	}
	return to, beside
}

// conditionsOf are conditions in words: "path /shop/* or /cart, and host shop.example.com".
func conditionsOf(all []types.RuleCondition) string {
	texts := make([]string, len(all))
	for i, c := range all {
		field := strings.TrimSuffix(strings.TrimSuffix(aws.ToString(c.Field), "-pattern"), "-header")
		if c.HttpHeaderConfig != nil {
			field = "header " + aws.ToString(c.HttpHeaderConfig.HttpHeaderName)
		}
		texts[i] = field + " " + strings.Join(valuesOf(c), " or ")
	}
	return strings.Join(texts, ", and ")
}

// valuesOf are the values of which a condition wants one.
func valuesOf(c types.RuleCondition) []string {
	values := slices.Clone(c.Values) // as older rules have them
	switch {
	case c.HostHeaderConfig != nil:
		values = slices.Concat(c.HostHeaderConfig.Values, c.HostHeaderConfig.RegexValues)
	case c.PathPatternConfig != nil:
		values = slices.Concat(c.PathPatternConfig.Values, c.PathPatternConfig.RegexValues)
	case c.HttpHeaderConfig != nil:
		values = slices.Concat(c.HttpHeaderConfig.Values, c.HttpHeaderConfig.RegexValues)
	case c.HttpRequestMethodConfig != nil:
		values = c.HttpRequestMethodConfig.Values
	case c.SourceIpConfig != nil:
		values = c.SourceIpConfig.Values
	case c.QueryStringConfig != nil:
		for _, q := range c.QueryStringConfig.Values {
			values = append(values, strings.TrimPrefix(aws.ToString(q.Key)+"="+aws.ToString(q.Value), "="))
		}
	}
	if len(values) == 0 {
		return []string{"of a form that is not known here"}
	}
	return values
}
