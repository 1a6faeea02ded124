package awsconfig

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/smithy-go/logging"
)

// inEmptyAWS has no AWS configuration but a file with the text given.
func inEmptyAWS(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", path)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
}

func TestTheRegionOfAStackIsUsedBeforeTheUsersOwn(t *testing.T) {
	inEmptyAWS(t, "[default]\nregion = eu-north-1\n")
	for asked, want := range map[string]string{"": "eu-north-1", "local-1": "local-1"} {
		cfg, err := Load(t.Context(), asked)
		if err != nil || cfg.Region != want {
			t.Errorf("Load(%q) = Region %q, %v, want %s", asked, cfg.Region, err, want)
		}
		if _, ok := cfg.HTTPClient.(BodyInMemory); !ok {
			t.Errorf("Load(%q) sends bodies by a %T, want from memory", asked, cfg.HTTPClient)
		}
		if _, ok := cfg.Logger.(logging.Nop); !ok {
			t.Errorf("Load(%q) lets the SDK log by a %T: its warnings come before our sentences", asked, cfg.Logger)
		}
	}
}

// TestAConfigurationSends sends a request with and without AWS_CA_BUNDLE: which client
// the SDK chooses depends on it.
func TestAConfigurationSends(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, trusted := range map[string]bool{"": false, bundle: true} {
		inEmptyAWS(t, "[default]\nregion = eu-north-1\n")
		t.Setenv("AWS_CA_BUNDLE", name)
		cfg, err := Load(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := cfg.HTTPClient.Do(request)
		if !trusted {
			if err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("without AWS_CA_BUNDLE: %v, want an untrusted certificate", err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("with AWS_CA_BUNDLE: %v", err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil || string(body) != "body" {
			t.Errorf("with AWS_CA_BUNDLE: %q, %v, want the body back", body, err)
		}
	}
}

func TestWhatIsWrongWithTheAWSConfigurationIsReportedWithWhatToDo(t *testing.T) {
	inEmptyAWS(t, "")
	if _, err := Load(t.Context(), ""); !errors.Is(err, ErrNoRegion) || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("Load without a Region: %v, want ErrNoRegion and what to set", err)
	}
	t.Setenv("AWS_PROFILE", "nobody")
	_, err := Load(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), "nobody") || !strings.Contains(err.Error(), "AWS_PROFILE") {
		t.Errorf("Load with a profile that is not there: %v, want its name and what to correct", err)
	}
}

func TestAMissingBundleIsReportedWithTheVariableThatNamesIt(t *testing.T) {
	inEmptyAWS(t, "[default]\nregion = eu-north-1\n")
	t.Setenv("AWS_CA_BUNDLE", filepath.Join(t.TempDir(), "none.pem"))
	if _, err := Load(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "AWS_CA_BUNDLE") {
		t.Errorf("Load = %v, want an error that names AWS_CA_BUNDLE", err)
	}
}
