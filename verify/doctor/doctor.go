package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"secondwind/account/ec2form"
	"secondwind/runlog"
	"secondwind/verify/awsclock"
	"secondwind/verify/hypothesis"
)

// Config says what to examine.
type Config struct {
	AWS                  aws.Config
	AutoScalingGroupName string
	// AlarmName is the scale-out alarm if the caller knows it; "": the one that
	// the hypothesis would choose.
	AlarmName string
	// TargetGroupARN is the target group that the caller takes for the group's; "": the first.
	TargetGroupARN string
	// LoadBalancerURL is where requests go; "": nobody knows.
	LoadBalancerURL string
	// Terraform is whether the group is of the stack of terraform/, so that advice may name its variables.
	Terraform bool
	// Known are findings of the caller's own, as about the way to the group.
	Known []Finding
	// Hold is how long the load is to last beyond control and chain.
	Hold time.Duration
	// Band is the load of the proof in thresholds, load.band of its scenario; 0: 1.6.
	Band float64
	// LoadCPUPercent is that load in percent, load.cpu_percent; 0: Band says.
	LoadCPUPercent float64
	// InstanceHeader is the header in which each answer is to name its instance; "": it is not looked for.
	InstanceHeader string
	// Path is what is asked of the load balancer; "": the path of the health check. Host is the
	// Host header; "": that of the URL.
	Path, Host string
	// Transport carries the request to the load balancer; nil: one of sockets.
	Transport http.RoundTripper
}

// answerWithin bounds an examination: one that hangs is no help before a run.
const answerWithin = 30 * time.Second

// examination is an examination under way.
type examination struct {
	cfg    Config
	clock  *awsclock.Clock
	groups *autoscaling.Client
	alarms *cloudwatch.Client
	elb    *elb.Client
	ec2    ec2form.Client
	sts    *sts.Client
	trail  *cloudtrail.Client
	facts  facts
	// claim is what a proof would claim of the group, unless claimed says why nothing can be claimed.
	claim   runlog.Hypothesis
	claimed error

	mu     sync.Mutex // of report.Findings and facts.answered, while questions are asked concurrently
	report Report
}

// Examine asks about the group, changes nothing, and returns what it has found.
// What goes wrong is a finding too: there is no error.
func Examine(ctx context.Context, cfg Config) Report {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	cfg.Band = cmp.Or(cfg.Band, 1.6)
	x := newExamination(cfg)
	if x.checkAccess(ctx) {
		x.gather(ctx)
		for _, f := range cfg.Known {
			x.add(f)
		}
		if x.facts.group != nil {
			x.checkAll(ctx)
		}
	}
	x.checkClock()
	x.report.ClockOffsetSeconds = x.clock.Offset().Round(10 * time.Millisecond).Seconds()
	x.report.sort()
	return x.report
}

func newExamination(cfg Config) *examination {
	clock := new(awsclock.Clock)
	watched := clock.Watch(cfg.AWS)
	return &examination{
		cfg: cfg, clock: clock, groups: autoscaling.NewFromConfig(watched), alarms: cloudwatch.NewFromConfig(watched),
		elb: elb.NewFromConfig(watched), ec2: ec2form.Client{AWS: watched}, sts: sts.NewFromConfig(watched),
		trail: cloudtrail.NewFromConfig(watched),
		report: Report{
			Version: 1, Examined: time.Now().UTC(), Region: cfg.AWS.Region, AutoScalingGroupName: cfg.AutoScalingGroupName,
			InstanceTypes: []string{}, Findings: []Finding{}, Deadlines: []runlog.Deadline{},
		},
		facts: facts{
			answered: map[string]bool{},
			// The claim's metric follows from the name, even where the group may not be described.
			configuration: hypothesis.Configuration{Group: runlog.AutoScalingGroup{AutoScalingGroupName: cfg.AutoScalingGroupName}},
		},
	}
}

// find adds a finding.
func (x *examination) find(severity Severity, id, where, what, change string) {
	x.add(Finding{Severity: severity, ID: id, Where: where, What: what, Change: change})
}

// findIf adds a finding where a condition holds.
func (x *examination) findIf(holds bool, severity Severity, id, where, what, change string) {
	if holds {
		x.find(severity, id, where, what, change)
	}
}

// add adds a finding; the same one twice counts once.
func (x *examination) add(f Finding) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, known := range x.report.Findings {
		if known.ID == f.ID && (known.Where == f.Where || f.ID == "endpoint.unreachable" || f.ID == "credentials.invalid") {
			return
		}
	}
	x.report.Findings = append(x.report.Findings, f)
}

// checkAccess reports whether AWS can be asked at all.
func (x *examination) checkAccess(ctx context.Context) bool {
	if x.cfg.AWS.Region == "" {
		x.find(Error, "region.missing", "AWS_REGION", "No AWS Region is set.", "Set AWS_REGION, or a region in the AWS profile.")
		return false
	}
	if x.cfg.AWS.Credentials == nil {
		x.add(noCredentials("none are configured"))
		return false
	}
	if _, err := x.cfg.AWS.Credentials.Retrieve(ctx); err != nil {
		x.add(noCredentials(lastOf(err)))
		return false
	}
	caller, err := x.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		x.findFailure(opGetCallerIdentity, err)
		return false
	}
	x.report.Account, x.report.Caller = aws.ToString(caller.Account), aws.ToString(caller.Arn)
	return true
}

