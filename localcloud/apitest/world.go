// Package apitest tests the local cloud's API in virtual time, without processes
// and sockets: a World is a running cloud in a bubble with the API before it, and
// tests are tables of signed requests and of what must be answered.
package apitest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"secondwind/localcloud"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/fleet"
)

const (
	region  = "local-1"
	account = "123456789012"
	key     = "AKIDTESTTESTTESTTEST"
	secret  = "secret"
)

// versions are those of the APIs that speak a query protocol.
var versions = map[awsapi.Service]string{
	awsapi.AutoScaling: "2011-01-01", awsapi.CloudWatch: "2010-08-01", awsapi.ELBv2: "2015-12-01", awsapi.EC2: "2016-11-15",
	awsapi.STS: "2011-06-15",
}

// World is a cloud in a bubble, with metrics every 10 s. It has the image ami-1.
type World struct {
	*cloud.Cloud
	Fleet    *Fleet
	Balancer *Balancer
	Reported []string // what people are told
	mux      *awsapi.Mux
	signer   aws.Credentials
	roles    map[string]awsapi.Principal // by access key id
	names    map[string]string           // of what was made up: see Name
}

// New returns a world that does not run yet. It must be called in a bubble.
func New(t *testing.T) *World {
	t.Helper()
	w := &World{names: map[string]string{}, roles: map[string]awsapi.Principal{}}
	w.signer = aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}
	w.Fleet = &Fleet{
		exits: make(chan fleet.Exit), used: map[string]time.Duration{}, blind: map[string]bool{}, read: time.Now(), boot: 2 * time.Second,
	}
	c, err := cloud.New(cloud.Config{
		Region: region, AccountID: account, MetricsPeriod: 10 * time.Second, Seed: 1, Fleet: w.Fleet,
		Images: map[string]cloud.Image{"ami-1": {Program: "/bin/true"}},
		Balancer: func(onHealth func(balancer.TargetHealth)) cloud.LoadBalancing {
			w.Balancer = &Balancer{
				onHealth: onHealth, groups: map[string]balancer.TargetGroup{}, health: map[string][]balancer.TargetHealth{},
				open: map[string]string{},
			}
			return w.Balancer
		},
		Report: func(text string) { w.Reported = append(w.Reported, text) },
		Tagged: func() map[string]map[string]string {
			return map[string]map[string]string{"arn:aws:kms:local-1:123456789012:key/1": {"run": "k"}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Cloud = c
	w.mux = awsapi.NewMux(awsapi.Config{
		AccessKeyID: key, SecretAccessKey: secret, Region: region,
		Principals: func(id string) (awsapi.Principal, bool) { p, ok := w.roles[id]; return p, ok },
	})
	localcloud.Register(w.mux, c)
	for i, subnet := range c.Network().Subnets {
		w.names["subnet"+string(rune('1'+i))] = subnet.ID
	}
	return w
}

// Run calls f in a bubble with a world that runs. In it is what a user builds
// first: the launch template web-lt ({lt}), the target group web-tg ({tg}), the
// group web-asg of 1 to 2 instances, its policy out ({policy}) and the alarm high
// on an average above 20 %, which invokes it.
func Run(t *testing.T, f func(t *testing.T, w *World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := New(t)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Cloud.Run(ctx) })
		defer w.Balancer.draining.Wait()
		defer running.Wait()
		defer cancel()
		w.build(t)
		f(t, w)
	})
}

func (w *World) build(t *testing.T) {
	t.Helper()
	w.Name(t, "lt", "launchTemplate.launchTemplateId", awsapi.EC2,
		"CreateLaunchTemplate&LaunchTemplateName=web-lt&LaunchTemplateData.ImageId=ami-1&LaunchTemplateData.InstanceType=t2.micro")
	w.Name(t, "tg", "TargetGroups.1.TargetGroupArn", awsapi.ELBv2, "CreateTargetGroup&Name=web-tg&Protocol=HTTP&Port=8080")
	w.Call(t, awsapi.AutoScaling, "CreateAutoScalingGroup&AutoScalingGroupName=web-asg&MinSize=1&MaxSize=2&DefaultInstanceWarmup=0"+
		"&LaunchTemplate.LaunchTemplateName=web-lt&TargetGroupARNs.member.1={tg}"+
		"&AvailabilityZones.member.1=local-1a&AvailabilityZones.member.2=local-1b")
	w.Name(t, "policy", "PolicyARN", awsapi.AutoScaling, "PutScalingPolicy&AutoScalingGroupName=web-asg&PolicyName=out"+
		"&PolicyType=StepScaling&AdjustmentType=ChangeInCapacity"+
		"&StepAdjustments.member.1.MetricIntervalLowerBound=0&StepAdjustments.member.1.ScalingAdjustment=1")
	w.Call(t, awsapi.CloudWatch, "PutMetricAlarm&AlarmName=high&Namespace=AWS/EC2&MetricName=CPUUtilization&Statistic=Average"+
		"&Dimensions.member.1.Name=AutoScalingGroupName&Dimensions.member.1.Value=web-asg&Period=10&EvaluationPeriods=1"+
		"&Threshold=20&ComparisonOperator=GreaterThanThreshold&AlarmActions.member.1={policy}")
}

