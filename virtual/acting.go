package virtual

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	smithytime "github.com/aws/smithy-go/time"

	"secondwind/account/ec2form"
	"secondwind/account/outputs"
	"secondwind/account/stack"
	"secondwind/localcloud/cloud"
)

// Acting is who acts in a World while the run goes on.
type Acting struct {
	AWS       aws.Config // with the account's credentials; no answer is lost
	Stack     stack.Stack
	EndHold   func() // as a user's Ctrl-C in the hold
	Interrupt func() // as a user's Ctrl-C elsewhere
	// Group is what the run proves, as it is known; Config.Configure may set it. By default it is the stack's.
	Group outputs.Outputs
	// Transport carries requests to whatever listens in the world.
	Transport *http.Transport

	world *world
}

// After does something later, unless ctx has ended by then.
func (a *Acting) After(ctx context.Context, d time.Duration, do func()) {
	a.world.running.Go(func() {
		if smithytime.SleepWithContext(ctx, d) == nil {
			do()
		}
	})
}

// Call calls an operation by its name in awsapi.Mux.Operations, with an input in JSON;
// for EC2, which is called with a form, a flat one. In the input $group, $high and the
// like stand for what there is (see names), and {"$like": "$high", …} for all that a
// policy or an alarm has, but for what else is given. What was changed is noted in the
// world's truth.
func (a *Acting) Call(ctx context.Context, operation, input string) {
	text := strings.NewReplacer(a.names(ctx)...).Replace(input)
	deed := Deed{Name: operation, Input: text}
	watched := *a
	watched.AWS = a.world.config(new(atomic.Int64), new(atomic.Int64), func(serve func()) {
		before := a.world.configuration()
		serve()
		deed.At, deed.Changed = time.Now(), append(deed.Changed, differences(before, a.world.configuration())...)
	})
	watched.AWS.AppID = "somebody-else"
	deed.Err = watched.call(ctx, operation, text)
	a.world.noted(deed)
}

func (a *Acting) call(ctx context.Context, operation, input string) error {
	service, name, _ := strings.Cut(operation, ":")
	if service == "ec2" {
		var fields map[string]string
		if err := json.Unmarshal([]byte(input), &fields); err != nil {
			panic(fmt.Sprintf("%s %s: %v", operation, input, err))
		}
		form := url.Values{}
		for key, value := range fields {
			form.Set(key, value)
		}
		return ec2form.Client{AWS: a.AWS}.Call(ctx, name, form, nil)
	}
	client := map[string]any{
		"autoscaling": autoscaling.NewFromConfig(a.AWS), "monitoring": cloudwatch.NewFromConfig(a.AWS),
		"elasticloadbalancing": elb.NewFromConfig(a.AWS), "kms": kms.NewFromConfig(a.AWS),
	}[service]
	method := reflect.ValueOf(client).MethodByName(name)
	in := reflect.New(method.Type().In(1).Elem())
	if err := json.Unmarshal(a.like(ctx, input), in.Interface()); err != nil {
		panic(fmt.Sprintf("%s %s: %v", operation, input, err))
	}
	err, _ := method.Call([]reflect.Value{reflect.ValueOf(ctx), in})[1].Interface().(error)
	return err
}

// names are what stands for what in an input.
func (a *Acting) names(ctx context.Context) []string {
	s, w := a.Stack, a.world
	reason, data := w.evaluated()
	names := map[string]string{
		"$group": s.AutoScalingGroupName, "$high": s.ScaleOutAlarm, "$low": s.ScaleInAlarm, "$out": s.ScaleOutPolicy,
		"$targets": s.TargetGroupARN, "$template": s.LaunchTemplateID, "$key": s.HistoryKeyARN, "$reason": reason, "$data": data,
		"$now": time.Now().UTC().Format(time.RFC3339),
	}
	_ = w.state.Read(func(state *cloud.State) error {
		if group, err := state.Engine.Group(s.AutoScalingGroupName); err == nil && len(group.Instances) > 0 {
			names["$first"], names["$last"] = group.Instances[0].ID, group.Instances[len(group.Instances)-1].ID
			names["$arn"] = group.ARN
		}
		for _, p := range state.Engine.Policies() {
			if p.Name == s.ScaleOutPolicy {
				names["$policy"] = p.ARN
			}
		}
		for _, i := range state.Instances {
			if i.Group != s.AutoScalingGroupName && i.State == cloud.Running {
				names["$foreign"] = i.ID
			}
		}
		for _, l := range state.Listeners {
			names["$listener"], names["$balancer"] = l.ARN(), *l.Described.LoadBalancerArn
		}
		return nil
	})
	var pairs []string
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(names))) { // the longer of two that begin alike first
		pairs = append(pairs, name, names[name])
	}
	return pairs
}