// ours is advice that is for the stack of terraform/ alone; "" for another group.
func (x *examination) ours(advice string) string {
	if x.cfg.Terraform {
		return advice
	}
	return ""
}

// command is a command of the AWS CLI that is about the group.
func (x *examination) command(name, options string) string {
	return strings.TrimSpace("`aws autoscaling "+name+" --auto-scaling-group-name "+x.cfg.AutoScalingGroupName+" "+options) + "`"
}

// because adds to a state the reason that AWS gives for it, if it gives one.
func because[State ~string](state State, reason string) string {
	if reason = strings.TrimRight(reason, ". "); reason == "" {
		return string(state)
	}
	return string(state) + " (" + reason + ")"
}

func noCredentials(why string) Finding {
	return Finding{ID: "credentials.missing", Severity: Error, Where: "the AWS configuration",
		What:   fmt.Sprintf("No AWS credentials were found: %s.", why),
		Change: "Log in (aws sso login, aws configure), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."}
}

// checkAll examines what was answered about a group that is there.
func (x *examination) checkAll(ctx context.Context) {
	x.noteTypes()
	x.checkGroup()
	x.checkProcesses()
	x.checkInterference()
	alarm, ok := x.facts.configuration.ScaleOutAlarm(x.cfg.AlarmName)
	policy := x.facts.configuration.PolicyOf(alarm)
	x.claim, x.claimed = hypothesis.Declare(x.facts.configuration, hypothesis.Intent{
		AlarmName: alarm.AlarmName, Band: x.cfg.Band, LoadCPUPercent: x.cfg.LoadCPUPercent,
	}, x.report.Examined)
	x.checkAlarm(alarm, ok)
	if ok {
		x.checkActions(alarm, policy)
		x.checkMonitoring(alarm)
		x.expect(alarm, policy)
		x.checkMetric(alarm)
		x.checkBlind(alarm)
		x.checkCredits(alarm)
	}
	x.checkSchedules() // after expect: it asks how long the run takes
	x.checkTargets()
	x.checkBalancer(ctx)
	if ok {
		x.checkClaim()
	}
}

// checkClaim reports why no claim can be made of the group, where nothing else says it.
func (x *examination) checkClaim() {
	known := slices.ContainsFunc(x.report.Findings, func(f Finding) bool { return f.Severity == Error })
	x.findIf(x.claimed != nil && !known, Error, "claim.impossible", x.cfg.AutoScalingGroupName,
		fmt.Sprintf("No claim can be made of it: %v.", x.claimed),
		"Change the policy, or the load in the scenario, as the reason says.")
}

// expect derives the deadlines, and how long a proof may take by them.
func (x *examination) expect(alarm runlog.MetricAlarm, policy *runlog.ScalingPolicy) {
	var tg runlog.TargetGroup
	if groups := x.facts.configuration.TargetGroups; len(groups) > 0 {
		tg = groups[0]
	}
	r := &x.report
	r.AlarmName = alarm.AlarmName
	if policy != nil {
		r.PolicyName = policy.PolicyName
	}
	r.Deadlines = hypothesis.Deadlines(alarm, tg, x.facts.configuration.Group, policy, runlog.IdentityAnswer)
	for _, d := range r.Deadlines {
		r.ExpectSeconds += d.Seconds()
		if d.Link <= runlog.LinkFirstRequest { // the control is held as long as the chain may take
			r.ExpectSeconds += d.Seconds()
		}
	}
	_, to := x.step()
	if in, ok := x.facts.scaleIn(alarm); ok {
		r.ScaleIn = hypothesis.ScaleIn(in, x.facts.configuration.Group, x.facts.configuration.PolicyOf(in), to)
		r.ExpectSeconds += r.ScaleIn.Seconds()
	}
	r.ExpectSeconds += x.cfg.Hold.Seconds()
}

// convert reads an answer of the SDK as the record's types, through JSON: the
// members are AWS's in both. An answer that cannot be read counts as none, and is
// a finding: no run could record it.
func convert[To any](x *examination, operation string, from any) (to To, ok bool) {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, &to)
	}
	if err != nil {
		x.find(Error, "api.unreadable", operation, fmt.Sprintf("Its answer cannot be recorded: %s.", lastOf(err)),
			"Look at the answer with the AWS CLI, and correct the value in it that is not a number.")
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.facts.answered, operation)
		return *new(To), false
	}
	return to, true
}

// get asks a load balancer, without following it elsewhere.
func (x *examination) get(ctx context.Context, url string) (*http.Response, error) {
	client := &http.Client{
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     x.cfg.Transport,
	}
	if client.Transport == nil {
		client.Transport = &http.Transport{DisableKeepAlives: true}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Host = x.cfg.Host
	return client.Do(request)
}
