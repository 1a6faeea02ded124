package keys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func (s service) metadata(key string) *types.KeyMetadata {
	s.Helper()
	return must[kms.DescribeKeyOutput](s.T)(s.DescribeKey(s.Context(), &kms.DescribeKeyInput{KeyId: &key})).KeyMetadata
}

func TestAKeyIsDescribedAsAWSDoes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	made := must[kms.CreateKeyOutput](t)(s.CreateKey(t.Context(), &kms.CreateKeyInput{Description: aws.String("history")})).KeyMetadata
	m := s.metadata(*made.KeyId)
	if *m.Arn != arn("key/"+*m.KeyId) || *m.AWSAccountId != account || *m.Description != "history" || !m.Enabled ||
		m.KeyState != types.KeyStateEnabled ||
		m.KeySpec != types.KeySpecSymmetricDefault || m.KeyUsage != types.KeyUsageTypeEncryptDecrypt || m.Origin != types.OriginTypeAwsKms ||
		m.KeyManager != types.KeyManagerTypeCustomer ||
		!m.CreationDate.Equal(s.clock.read()) || m.DeletionDate != nil || len(*m.CurrentKeyMaterialId) != 64 || *m.MultiRegion {
		t.Errorf("DescribeKey = %+v, want an enabled symmetric key of now", *m)
	}
	policy := must[kms.GetKeyPolicyOutput](t)(s.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: made.KeyId}))
	if !strings.Contains(*policy.Policy, "arn:aws:iam::"+account+":root") || *policy.PolicyName != "default" {
		t.Errorf("GetKeyPolicy = %s %q, want the default policy of the account", *policy.PolicyName, *policy.Policy)
	}
}

func TestADisabledKeyWorksAgainOnceEnabled(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	blob := s.encrypt(id, "secret", nil)
	s.disable(id)
	if m := s.metadata(id); m.Enabled || m.KeyState != types.KeyStateDisabled {
		t.Errorf("a disabled key is %s, enabled %t", m.KeyState, m.Enabled)
	}
	if _, err := s.decrypt(blob, nil); !is[*types.DisabledException](err) {
		t.Errorf("Decrypt by a disabled key = %v, want DisabledException", err)
	}
	must[kms.EnableKeyOutput](t)(s.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &id}))
	if got, err := s.decrypt(blob, nil); got != "secret" {
		t.Errorf("Decrypt by the key enabled again = %q, %v, want secret", got, err)
	}
}

func TestADeletedKeyTakesItsAliasesAndItsCiphertextsAlong(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	s.alias("alias/app", id)
	blob := s.encrypt(id, "secret", nil)
	out := must[kms.ScheduleKeyDeletionOutput](t)(s.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &id}))
	due := s.clock.read().AddDate(0, 0, 30)
	m := s.metadata(id)
	if out.KeyState != types.KeyStatePendingDeletion || *out.PendingWindowInDays != 30 || !out.DeletionDate.Equal(due) ||
		m.KeyState != types.KeyStatePendingDeletion || !m.DeletionDate.Equal(due) {
		t.Errorf(
			"ScheduleKeyDeletion = %s in %d days at %s, want PendingDeletion in 30 at %s", out.KeyState, *out.PendingWindowInDays,
			out.DeletionDate, due,
		)
	}
	s.clock.addDays(29)
	if m := s.metadata("alias/app"); m.KeyState != types.KeyStatePendingDeletion {
		t.Errorf("on day 29 the key is %s, want PendingDeletion", m.KeyState)
	}
	s.clock.addDays(1)
	for _, name := range []string{id, "alias/app"} {
		if _, err := s.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &name}); !is[*types.NotFoundException](err) {
			t.Errorf("DescribeKey(%s) on day 30 = %v, want NotFoundException", name, err)
		}
	}
	if _, err := s.decrypt(blob, nil); !strings.HasPrefix(refused(t, err), "AccessDeniedException: ") {
		t.Errorf("Decrypt of what a deleted key sealed = %v, want AccessDeniedException", err)
	}
}

func TestACancelledDeletionLeavesTheKeyDisabled(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	s.scheduleDeletion(id)
	must[kms.CancelKeyDeletionOutput](t)(s.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: &id}))
	s.clock.addDays(8)
	if m := s.metadata(id); m.KeyState != types.KeyStateDisabled || m.DeletionDate != nil {
		t.Errorf("after CancelKeyDeletion the key is %s, deleted at %v, want Disabled, never", m.KeyState, m.DeletionDate)
	}
}

func (s service) rotations(key string) []types.RotationsListEntry {
	s.Helper()
	return must[kms.ListKeyRotationsOutput](s.T)(s.ListKeyRotations(s.Context(), &kms.ListKeyRotationsInput{KeyId: &key})).Rotations
}

