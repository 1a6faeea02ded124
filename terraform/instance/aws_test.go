package instance_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	accessKey = "ASIAEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	session   = "IQoJb3JpZ2luX2VjE+/=="
	region    = "eu-central-1"
	kmsKeyARN = "arn:aws:kms:eu-central-1:123456789012:key/0123"
)

// account is the part of AWS that an instance asks: its metadata service, the
// bucket, the parameter. Signatures are checked with the signer of AWS's SDK.
type account struct {
	*httptest.Server
	objects    map[string][]byte // "bucket/key?versionId=…"
	parameters map[string]string
	refusals   atomic.Int32 // requests that are answered 403 before one is allowed
	cut        atomic.Int32 // answers that end early
	requests   atomic.Int32 // to S3 and SSM
}

// serve answers as the account does, from here on.
func (a *account) serve(t *testing.T) *account {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", a.token)
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/{role...}", a.credentials)
	mux.HandleFunc("GET /{bucket}/{key...}", a.checked("s3", a.object))
	mux.HandleFunc("POST /{$}", a.checked("ssm", a.parameter))
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *account) token(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" {
		http.Error(w, "no time to live", http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, "imds-token")
}

func (a *account) credentials(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-token":
		http.Error(w, "IMDSv2 is required", http.StatusUnauthorized)
	case r.PathValue("role") == "":
		fmt.Fprint(w, "secondwind-instance")
	default:
		json.NewEncoder(w).Encode(map[string]string{
			"Code": "Success", "AccessKeyId": accessKey, "SecretAccessKey": secretKey, "Token": session,
		})
	}
}

// checked answers as AWS does: 403 unless the signature is that of the SDK's
// signer for the same request, made at the time that the request names.
func (a *account) checked(service string, next func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.requests.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := signedBySDK(r, service, body); err != nil {
			http.Error(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>"+err.Error()+"</Message></Error>", http.StatusForbidden)
			return
		}
		if a.refusals.Add(-1) >= 0 {
			http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
			return
		}
		next(w, r, body)
	}
}

func signedBySDK(r *http.Request, service string, body []byte) error {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	if off := time.Since(at); off.Abs() > 15*time.Minute {
		return fmt.Errorf("the request was signed %s ago", off)
	}
	sum := sha256.Sum256(body)
	if got := r.Header.Get("X-Amz-Content-Sha256"); got != hex.EncodeToString(sum[:]) {
		return fmt.Errorf("the payload's hash %q is not that of the body", got)
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for _, name := range []string{"Content-Type", "X-Amz-Target", "X-Amz-Content-Sha256"} {
		if value := r.Header.Get(name); value != "" && strings.Contains(r.Header.Get("Authorization"), strings.ToLower(name)) {
			again.Header.Set(name, value)
		}
	}
	if len(body) > 0 {
		again.ContentLength = 0 // Python's signature leaves the length out, as AWS allows
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	role := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: session}
	if err := signer.SignHTTP(context.Background(), role, again, hex.EncodeToString(sum[:]), service, region, at); err != nil {
		return err
	}
	if got, want := r.Header.Get("Authorization"), again.Header.Get("Authorization"); got != want {
		return fmt.Errorf("signed %q, want %q", got, want)
	}
	return nil
}

func (a *account) object(w http.ResponseWriter, r *http.Request, _ []byte) {
	content, ok := a.objects[r.PathValue("bucket")+"/"+r.PathValue("key")+"?"+r.URL.RawQuery]
	if !ok {
		http.Error(w, "<Error><Code>NoSuchVersion</Code></Error>", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	if a.cut.Add(-1) >= 0 {
		content = content[:len(content)/2]
	}
	w.Write(content)
}

func (a *account) parameter(w http.ResponseWriter, r *http.Request, body []byte) {
	var asked struct {
		Name           string
		WithDecryption bool
	}
	value, ok := "", false
	if json.Unmarshal(body, &asked) == nil && asked.WithDecryption && r.Header.Get("X-Amz-Target") == "AmazonSSM.GetParameter" {
		value, ok = a.parameters[asked.Name]
	}
	if !ok {
		http.Error(w, `{"__type":"ParameterNotFound"}`, http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]string{"Name": asked.Name, "Value": value}})
}

// python returns Ubuntu's own Python, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("python3 is not installed: aws.py cannot run")
	return ""
}

// environment is an instance's, with the account's addresses.
func (a *account) environment(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "AWS_REGION=" + region, "AWS_MAX_ATTEMPTS=3", "no_proxy=127.0.0.1",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + a.URL, "AWS_ENDPOINT_URL=" + a.URL,
	}, more...)
}

// run runs aws.py and returns what it says.
func (a *account) run(t *testing.T, environment []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python(t), append([]string{"aws.py"}, args...)...)
	cmd.Env = environment
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

