package imds

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/google/go-cmp/cmp"
)

func instance() Instance {
	return Instance{
		InstanceID: "i-0123456789abcdef0", InstanceType: "t2.micro", ImageID: "ami-0123456789abcdef0",
		LocalIPv4: "127.11.12.13", AvailabilityZone: "local-1a", Region: "local-1", AccountID: "123456789012",
		LaunchTime: time.Date(2026, 11, 23, 12, 30, 0, 999, time.FixedZone("CET", 3600)),
	}
}

// do sends one request; header is "Name: value" each.
func do(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for _, line := range header {
		k, v, _ := strings.Cut(line, ": ")
		r.Header.Add(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func token(t testing.TB, h http.Handler, ttl string) string {
	t.Helper()
	w := do(h, http.MethodPut, "/latest/api/token", ttlHeader+": "+ttl)
	if w.Code != http.StatusOK {
		t.Fatalf("PUT token = %d, want 200", w.Code)
	}
	return tokenHeader + ": " + w.Body.String()
}

func TestMetadata(t *testing.T) {
	h := NewHandler(instance())
	with := token(t, h, "21600")
	tests := []struct{ path, want string }{
		{"/latest/meta-data/instance-id", "i-0123456789abcdef0"},
		{"/latest/meta-data/instance-type", "t2.micro"},
		{"/latest/meta-data/ami-id", "ami-0123456789abcdef0"},
		{"/latest/meta-data/local-ipv4", "127.11.12.13"},
		{"/latest/meta-data/local-hostname", "ip-127-11-12-13.local-1.compute.internal"},
		{"/latest/meta-data/placement/availability-zone", "local-1a"},
		{"/latest/meta-data/placement/region", "local-1"},
		{"/latest/meta-data/placement/", "availability-zone\nregion"},
		{"/latest/meta-data/placement", "availability-zone\nregion"},
		{
			"/latest/meta-data/",
			"ami-id\nhostname\ninstance-id\ninstance-life-cycle\ninstance-type\nlocal-hostname\nlocal-ipv4\nplacement/\nservices/",
		},
		{"/latest/dynamic/", "instance-identity/"},
		{"/latest", "dynamic/\nmeta-data/"},
		{"/", "latest/"},
	}
	for _, tt := range tests {
		if w := do(h, http.MethodGet, tt.path, with); w.Code != http.StatusOK || w.Body.String() != tt.want {
			t.Errorf("GET %s = %d %q, want 200 %q", tt.path, w.Code, w.Body, tt.want)
		}
	}
}

func TestLocalHostnameInUsEast1HasAnotherDomain(t *testing.T) {
	i := instance()
	i.Region = "us-east-1"
	if got, want := i.localHostname(), "ip-127-11-12-13.ec2.internal"; got != want {
		t.Errorf("localHostname() = %q, want %q", got, want)
	}
}

func TestWhatIsRefused(t *testing.T) {
	h := NewHandler(instance())
	with, other := token(t, h, "60"), token(t, NewHandler(instance()), "60")
	const id = "/latest/meta-data/instance-id"
	tests := []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"a read without a token, which version 1 would allow", "GET", id, nil, 401},
		{"a read with an empty token", "GET", id, []string{tokenHeader + ": "}, 401},
		{"a read with a made-up token", "GET", id, []string{tokenHeader + ": AQAEAGX8"}, 401},
		{"a read with another instance's token", "GET", id, []string{other}, 401},
		{"a read with a token that was tampered with", "GET", id, []string{strings.ToLower(with)}, 401},
		{"a path that is not there, without a token", "GET", "/latest/nothing", nil, 401},
		{"a path that is not there", "GET", "/latest/meta-data/nothing", []string{with}, 404},
		{"a leaf taken for a directory", "GET", id + "/", []string{with}, 404},
		{"a role, of which there is none", "GET", "/latest/meta-data/iam/security-credentials/", []string{with}, 404},
		{"a token without a TTL", "PUT", "/latest/api/token", nil, 400},
		{"a TTL of nothing", "PUT", "/latest/api/token", []string{ttlHeader + ": 0"}, 400},
		{"a TTL beyond six hours", "PUT", "/latest/api/token", []string{ttlHeader + ": 21601"}, 400},
		{"a TTL that is no number", "PUT", "/latest/api/token", []string{ttlHeader + ": 1h"}, 400},
		{"a token through a proxy", "PUT", "/latest/api/token", []string{ttlHeader + ": 60", "X-Forwarded-For: 203.0.113.7"}, 403},
		{"a token through a proxy that hides", "PUT", "/latest/api/token", []string{ttlHeader + ": 60", "X-Forwarded-For: "}, 403},
		{"a token by POST", "POST", "/latest/api/token", []string{ttlHeader + ": 60"}, 405},
		{"a write", "PUT", id, []string{with}, 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if w := do(h, tt.method, tt.path, tt.header...); w.Code != tt.want {
				t.Errorf("%s %s = %d, want %d", tt.method, tt.path, w.Code, tt.want)
			}
		})
	}
}

func TestATokenLivesAsLongAsItWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHandler(instance())
		with := token(t, h, "60")
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 200}, {59 * time.Second, 200}, {time.Second, 401}} {
			time.Sleep(step.wait)
			if w := do(h, http.MethodGet, "/latest/meta-data/instance-id", with); w.Code != step.want {
				t.Errorf("GET after another %s = %d, want %d", step.wait, w.Code, step.want)
			}
		}
	})
}

func TestTheTokenAnswerEchoesItsTTL(t *testing.T) {
	w := do(NewHandler(instance()), http.MethodPut, "/latest/api/token", ttlHeader+": 300")
	if got := w.Header().Get(ttlHeader); got != "300" {
		t.Errorf("%s = %q, want 300", ttlHeader, got)
	}
}

// TestTheSDKReadsIt uses the client that programs on an instance use.
func TestTheSDKReadsIt(t *testing.T) {
	s := httptest.NewServer(NewHandler(instance()))
	defer s.Close()
	c := imds.New(imds.Options{Endpoint: s.URL})
	out, err := c.GetMetadata(t.Context(), &imds.GetMetadataInput{Path: "instance-id"})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Content.Close()
	if got, err := io.ReadAll(out.Content); err != nil || string(got) != "i-0123456789abcdef0" {
		t.Errorf("GetMetadata(instance-id) = %q, %v, want i-0123456789abcdef0", got, err)
	}
	region, err := c.GetRegion(t.Context(), nil)
	if err != nil || region.Region != "local-1" {
		t.Errorf("GetRegion() = %v, %v, want local-1", region, err)
	}
	doc, err := c.GetInstanceIdentityDocument(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := imds.InstanceIdentityDocument{
		AvailabilityZone: "local-1a", PrivateIP: "127.11.12.13", Version: "2017-09-30", Region: "local-1",
		InstanceID: "i-0123456789abcdef0", InstanceType: "t2.micro", AccountID: "123456789012",
		PendingTime: time.Date(2026, 11, 23, 11, 30, 0, 0, time.UTC), ImageID: "ami-0123456789abcdef0", Architecture: architecture(),
	}
	if diff := cmp.Diff(want, doc.InstanceIdentityDocument); diff != "" {
		t.Errorf("GetInstanceIdentityDocument() (-want +got):\n%s", diff)
	}
}

func FuzzToken(f *testing.F) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tokens := newTokens()
	for _, s := range []string{"", "AQAEAGX8", "====", tokens.mint(now), newTokens().mint(now.Add(time.Hour))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if tokens.valid(s, now) {
			t.Errorf("valid(%q) = true, want false: it was never minted to last", s)
		}
	})
}
