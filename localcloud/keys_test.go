package localcloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"secondwind/account/stack"
	"secondwind/localcloud"
)

// keyUse is what an instance found when it used a key.
type keyUse struct {
	Ciphertext           []byte
	Plaintext, Caller    string
	Managed, Scaled, Err string // codes of what it must not do; Err is "" if the rest went well
}

// useKeys does in an instance what a calculator does there: it configures itself
// from nothing but its environment and its metadata. The answer is JSON.
func useKeys(ctx context.Context, key string) string {
	var use keyUse
	if err := use.fill(ctx, key); err != nil {
		use.Err = err.Error()
	}
	out, err := json.Marshal(use)
	if err != nil {
		panic(err) // strings and bytes always can be
	}
	return string(out)
}

func (u *keyUse) fill(ctx context.Context, key string) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	pairs := map[string]string{"purpose": "a test"}
	keys := kms.NewFromConfig(cfg)
	sealed, err := keys.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("secret"), EncryptionContext: pairs})
	if err != nil {
		return err
	}
	u.Ciphertext = sealed.CiphertextBlob
	opened, err := keys.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: pairs})
	if err != nil {
		return err
	}
	u.Plaintext = string(opened.Plaintext)
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	u.Caller = aws.ToString(who.Arn)
	_, err = keys.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: sealed.KeyId})
	u.Managed = code(err)
	_, err = autoscaling.NewFromConfig(cfg).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
		AutoScalingGroupName: aws.String("demo-asg"), DesiredCapacity: aws.Int32(2),
	})
	u.Scaled = code(err)
	return nil
}

func code(err error) string {
	if answer, ok := errors.AsType[smithy.APIError](err); ok {
		return answer.ErrorCode()
	}
	return ""
}

// The whole way: a real process gets the stack's key by its role's credentials,
// and nothing else.
func TestAnInstanceUsesTheStacksKeyAndNothingElse(t *testing.T) {
	c := start(t)
	s := buildHealthy(t, c)
	answer, err := get(bounded(t), s.LoadBalancerURL+"/keys?key="+stack.HistoryAlias("demo"))
	if err != nil {
		t.Fatal(err)
	}
	var use keyUse
	if err := json.Unmarshal([]byte(answer), &use); err != nil || use.Err != "" {
		t.Fatalf("the instance answers %q: %v", answer, err)
	}
	want := "arn:aws:sts::" + localcloud.AccountID + ":assumed-role/demo-instance/" + inService(group(t, c, s))[0]
	if use.Plaintext != "secret" || use.Caller != want || use.Managed != "AccessDeniedException" || use.Scaled != "AccessDenied" {
		t.Errorf(
			"the instance decrypted %q as %s; deleting the key was %q, scaling %q; want secret, %s, AccessDeniedException, AccessDenied",
			use.Plaintext, use.Caller, use.Managed, use.Scaled, want,
		)
	}
	assertHistoryKey(t, c.AWSConfig(), s, use.Ciphertext)
}

// assertHistoryKey holds the stack's key against what was asked for: it rotates,
// and it is the one that sealed the blob.
func assertHistoryKey(t *testing.T, cfg aws.Config, s stack.Stack, blob []byte) {
	t.Helper()
	keys := kms.NewFromConfig(cfg)
	opened, err := keys.Decrypt(bounded(t), &kms.DecryptInput{
		CiphertextBlob: blob, KeyId: &s.HistoryKeyARN, EncryptionContext: map[string]string{"purpose": "a test"},
	})
	if err != nil || string(opened.Plaintext) != "secret" {
		t.Errorf("Decrypt by %s = %v, %v, want secret", s.HistoryKeyARN, opened, err)
	}
	rotation, err := keys.GetKeyRotationStatus(bounded(t), &kms.GetKeyRotationStatusInput{KeyId: &s.HistoryKeyARN})
	if err != nil || !rotation.KeyRotationEnabled {
		t.Errorf("GetKeyRotationStatus(%s) = %v, %v, want enabled", s.HistoryKeyARN, rotation, err)
	}
}