// like gives an input all that the policy or alarm that it names with "$like" has.
func (a *Acting) like(ctx context.Context, input string) []byte {
	var given map[string]any
	if json.Unmarshal([]byte(input), &given) != nil || given["$like"] == nil {
		return []byte(input)
	}
	name := fmt.Sprint(given["$like"])
	delete(given, "$like")
	known := map[string]any{}
	take := func(found any) { // AWS names what a resource has as it names what makes it
		text, _ := json.Marshal(found)
		_ = json.Unmarshal(text, &known)
	}
	alarms, err := cloudwatch.NewFromConfig(a.AWS).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
	if err == nil && len(alarms.MetricAlarms) == 1 {
		take(alarms.MetricAlarms[0])
	}
	policies, err := autoscaling.NewFromConfig(a.AWS).DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{
		AutoScalingGroupName: &a.Stack.AutoScalingGroupName, PolicyNames: []string{name},
	})
	if err == nil && len(policies.ScalingPolicies) == 1 {
		take(policies.ScalingPolicies[0])
	}
	maps.Copy(known, given)
	text, err := json.Marshal(known)
	if err != nil {
		panic(err) // it was just decoded
	}
	return text
}

// Send sends requests through the load balancer as another client, so many a second.
func (a *Acting) Send(ctx context.Context, rate float64, lasting time.Duration) {
	transport := &http.Transport{DialContext: a.world.network.dial, DisableCompression: true}
	defer transport.CloseIdleConnections()
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	for end := time.Now().Add(lasting); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		a.world.running.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Stack.LoadBalancerURL+"/multiply",
				strings.NewReader(`{"operands":["2","3"]}`))
			if err != nil {
				panic(err) // it is a constant, but for the address
			}
			r.Header.Set(othersHeader, "1")
			if answer, err := transport.RoundTrip(r); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body) // nobody reads it
				_ = answer.Body.Close()
			}
		})
	}
}

// Crash ends the group's oldest or newest instance from within.
func (a *Acting) Crash(ctx context.Context, newest bool) {
	names := a.names(ctx)
	for i := 0; i < len(names); i += 2 {
		if names[i] == map[bool]string{true: "$last", false: "$first"}[newest] {
			a.world.fleet.crash(names[i+1])
			a.world.noted(Deed{At: time.Now(), Name: "crash", Changed: []string{partInstances}})
		}
	}
}

// Busy lets another program use so much CPU, in percent, of every instance for a time.
func (a *Acting) Busy(ctx context.Context, percent float64, lasting time.Duration) {
	fleet, began := a.world.fleet, time.Now()
	fleet.change(nil, func(m *machine) { m.IdleCPUPercent += percent })
	_ = smithytime.SleepWithContext(ctx, lasting) // the run may end before
	fleet.change(nil, func(m *machine) { m.IdleCPUPercent -= percent })
	a.world.noted(Deed{At: began, Until: time.Now(), Name: "busy", CPUPercent: percent})
}

// Slow makes a request cost so many times its CPU for a time, as a neighbour does.
func (a *Acting) Slow(ctx context.Context, factor float64, lasting time.Duration) {
	fleet, began := a.world.fleet, time.Now()
	fleet.change(nil, func(m *machine) { m.CPU = time.Duration(float64(m.CPU) * factor) })
	_ = smithytime.SleepWithContext(ctx, lasting) // the run may end before
	fleet.change(nil, func(m *machine) { m.CPU = time.Duration(float64(m.CPU) / factor) })
	a.world.noted(Deed{At: began, Until: time.Now(), Name: "slow"})
}

// Sicken makes every instance that runs fail its health checks for a time.
func (a *Acting) Sicken(ctx context.Context, lasting time.Duration) {
	began := time.Now()
	a.world.fleet.change(nil, func(m *machine) { m.Unhealthy = true })
	_ = smithytime.SleepWithContext(ctx, lasting) // the run may end before
	a.world.fleet.change(nil, func(m *machine) { m.Unhealthy = false })
	a.world.noted(Deed{At: began, Until: time.Now(), Name: "unhealthy"})
}

// Lose loses the next answers of the API to the observer.
func (a *Acting) Lose(answers int) {
	a.world.lost.Store(int64(answers))
	a.world.noted(Deed{At: time.Now(), Name: "answers lost"})
}

// Delay lets the API's answers to the observer come later for a time.
func (a *Acting) Delay(ctx context.Context, by, lasting time.Duration) {
	a.world.late.Store(int64(by))
	a.world.noted(Deed{At: time.Now(), Name: "answers late"})
	_ = smithytime.SleepWithContext(ctx, lasting) // the run may end before
	a.world.late.Store(0)
}
