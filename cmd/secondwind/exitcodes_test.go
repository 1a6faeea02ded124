package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryHelpListsTheExitCodesOfTheREADME: 2 and, where Ctrl-C is not the usual end, 130.
func TestEveryHelpListsTheExitCodesOfTheREADME(t *testing.T) {
	for _, command := range newRoot(&output{}).Commands() {
		if slices.Contains([]string{"help", "version", "completion"}, command.Name()) {
			continue // whose help is cobra's, or a line
		}
		_, codes, ok := strings.Cut(command.Long, "\nExit codes: 0 ")
		if !ok || !strings.Contains(codes, "2 misuse") {
			t.Errorf("help of %s lists no exit codes 0 and 2:\n%s", command.Name(), command.Long)
		}
		untilInterrupted := slices.Contains([]string{"observe", "cloud"}, command.Name())
		if strings.Contains(codes, "130 interrupted") == untilInterrupted {
			t.Errorf("help of %s lists 130: %t, want %t", command.Name(), untilInterrupted, !untilInterrupted)
		}
	}
}

// TestADoctorThatCannotAskExitsWith2 lets nothing be known of the group: that is
// neither fit (0) nor found to be impossible (3).
func TestADoctorThatCannotAskExitsWith2(t *testing.T) {
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>unknown</Message></Error></ErrorResponse>"))
	}))
	defer refuses.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, c := range []struct{ finding, region, key, endpoint string }{
		{"region.missing", "", "AKIA", refuses.URL},
		{"credentials.missing", "eu-west-1", "", refuses.URL},
		{"credentials.invalid", "eu-west-1", "AKIA", refuses.URL},
		{"endpoint.unreachable", "eu-west-1", "AKIA", gone.URL},
	} {
		t.Run(c.finding, func(t *testing.T) {
			for name, value := range map[string]string{
				"AWS_REGION": c.region, "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "",
				"AWS_ACCESS_KEY_ID": c.key, "AWS_SECRET_ACCESS_KEY": c.key, "AWS_SESSION_TOKEN": "",
				"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
				"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": c.endpoint, "AWS_MAX_ATTEMPTS": "1",
			} {
				t.Setenv(name, value)
			}
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), []string{"doctor", "--group", "g"}, &stdout, &stderr)
			if code != exitMisuse || !strings.Contains(stdout.String(), c.finding) {
				t.Errorf("doctor = %d, want %d and %s\n%s%s", code, exitMisuse, c.finding, stdout.String(), stderr.String())
			}
			if c.finding != "credentials.missing" {
				return
			}
			for _, command := range [][]string{{"soak"}, {"init", "--out", filepath.Join(t.TempDir(), "new.yaml")}} {
				stderr.Reset()
				code := run(t.Context(), append(command, "--group", "g"), &stdout, &stderr)
				if code != exitMisuse || !strings.Contains(stderr.String(), "there are no AWS credentials") {
					t.Errorf("%s = %d, want %d and why\n%s", command[0], code, exitMisuse, stderr.String())
				}
			}
		})
	}
}
