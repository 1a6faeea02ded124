package sweep_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/sweep"
)

func sweeper(cfg aws.Config, s sweep.Selection) *sweep.Sweeper {
	return sweep.New(sweep.Config{AWS: cfg, Select: s, Interval: time.Millisecond, Timeout: time.Minute})
}

func tags(run string) map[string]string {
	return map[string]string{sweep.RunTag: run, sweep.ExpiresTag: "2026-11-25T12:00:00Z", "Project": "secondwind"}
}

// TestNothingWithoutTheRunsTagIsTouched is in an account whose lists ignore every
// filter: whatever is not of the run must be seen to be so here.
func TestNothingWithoutTheRunsTagIsTouched(t *testing.T) {
	a, cfg := newAccount(t)
	a.add(tags("a"), idsOf("mine")...)
	others := map[string]map[string]string{
		"other": tags("b"), "longer": tags("ab"), "upper": tags("A"), "padded": tags("a "), "untagged": {}, "empty": tags(""),
		"project": {"Project": "secondwind"}, "name": {"Name": "secondwind", "run": "a"},
		"key": {"Secondwind:run": "a"}, "value": {"a": sweep.RunTag},
	}
	for suffix, tags := range others {
		a.add(tags, idsOf(suffix)...)
	}
	found, err := sweeper(cfg, sweep.Selection{Run: "a"}).Remove(t.Context())
	if err != nil || !found.Clean() {
		t.Fatalf("Remove() = %+v, %v, want nothing left", found, err)
	}
	for suffix := range others {
		for _, id := range idsOf(suffix) {
			if a.have[id] == nil {
				t.Errorf("%s was removed, whose tags are %v", id, others[suffix])
			}
		}
	}
	for _, id := range idsOf("mine") {
		if a.have[id] != nil {
			t.Errorf("%s is still there", id)
		}
	}
	for _, id := range a.removed {
		if !strings.Contains(id, "mine") {
			t.Errorf("a removal of %s was asked", id)
		}
	}
}

func TestWhatNeedsSomethingIsRemovedBeforeIt(t *testing.T) {
	a, cfg := newAccount(t)
	a.add(tags("a"), idsOf("x")...)
	if _, err := sweeper(cfg, sweep.Selection{Run: "a"}).Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, iam := "arn:aws:kms:eu-north-1:123456789012:key/key-x", "arn:aws:iam::123456789012:"
	profile, role := iam+"instance-profile/secondwind/profile-x-instance", iam+"role/secondwind/role-x-instance"
	policy := iam + "policy/policy-x-verifier"
	for _, order := range [][]string{
		{"i-x", "lt-x"}, {"i-x", "vol-x"}, {"i-x", "eni-x", "sg-x"}, {"ami-x", "snap-x", key}, {"sgr-x", "sg-x", "vpc-x"}, {"igw-x", "vpc-x"},
		{"subnet-x", "rtb-x", "vpc-x"}, {"versions of bucket-x", "arn:aws:s3:::bucket-x", key}, {"vol-x", key},
		{"RemoveRoleFromInstanceProfile " + profile, profile, "DeleteRolePolicy " + role, role, "DeletePolicyVersion " + policy, policy},
		{"DetachRolePolicy " + role, role}, {"alias/of-" + key, key},
	} {
		for i := 1; i < len(order); i++ {
			before, after := slices.Index(a.removed, order[i-1]), slices.Index(a.removed, order[i])
			if before < 0 || after < 0 || before > after {
				t.Errorf("%s was removed as number %d and %s as number %d of %d", order[i-1], before, order[i], after, len(a.removed))
			}
		}
	}
}

func TestWhatIsInUseIsTriedAgainAndNothingThatItNeedsMeanwhile(t *testing.T) {
	a, cfg := newAccount(t)
	a.add(tags("a"), "i-x", "sg-x", "vpc-x")
	a.refuse["sg-x"] = []string{"DependencyViolation", "DependencyViolation", "RequestLimitExceeded", "InternalError"}
	found, err := sweeper(cfg, sweep.Selection{Run: "a"}).Remove(t.Context())
	if err != nil || !found.Clean() {
		t.Fatalf("Remove() = %+v, %v, want nothing left", found, err)
	}
	if want := []string{"i-x", "sg-x", "vpc-x"}; !slices.Equal(a.removed, want) {
		t.Errorf("removed %v, want %v", a.removed, want)
	}
}

func TestWhatRemainsIsReportedWithTheReason(t *testing.T) {
	a, cfg := newAccount(t)
	a.add(tags("a"), "i-x", "vol-x", "arn:aws:sns:eu-north-1:123456789012:t", "arn:aws:mystery:eu-north-1:123456789012:thing/x")
	a.refuse["vol-x"] = slices.Repeat([]string{"UnauthorizedOperation"}, 100)
	a.refuse["arn:aws:sns:eu-north-1:123456789012:t"] = slices.Repeat([]string{"AccessDenied"}, 100)
	found, err := sweeper(cfg, sweep.Selection{Run: "a"}).Remove(t.Context())
	if err != nil || found.Clean() {
		t.Fatalf("Remove() = %+v, %v, want three that remain", found, err)
	}
	reasons := map[string]string{}
	for _, r := range found.Left() {
		reasons[r.ID] = r.Reason
	}
	for id, want := range map[string]string{
		"vol-x": "ec2:DeleteVolume: api error UnauthorizedOperation", "arn:aws:sns:eu-north-1:123456789012:t": "AccessDenied: not now",
		"arn:aws:mystery:eu-north-1:123456789012:thing/x": "secondwind cannot remove resources of this kind",
	} {
		if !strings.Contains(reasons[id], want) {
			t.Errorf("%s remains because %q, want …%q…", id, reasons[id], want)
		}
	}
	if len(reasons) != 3 || !slices.Equal(a.removed, []string{"i-x"}) {
		t.Errorf("left %v, removed %v; want three left, and i-x removed all the same", slices.Collect(maps.Keys(reasons)), a.removed)
	}
}