func TestObjectIsFetchedByVersionAndChecked(t *testing.T) {
	t.Parallel()
	binary := bytes.Repeat([]byte("calculator\x00"), 300_000)
	const key, version = "calculator/v1 (2)+ü/calculator", "L4kqtJlcpXroDTDmpUMLUo-_.x"
	for _, tt := range []struct {
		name           string
		key            string
		version        string
		sha256         string
		refusals, cuts int32
		says           string // "" where it must be installed
		requests       int32
	}{
		{name: "the version that was named", version: version, sha256: sum(binary), requests: 1},
		{name: "a role that is not known everywhere yet", version: version, sha256: sum(binary), refusals: 2, requests: 3},
		{name: "a connection that ends early", version: version, sha256: sum(binary), cuts: 1, requests: 2},
		{name: "a role that may not read it", version: version, sha256: sum(binary), refusals: 3, says: "AccessDenied", requests: 3},
		{name: "another version", version: "other", sha256: sum(binary), says: "NoSuchVersion", requests: 1},
		{name: "a binary that is not the one that was built", version: version, sha256: sum([]byte("other")), says: "it is not installed",
			requests: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := (&account{objects: map[string][]byte{"artifacts/" + key + "?versionId=" + version: binary}}).serve(t)
			a.refusals.Store(tt.refusals)
			a.cut.Store(tt.cuts)
			file := filepath.Join(t.TempDir(), "calculator")
			write(t, file, []byte("before"), 0o644)

			out, err := a.run(t, a.environment(), "object", "artifacts", key, tt.version, tt.sha256, file)
			installed := err == nil && read(t, file) == string(binary)
			if info, statErr := os.Stat(file); statErr != nil || installed && info.Mode().Perm() != 0o755 {
				t.Errorf("the installed file has %v, %v, want it executable", info, statErr)
			}
			if want := tt.says == ""; installed != want || !strings.Contains(out, tt.says) {
				t.Errorf("installed = %t (%v), want %t and %q in:\n%s", installed, err, want, tt.says, out)
			}
			if !installed && read(t, file) != "before" {
				t.Error("what was installed before is gone")
			}
			if got := a.requests.Load(); got != tt.requests {
				t.Errorf("%d requests, want %d:\n%s", got, tt.requests, out)
			}
			if strings.Contains(out, secretKey) || strings.Contains(out, session) || strings.Contains(out, "Traceback") {
				t.Errorf("it says more than it should:\n%s", out)
			}
		})
	}
}

func TestWrongSecretIsRefusedByTheTestsOwnAccount(t *testing.T) {
	a := new(account).serve(t)
	request := httptest.NewRequest(http.MethodGet, a.URL+"/artifacts/calculator?versionId=1", nil)
	empty := sum(nil)
	request.Header.Set("X-Amz-Content-Sha256", empty)
	wrong := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: "wrong", SessionToken: session}
	if err := v4.NewSigner().SignHTTP(t.Context(), wrong, request, empty, "s3", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := signedBySDK(request, "s3", nil); err == nil {
		t.Error("a signature by another secret is accepted: the tests of aws.py would show nothing")
	}
}

func TestHistoryURLComesFromTheParameter(t *testing.T) {
	t.Parallel()
	const secret = `postgres://calculator:a"b\c$d` + "`e'f@db.internal:5432/history?sslmode=verify-full"
	for _, tt := range []struct {
		name      string
		parameter string
		want      string // the value of CALCULATOR_HISTORY, "unset" where there is none
	}{
		{"no parameter leaves the default", "", "unset"},
		{"a parameter's value, whatever characters it has", "/secondwind/history", secret},
		{"a parameter that is not there switches history off", "/secondwind/other", "off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := (&account{parameters: map[string]string{"/secondwind/history": secret + "\n"}}).serve(t)
			file := filepath.Join(t.TempDir(), "run", "history.env")
			environment := a.environment("SECONDWIND_HISTORY_PARAMETER=" + tt.parameter)
			out, err := a.run(t, environment, "history", file)
			if err != nil {
				t.Fatalf("aws.py history = %v, want the calculator to start whatever happens\n%s", err, out)
			}
			if got := sourced(t, file, "CALCULATOR_HISTORY"); got != tt.want {
				t.Errorf("CALCULATOR_HISTORY = %q, want %q\n%s", got, tt.want, out)
			}
			if info, err := os.Stat(file); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("the file with the secret has mode %v, want 0600", info.Mode())
			}
			if strings.Contains(out, "a\"b") {
				t.Errorf("the secret is in the log:\n%s", out)
			}
		})
	}
}

// sourced returns a variable of an environment file. systemd reads double
// quotes as a shell does.
func sourced(t *testing.T, file, name string) string {
	t.Helper()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: the environment file cannot be read")
	}
	if _, err := os.Stat(file); err != nil {
		return "unset"
	}
	out, err := exec.CommandContext(t.Context(), shell, "-c", `. "$1"; printf %s "${!2}"`, "bash", file, name).Output()
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return string(out)
}
