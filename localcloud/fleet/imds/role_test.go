package imds

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// withRole is instance with a role whose credentials are others with each read.
func withRole() Instance {
	i, n := instance(), 0
	updated := time.Now()
	i.Role = Role{
		Name: "demo-instance", ProfileARN: "arn:aws:iam::123456789012:instance-profile/demo-instance", ProfileID: "AIPAEXAMPLE",
		Credentials: func() Credentials {
			n++
			return Credentials{
				AccessKeyID: fmt.Sprint("ASIA", n), SecretAccessKey: "secret", Token: "token", Updated: updated,
				Expires: updated.Add(6 * time.Hour),
			}
		},
	}
	return i
}

func TestARoleIsToldAsEC2Does(t *testing.T) {
	i := withRole()
	at := time.Date(2026, 11, 25, 12, 0, 0, 5, time.UTC)
	i.Role.Credentials = func() Credentials {
		return Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret", Token: "token", Updated: at, Expires: at.Add(6 * time.Hour)}
	}
	h := NewHandler(i)
	with := token(t, h, "60")
	for path, want := range map[string]string{
		"/latest/meta-data/iam/":                      "info\nsecurity-credentials/",
		"/latest/meta-data/iam/security-credentials/": "demo-instance",
		"/latest/meta-data/iam/security-credentials":  "demo-instance",
		"/latest/meta-data/iam/info": `{
  "Code": "Success",
  "LastUpdated": "2026-11-25T12:00:00Z",
  "InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/demo-instance",
  "InstanceProfileId": "AIPAEXAMPLE"
}`,
		"/latest/meta-data/iam/security-credentials/demo-instance": `{
  "Code": "Success",
  "LastUpdated": "2026-11-25T12:00:00Z",
  "Type": "AWS-HMAC",
  "AccessKeyId": "ASIAEXAMPLE",
  "SecretAccessKey": "secret",
  "Token": "token",
  "Expiration": "2026-11-25T18:00:00Z"
}`,
	} {
		if w := do(h, http.MethodGet, path, with); w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("GET %s = %d %q, want 200 %q", path, w.Code, w.Body, want)
		}
		if w := do(h, http.MethodGet, path); w.Code != http.StatusUnauthorized {
			t.Errorf("GET %s without a token = %d, want 401", path, w.Code)
		}
	}
	if w := do(h, http.MethodGet, "/latest/meta-data/iam/security-credentials/other", with); w.Code != http.StatusNotFound {
		t.Errorf("GET of another role = %d, want 404", w.Code)
	}
}

func TestTheSDKReadsTheRolesCredentials(t *testing.T) {
	s := httptest.NewServer(NewHandler(withRole()))
	defer s.Close()
	client := imds.New(imds.Options{Endpoint: s.URL})
	provider := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client })
	for _, want := range []string{"ASIA1", "ASIA2"} {
		got, err := provider.Retrieve(t.Context())
		if err != nil || got.AccessKeyID != want || got.SecretAccessKey != "secret" || got.SessionToken != "token" || !got.CanExpire {
			t.Errorf("Retrieve() = %+v, %v, want %s that expire", got, err, want)
		}
	}
	info, err := client.GetIAMInfo(t.Context(), nil)
	if err != nil || info.InstanceProfileID != "AIPAEXAMPLE" {
		t.Errorf("GetIAMInfo() = %v, %v, want the profile AIPAEXAMPLE", info, err)
	}
}
