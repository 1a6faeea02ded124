package roles_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/roles"
)

const instance = "i-0123456789abcdef0"

// newRoles returns Roles whose clock the test turns forward.
func newRoles() (*roles.Roles, func(time.Duration)) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	return roles.New(roles.Config{AccountID: "123456789012", Now: func() time.Time { return now }}), func(d time.Duration) { now = now.Add(d) }
}

func TestCredentialsAreNewLongBeforeTheOldExpire(t *testing.T) {
	r, wait := newRoles()
	role := r.Of(instance, "demo-instance")
	first := role.Credentials()
	if got := first.Expires.Sub(first.Updated); got != 6*time.Hour || len(first.AccessKeyID) != 20 ||
		!strings.HasPrefix(first.AccessKeyID, "ASIA") || len(first.SecretAccessKey) != 40 || first.Token == "" {
		t.Errorf("credentials = %d and %d characters for %s, want 20 and 40 for 6 h", len(first.AccessKeyID), len(first.SecretAccessKey), got)
	}
	wait(59 * time.Minute)
	if again := role.Credentials(); again != first {
		t.Error("after 59 minutes the credentials are others, want the same")
	}
	wait(time.Minute)
	second := role.Credentials()
	if second == first || second.SecretAccessKey == first.SecretAccessKey {
		t.Error("after an hour the credentials are the same, want new ones")
	}
	for _, c := range []string{first.AccessKeyID, second.AccessKeyID} {
		if p, ok := r.Principal(c); !ok || p.ARN != "arn:aws:sts::123456789012:assumed-role/demo-instance/"+instance || !strings.HasSuffix(
			p.ID, ":"+instance,
		) {
			t.Errorf("Principal(%s) = %+v, %t, want the role's session: the old are good until they expire", c, p, ok)
		}
	}
}

func TestExpiredCredentialsAreForgottenInTheEnd(t *testing.T) {
	r, wait := newRoles()
	role := r.Of(instance, "demo-instance")
	first := role.Credentials()
	wait(6*time.Hour + 30*time.Minute)
	role.Credentials()
	if p, ok := r.Principal(first.AccessKeyID); !ok || !p.Expires.Equal(first.Expires) {
		t.Errorf("half an hour after its end Principal() = %v, want it known with its end: so can it be said that it expired", ok)
	}
	wait(time.Hour)
	role.Credentials()
	if _, ok := r.Principal(first.AccessKeyID); ok {
		t.Error("an hour and a half after its end it is still known")
	}
}

func TestNobodyElseIsKnown(t *testing.T) {
	r, _ := newRoles()
	a, b := r.Of(instance, "demo-instance").Credentials(), r.Of("i-0123456789abcdef1", "demo-instance").Credentials()
	if a.AccessKeyID == b.AccessKeyID || a.SecretAccessKey == b.SecretAccessKey || a.Token == b.Token {
		t.Error("two instances have the same credentials")
	}
	if _, ok := r.Principal("ASIA0000000000000000"); ok {
		t.Error("made-up credentials are known")
	}
}

func TestARoleUsesKeysAndNothingElse(t *testing.T) {
	r, _ := newRoles()
	p, _ := r.Principal(r.Of(instance, "demo-instance").Credentials().AccessKeyID)
	for action, want := range map[string]bool{
		"kms:Encrypt": true, "kms:Decrypt": true, "kms:ReEncrypt": true, "kms:GenerateDataKey": true, "kms:GenerateDataKeyWithoutPlaintext": true,
		"kms:DescribeKey":       true,
		"sts:GetCallerIdentity": true,
		"kms:CreateKey":         false, "kms:ScheduleKeyDeletion": false, "kms:DisableKey": false, "kms:UpdateAlias": false,
		"kms:ListKeys":                   false,
		"autoscaling:SetDesiredCapacity": false, "monitoring:SetAlarmState": false, "ec2:DescribeInstances": false,
		"elasticloadbalancing:DescribeTargetHealth": false, "sts:AssumeRole": false,
	} {
		service, operation, _ := strings.Cut(action, ":")
		if got := p.Allows(awsapi.Service(service), operation); got != want {
			t.Errorf("%s is allowed: %t, want %t", action, got, want)
		}
	}
}

func TestManyReadersGetOneSet(t *testing.T) {
	r := roles.New(roles.Config{AccountID: "123456789012"})
	role := r.Of(instance, "demo-instance")
	var ids sync.Map
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() { ids.Store(role.Credentials().AccessKeyID, true) })
	}
	group.Wait()
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("16 readers got %d sets of credentials, want 1", n)
	}
}
