package secondwind_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"secondwind/localcloud"
	"secondwind/server/history"
	"secondwind/server/history/audit"
)

const kmsUser = "8a1f0c2b8a1f0c2b8a1f0c2b8a1f0c2b"

// localKMS starts a local cloud, points the SDK's environment at it and returns
// its KMS, and a configuration that needs no environment.
func localKMS(t *testing.T) (*kms.Client, aws.Config) {
	t.Helper()
	program, err := os.Executable() // of instances, of which none is launched
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := localcloud.Start(t.Context(), localcloud.Config{
		Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Dir: t.TempDir(),
		Images: map[string]localcloud.Image{"ami-none": {Program: program}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	credentials := cloud.Credentials()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": cloud.Endpoint(), "AWS_REGION": cloud.Region(), "AWS_ACCESS_KEY_ID": credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": credentials.SecretAccessKey, "AWS_SESSION_TOKEN": credentials.SessionToken,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	cfg, err := environment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return kms.NewFromConfig(cfg), cloud.AWSConfig()
}

// environment is the AWS configuration of the test's environment.
func environment(ctx context.Context) (aws.Config, error) { return config.LoadDefaultConfig(ctx) }

// createKey makes a key with an alias and returns its id.
func createKey(t *testing.T, client *kms.Client, alias string) string {
	t.Helper()
	key, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: key.KeyMetadata.KeyId}); err != nil {
		t.Fatal(err)
	}
	return aws.ToString(key.KeyMetadata.KeyId)
}

// keepsHistory runs a history until stop, or the end of the test.
func keepsHistory(t *testing.T, cfg history.Config) (h *history.History, stop func()) {
	t.Helper()
	h, err := history.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := h.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return h, stop
}

// awaitReadiness returns when Ready is, or is not, and then what it said.
func awaitReadiness(t *testing.T, h *history.History, ready bool) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		err := h.Ready(ctx)
		if (err == nil) == ready {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("Ready stays %v", err)
		}
	}
}

func TestHistoryUnderAKeyOfKMS(t *testing.T) {
	client, _ := localKMS(t)
	id := createKey(t, client, "alias/calculator-history")
	cfg := history.Config{
		Store: "sqlite:" + filepath.Join(t.TempDir(), "history.db"), Key: "aws-kms:alias/calculator-history", AWS: environment,
		Refresh: 10 * time.Millisecond, KeyCheck: 10 * time.Millisecond,
	}
	h, stop := keepsHistory(t, cfg)
	awaitReadiness(t, h, true)
	added := &history.Addition{User: kmsUser, Entry: history.Entry{Expression: "12345678901234567890+1", Result: "12345678901234567891"}}
	if err := h.Add(t.Context(), added); err != nil {
		t.Fatalf("Add: %v", err)
	}
	entry := added.Entry

	// AWS rotates the key itself: what it encrypted before stays readable.
	if _, err := client.RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &id}); err != nil {
		t.Fatal(err)
	}
	if rotation, err := history.Rotate(t.Context(), cfg, ""); err != nil || rotation.DataKeys != 2 {
		t.Errorf("Rotate = %+v, %v, want two data keys", rotation, err)
	}
	report, err := audit.Run(t.Context(), cfg, audit.Options{Known: []string{kmsUser, entry.Expression, entry.Result}})
	if err != nil || !report.Passed {
		t.Errorf("audit = %+v, %v, want it passed", report, err)
	}

	// A disabled key makes the history unreadable until it is enabled again.
	if _, err := client.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &id}); err != nil {
		t.Fatal(err)
	}
	if err := awaitReadiness(t, h, false); !strings.Contains(err.Error(), "DisabledException") || !strings.Contains(err.Error(), "enable it") {
		t.Errorf("Ready under a disabled key = %v, want that it is disabled and what to do", err)
	}
	if _, err := h.List(t.Context(), kmsUser, history.Query{}); !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("List under a disabled key = %v, want ErrUnavailable", err)
	}
	if _, err := client.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &id}); err != nil {
		t.Fatal(err)
	}
	awaitReadiness(t, h, true)
	stop()

	// Another calculator reads the same store: by the key's id as well.
	cfg.Key = "aws-kms:" + id
	again, _ := keepsHistory(t, cfg)
	awaitReadiness(t, again, true)
	if got, err := again.List(t.Context(), kmsUser, history.Query{}); err != nil || len(got) != 1 || got[0].Result != entry.Result {
		t.Errorf("List by another calculator = %v, %v, want the one entry", got, err)
	}
}

func TestAnotherKeyOfKMSOpensNothing(t *testing.T) {
	client, _ := localKMS(t)
	createKey(t, client, "alias/one")
	createKey(t, client, "alias/two")
	cfg := history.Config{Store: "sqlite:" + filepath.Join(t.TempDir(), "history.db"), Key: "aws-kms:alias/one", AWS: environment}
	h, stop := keepsHistory(t, cfg)
	awaitReadiness(t, h, true)
	stop()
	for _, tt := range []struct{ key, says string }{
		{"aws-kms:alias/two", "IncorrectKeyException"},
		{"aws-kms:alias/three", "NotFoundException"},
		{"file:" + filepath.Join(t.TempDir(), "key"), "is missing"},
	} {
		cfg.Key = tt.key
		if _, err := history.Unlock(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Unlock with %s = %v, want %s", tt.key, err, tt.says)
		}
	}

	// From a key of KMS to a key file, and nothing of KMS is needed any more.
	cfg.Key = "aws-kms:alias/one"
	file := "file:" + filepath.Join(t.TempDir(), "key")
	if _, err := history.Rotate(t.Context(), cfg, file); err != nil {
		t.Fatalf("Rotate to a key file: %v", err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	cfg.Key = file
	u, err := history.Unlock(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Unlock with the key file: %v", err)
	}
	u.Close()
}

func TestKeysStayInUseWhileKMSCanNotBeReached(t *testing.T) {
	client, direct := localKMS(t)
	createKey(t, client, "alias/one")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	cfg := history.Config{
		Store: "sqlite:" + filepath.Join(t.TempDir(), "history.db"), Key: "aws-kms:alias/one", AWS: environment,
		Refresh: 10 * time.Millisecond, KeyCheck: 10 * time.Millisecond,
	}
	h, _ := keepsHistory(t, cfg)
	awaitReadiness(t, h, true)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	if err := awaitReadiness(t, h, false); !strings.Contains(err.Error(), "AWS KMS key alias/one") {
		t.Errorf("Ready without KMS = %v, want the key named", err)
	}
	if err := h.Add(t.Context(), &history.Addition{User: kmsUser, Entry: history.Entry{Result: "1"}}); err != nil {
		t.Errorf("Add without KMS = %v, want it kept under the key that is in memory", err)
	}
	fresh, _ := keepsHistory(t, cfg)
	if err := awaitReadiness(t, fresh, false); !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("Ready of a new calculator without KMS = %v, want ErrUnavailable", err)
	}
	handed := cfg
	handed.AWS = func(context.Context) (aws.Config, error) { return direct, nil }
	if report, err := audit.Run(t.Context(), handed, audit.Options{}); err != nil || !report.Passed {
		t.Errorf("audit with a configuration of its caller's = %+v, %v, want it passed", report, err)
	}
	cfg.AWS = nil
	if _, err := history.Unlock(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "aws-kms:alias/one") {
		t.Errorf("Unlock with nothing that says how to reach KMS = %v, want the key named", err)
	}
}
