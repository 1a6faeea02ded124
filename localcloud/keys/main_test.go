package keys_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/keys"
)

const (
	region  = "local-1"
	account = "123456789012"
)

// clock is a KMS's time, which a test may turn forward.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) addDays(days int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.AddDate(0, 0, days)
}

// service is a KMS that is served, with the SDK's client of it.
type service struct {
	*testing.T
	*kms.Client
	clock *clock
}

func serve(t *testing.T) service {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	m := awsapi.NewMux(awsapi.Config{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", Region: region})
	keys.New(keys.Config{Region: region, AccountID: account, Now: c.read}).Register(m)
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	client := kms.New(kms.Options{
		Region: region, BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	return service{t, client, c}
}

// must is an answer that has to succeed.
func must[Out any](t *testing.T) func(*Out, error) *Out {
	return func(out *Out, err error) *Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// newKey makes a key and returns its id.
func (s service) newKey() string {
	s.Helper()
	return *must[kms.CreateKeyOutput](s.T)(s.CreateKey(s.Context(), &kms.CreateKeyInput{})).KeyMetadata.KeyId
}

func (s service) encrypt(key, plaintext string, pairs map[string]string) []byte {
	s.Helper()
	return must[kms.EncryptOutput](s.T)(s.Encrypt(s.Context(), &kms.EncryptInput{
		KeyId: &key, Plaintext: []byte(plaintext), EncryptionContext: pairs,
	})).CiphertextBlob
}

func (s service) decrypt(blob []byte, pairs map[string]string) (string, error) {
	out, err := s.Decrypt(s.Context(), &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: pairs})
	if err != nil {
		return "", err
	}
	return string(out.Plaintext), nil
}

// disable and scheduleDeletion bring a key into the states in which it refuses.
func (s service) disable(key string) {
	s.Helper()
	must[kms.DisableKeyOutput](s.T)(s.DisableKey(s.Context(), &kms.DisableKeyInput{KeyId: &key}))
}

func (s service) scheduleDeletion(key string) {
	s.Helper()
	must[kms.ScheduleKeyDeletionOutput](s.T)(s.ScheduleKeyDeletion(s.Context(), &kms.ScheduleKeyDeletionInput{
		KeyId: &key, PendingWindowInDays: aws.Int32(7),
	}))
}

func (s service) alias(name, key string) {
	s.Helper()
	must[kms.CreateAliasOutput](s.T)(s.CreateAlias(s.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &key}))
}

func arn(resource string) string { return "arn:aws:kms:" + region + ":" + account + ":" + resource }

// refused is an error's code and message as the client got them; "" is success.
func refused(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	if answer, ok := errors.AsType[smithy.APIError](err); ok {
		return answer.ErrorCode() + ": " + answer.ErrorMessage()
	}
	t.Fatalf("no answer of the API: %v", err)
	return ""
}

// call is one request, for tables.
type call func(ctx context.Context, s service) error