// As lets a role that may call everything sign from now on.
func (w *World) As(role awsapi.Principal) {
	w.signer = aws.Credentials{AccessKeyID: "ASIATESTTESTTESTTEST", SecretAccessKey: "role", SessionToken: "token"}
	role.SecretAccessKey, role.SessionToken, role.Expires = w.signer.SecretAccessKey, w.signer.SessionToken, time.Now().Add(time.Hour)
	role.Allows = func(awsapi.Service, string) bool { return true }
	w.roles[w.signer.AccessKeyID] = role
}

// Wait lets virtual time pass, and everything happen that is due.
func (w *World) Wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Call makes a request that must be answered without an error. A request is a form
// after "Action=": "SetDesiredCapacity&AutoScalingGroupName=web-asg". In it {name}
// stands for what was named so.
func (w *World) Call(t *testing.T, s awsapi.Service, request string) Answer {
	t.Helper()
	a, failure := w.call(t, s, request)
	if failure != "" {
		t.Fatalf("%s: %s", request, failure)
	}
	return a
}

// Try makes a request and returns its error as "Code: message", "" if it has none.
func (w *World) Try(t *testing.T, s awsapi.Service, request string) string {
	t.Helper()
	_, failure := w.call(t, s, request)
	return failure
}

// Name makes a request and gives a value of its answer a name.
func (w *World) Name(t *testing.T, name, path string, s awsapi.Service, request string) string {
	t.Helper()
	w.names[name] = w.Call(t, s, request).Get(t, path)
	return w.names[name]
}

// Steps are requests that follow one another: what it is about, the request, and
// what must come of it. That is either the error, "Code: message" (an end of "…"
// stands for any text), or values of the answer joined by "&": "path=value", or
// "!path" for what must not be there.
type Steps [][3]string

// Do makes the requests and holds what comes of them against what must.
func (w *World) Do(t *testing.T, s awsapi.Service, steps Steps) {
	t.Helper()
	for _, step := range steps {
		name, request, want := step[0], step[1], w.fill(step[2])
		a, failure := w.call(t, s, request)
		switch {
		case isError.MatchString(want) || failure != "":
			start, open := strings.CutSuffix(want, "…")
			if failure != want && !(open && strings.HasPrefix(failure, start)) {
				t.Errorf("%s: %s\n\tanswers %s\n\twant    %s", name, request, orAnswer(failure, a), want)
			}
		default:
			if lacking := a.lacks(want); len(lacking) > 0 {
				t.Errorf("%s: %s\n\tthe answer lacks %s:\n%s", name, request, strings.Join(lacking, ", "), a)
			}
		}
	}
}

var isError = regexp.MustCompile(`^[A-Z][A-Za-z.]+: `)

func orAnswer(failure string, a Answer) string {
	if failure != "" {
		return failure
	}
	return "\n" + a.String()
}

// fill puts in what was named.
func (w *World) fill(s string) string {
	for name, value := range w.names {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}

// call returns the answer, or the error as "Code: message".
func (w *World) call(t *testing.T, s awsapi.Service, request string) (Answer, string) {
	t.Helper()
	request = w.fill(request)
	if s == awsapi.Tagging {
		operation, body, _ := strings.Cut(request, " ")
		return w.send(t, s, body, readJSON, "X-Amz-Target", "ResourceGroupsTaggingAPI_20170126."+operation)
	}
	return w.send(t, s, "Version="+versions[s]+"&Action="+request, readXML, "Content-Type", "application/x-www-form-urlencoded")
}

func (w *World) send(
	t *testing.T, s awsapi.Service, body string, read func(string) (Answer, error), header, value string,
) (Answer, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://cloud.test/", strings.NewReader(body))
	r.Header.Set(header, value)
	digest := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), w.signer, r, hex.EncodeToString(digest[:]), string(s), region, time.Now()); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	w.mux.ServeHTTP(answer, r)
	a, err := read(answer.Body.String())
	if err != nil {
		t.Fatalf("%s is answered with %q: %v", body, answer.Body, err)
	}
	if answer.Code == http.StatusOK {
		return a, ""
	}
	for _, at := range []struct{ code, message string }{
		{"Error.Code", "Error.Message"}, {"Errors.Error.Code", "Errors.Error.Message"}, {"__type", "message"},
	} {
		if code, ok := a[at.code]; ok {
			return nil, code + ": " + a[at.message]
		}
	}
	t.Fatalf("%s is answered with %d %q, want an error in AWS's form", body, answer.Code, answer.Body)
	return nil, ""
}