func TestRotationOnDemandKeepsOldCiphertextsReadable(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	before := *s.metadata(id).CurrentKeyMaterialId
	old := s.encrypt(id, "old", nil)
	must[kms.RotateKeyOnDemandOutput](t)(s.RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &id}))
	current := s.encrypt(id, "new", nil)
	for want, blob := range map[string][]byte{"old": old, "new": current} {
		if got, err := s.decrypt(blob, nil); got != want {
			t.Errorf("Decrypt after a rotation = %q, %v, want %q", got, err, want)
		}
	}
	after := *s.metadata(id).CurrentKeyMaterialId
	byOld := must[kms.DecryptOutput](t)(s.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: old}))
	byNew := must[kms.DecryptOutput](t)(s.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: current}))
	if before == after || *byOld.KeyMaterialId != before || *byNew.KeyMaterialId != after {
		t.Errorf("material %s decrypts the old, %s the new; want %s and %s", *byOld.KeyMaterialId, *byNew.KeyMaterialId, before, after)
	}
	list := s.rotations(id)
	if len(list) != 1 || list[0].RotationType != types.RotationTypeOnDemand || *list[0].KeyMaterialId != after ||
		list[0].KeyMaterialState != types.KeyMaterialStateCurrent {
		t.Errorf("ListKeyRotations = %v, want one ON_DEMAND, current", list)
	}
	all := must[kms.ListKeyRotationsOutput](t)(s.ListKeyRotations(t.Context(), &kms.ListKeyRotationsInput{
		KeyId: &id, Limit: aws.Int32(1), IncludeKeyMaterial: types.IncludeKeyMaterialAllKeyMaterial,
	}))
	if len(all.Rotations) != 1 || !all.Truncated || *all.Rotations[0].KeyMaterialId != before ||
		all.Rotations[0].KeyMaterialState != types.KeyMaterialStateNonCurrent {
		t.Errorf("ListKeyRotations of all material, one a page = %v, want the first material and more to come", all)
	}
	for range 24 {
		must[kms.RotateKeyOnDemandOutput](t)(s.RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &id}))
	}
	if _, err := s.RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &id}); !is[*types.LimitExceededException](err) {
		t.Errorf("RotateKeyOnDemand the 26th time = %v, want LimitExceededException", err)
	}
	if got, err := s.decrypt(old, nil); got != "old" {
		t.Errorf("Decrypt after 25 rotations = %q, %v, want old", got, err)
	}
}

func (s service) rotation(key string) *kms.GetKeyRotationStatusOutput {
	s.Helper()
	return must[kms.GetKeyRotationStatusOutput](s.T)(s.GetKeyRotationStatus(s.Context(), &kms.GetKeyRotationStatusInput{KeyId: &key}))
}

func TestAKeyRotatesByItselfWhenItIsDue(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	if status := s.rotation(id); status.KeyRotationEnabled || status.NextRotationDate != nil {
		t.Errorf("a new key's rotation = %+v, want none", status)
	}
	must[kms.EnableKeyRotationOutput](t)(s.EnableKeyRotation(t.Context(), &kms.EnableKeyRotationInput{
		KeyId: &id, RotationPeriodInDays: aws.Int32(90),
	}))
	start := s.clock.read()
	if status := s.rotation(id); !status.KeyRotationEnabled || *status.RotationPeriodInDays != 90 || !status.NextRotationDate.Equal(
		start.AddDate(0, 0, 90),
	) {
		t.Errorf("GetKeyRotationStatus = %+v, want every 90 days", status)
	}
	s.clock.addDays(89)
	if list := s.rotations(id); len(list) != 0 {
		t.Errorf("%d rotations on day 89, want none", len(list))
	}
	s.clock.addDays(1)
	if list := s.rotations(id); len(list) != 1 {
		t.Errorf("%d rotations on day 90, want one", len(list))
	}
	s.clock.addDays(91) // day 181: the second was due on day 180
	list := s.rotations(id)
	if len(list) != 2 || list[1].RotationType != types.RotationTypeAutomatic || !list[1].RotationDate.Equal(start.Add(180*24*time.Hour)) {
		t.Errorf("rotations on day 181 = %v, want two, the last on day 180", list)
	}
	must[kms.DisableKeyRotationOutput](t)(s.DisableKeyRotation(t.Context(), &kms.DisableKeyRotationInput{KeyId: &id}))
	s.clock.addDays(365)
	if n := len(s.rotations(id)); n != 2 {
		t.Errorf("%d rotations after rotation was switched off, want still 2", n)
	}
	if status := s.rotation(id); status.KeyRotationEnabled {
		t.Error("rotation is still on after DisableKeyRotation")
	}
}
