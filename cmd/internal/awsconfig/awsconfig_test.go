package awsconfig

import (
	"errors"
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