func TestWhatMayNotBeLookedForIsNeverReportedAsGone(t *testing.T) {
	a, cfg := newAccount(t)
	a.denied = "DescribeVolumes"
	found, err := sweeper(cfg, sweep.Selection{Run: "a"}).Wait(t.Context())
	if err != nil || found.Clean() || len(found.Unseen) != 1 || found.Unseen[0].Kind != "volume" ||
		!strings.Contains(found.Unseen[0].Reason, "ec2:DescribeVolumes") {
		t.Errorf("Wait() = %+v, %v, want that volumes could not be looked for, and why", found, err)
	}
}

func TestWhatIsGoneAndStillNamedByTheTaggingAPIIsNotLeft(t *testing.T) {
	a, cfg := newAccount(t)
	a.stale = true
	for _, id := range idsOf("x") {
		if !strings.Contains(id, ":key/") {
			a.gone[id] = tags("a")
		}
	}
	if found, err := sweeper(cfg, sweep.Selection{Run: "a"}).Find(t.Context()); err != nil || !found.Clean() {
		t.Errorf("Find() = %+v, %v, want nothing", found, err)
	}
}

func TestAKeyThatWaitsForItsDeletionIsReportedAndNotLeft(t *testing.T) {
	a, cfg := newAccount(t)
	a.stale = true
	a.gone["arn:aws:kms:eu-north-1:123456789012:key/k"] = tags("a")
	found, err := sweeper(cfg, sweep.Selection{Run: "a"}).Find(t.Context())
	if err != nil || !found.Clean() || len(found.Resources) != 1 || found.Resources[0].Going != "KMS deletes it at 2030-03-17T17:46:40Z" {
		t.Errorf("Find() = %+v, %v, want the key with its date", found, err)
	}
}

func TestExpiredIsWhatSaysSo(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	a, cfg := newAccount(t)
	for id, expires := range map[string]string{
		"vol-past": "2026-11-25T11:59:59Z", "vol-now": "2026-11-25T12:00:00Z", "vol-east": "2026-11-25T13:30:00+02:00",
		"vol-future": "2026-11-25T12:00:01Z", "vol-none": "", "vol-nonsense": "tomorrow",
	} {
		a.add(map[string]string{sweep.RunTag: "a", sweep.ExpiresTag: expires}, id)
	}
	found, err := sweeper(cfg, sweep.Selection{ExpiredAt: now}).Find(t.Context())
	var ids []string
	for _, r := range found.Resources {
		ids = append(ids, r.ID)
	}
	if want := []string{"vol-east", "vol-now", "vol-past"}; err != nil || !slices.Equal(ids, want) {
		t.Errorf("Find() = %v, %v, want %v", ids, err, want)
	}
}

func TestAWaitEndsWhenItsCallerDoes(t *testing.T) {
	a, cfg := newAccount(t)
	a.add(tags("a"), "vol-x")
	ctx, cancel := context.WithCancel(t.Context())
	s := sweep.New(sweep.Config{
		AWS: cfg, Select: sweep.Selection{Run: "a"}, Interval: time.Hour, Timeout: 2 * time.Hour, Report: func(string) { cancel() },
	})
	if _, err := s.Wait(ctx); err == nil {
		t.Error("Wait() = nil, want the context's error")
	}
	if len(a.removed) > 0 {
		t.Errorf("a wait removed %v", a.removed)
	}
}

// TestARemovalReportsWhatItDoes has one that needs a second try, and one that never goes.
func TestARemovalReportsWhatItDoes(t *testing.T) {
	a, cfg := newAccount(t)
	a.add(tags("a"), "i-x", "sg-x", "arn:aws:mystery:eu-north-1:123456789012:thing/x")
	a.refuse["sg-x"] = []string{"DependencyViolation", "DependencyViolation"}
	var lines []string
	s := sweep.New(sweep.Config{
		AWS: cfg, Select: sweep.Selection{Run: "a"}, Interval: time.Millisecond, Timeout: time.Minute,
		Report: func(line string) { lines = append(lines, line) },
	})
	if _, err := s.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"resources left: 3, for example instance i-x", "removing instance i-x",
		"resources left: 2, for example security group sg-x",
		"cannot remove security group sg-x yet: ec2:DeleteSecurityGroup: api error DependencyViolation: not now",
		"removing security group sg-x",
		"resources left: 1, for example unsupported resource arn:aws:mystery:eu-north-1:123456789012:thing/x",
		"cannot remove unsupported resource arn:aws:mystery:eu-north-1:123456789012:thing/x: secondwind cannot remove resources of " +
			"this kind; remove it in its service's console or CLI. If it has already been removed, the tagging API continues to list it " +
			"for a few minutes",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("it reports\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}
