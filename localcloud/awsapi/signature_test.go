package awsapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signingTime is the time at which the tests' requests are signed.
var signingTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// signed returns a request that the SDK's own signer signed, as a server sees it.
func signed(t testing.TB, method, target, body string, change func(*http.Request)) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "http://127.0.0.1:4566"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	digest := sha256.Sum256([]byte(body))
	creds := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: testToken}
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hex.EncodeToString(digest[:]), "ec2", testRegion, signingTime); err != nil {
		t.Fatal(err)
	}
	arrived := httptest.NewRequest(method, r.URL.String(), strings.NewReader(body))
	arrived.Header, arrived.Host, arrived.ContentLength = r.Header, r.URL.Host, int64(len(body))
	return arrived
}

// testCredentials are what signed signs with.
func testCredentials() credentials {
	return credentials{accessKeyID: testKey, secretAccessKey: testSecret, sessionToken: testToken, region: testRegion}
}

func TestVerify(t *testing.T) {
	const body = "Action=DescribeVpcs&Version=2016-11-15"
	replace := func(header, old, replacement string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set(header, strings.Replace(r.Header.Get(header), old, replacement, 1))
		}
	}
	for _, tt := range []struct {
		name   string
		change func(r *http.Request) // after signing
		skew   time.Duration
		query  string // code for awsQuery; "" = accepted
		ec2    string
		json   string
		status int // for awsQuery
	}{
		{name: "a signature that is right"},
		{name: "headers that were added and not signed", change: func(r *http.Request) { r.Header.Set("Via", "proxy") }},
		{name: "four minutes late", skew: 4 * time.Minute},
		{name: "four minutes early", skew: -4 * time.Minute},
		{
			name: "six minutes late", skew: 6 * time.Minute,
			query: "SignatureDoesNotMatch", ec2: "RequestExpired", json: "InvalidSignatureException", status: 403,
		},
		{
			name: "six minutes early", skew: -6 * time.Minute,
			query: "SignatureDoesNotMatch", ec2: "RequestExpired", json: "InvalidSignatureException", status: 403,
		},
		{
			name: "no signature", change: func(r *http.Request) { r.Header.Del("Authorization") },
			query: "MissingAuthenticationToken", ec2: "MissingAuthenticationToken", json: "MissingAuthenticationTokenException", status: 403,
		},
		{
			name: "two signatures", change: func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) },
			query: "IncompleteSignature", ec2: "IncompleteSignature", json: "IncompleteSignatureException", status: 403,
		},
		{
			name: "an unknown key", change: replace("Authorization", testKey, "AKIDOTHER"),
			query: "InvalidClientTokenId", ec2: "AuthFailure", json: "UnrecognizedClientException", status: 403,
		},
		{
			name: "an unknown session token", change: func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") },
			query: "InvalidClientTokenId", ec2: "AuthFailure", json: "UnrecognizedClientException", status: 403,
		},
		{
			name: "no session token", change: func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") },
			query: "InvalidClientTokenId", ec2: "AuthFailure", json: "UnrecognizedClientException", status: 403,
		},
		{
			name: "a signed header that was changed", change: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
			query: "SignatureDoesNotMatch", ec2: "SignatureDoesNotMatch", json: "InvalidSignatureException", status: 403,
		},
		{
			name: "a signed header that was removed", change: func(r *http.Request) { r.Header.Del("Content-Type") },
			query: "IncompleteSignature", ec2: "IncompleteSignature", json: "IncompleteSignatureException", status: 403,
		},
		{
			name: "a date that was changed", change: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260102T030406Z") },
			query: "SignatureDoesNotMatch", ec2: "SignatureDoesNotMatch", json: "InvalidSignatureException", status: 403,
		},
		{
			name: "a date on another day than the scope's", change: replace("Authorization", "/20260102/", "/20260101/"),
			query: "SignatureDoesNotMatch", ec2: "SignatureDoesNotMatch", json: "InvalidSignatureException", status: 403,
		},
		{
			name: "no date", change: func(r *http.Request) { r.Header.Del("X-Amz-Date") },
			query: "IncompleteSignature", ec2: "IncompleteSignature", json: "IncompleteSignatureException", status: 403,
		},
		{
			name: "an x-amz header that is not signed", change: func(r *http.Request) { r.Header.Set("X-Amz-Target", "X.Y") },
			query: "IncompleteSignature", ec2: "IncompleteSignature", json: "IncompleteSignatureException", status: 403,
		},
		{
			name: "a host that was changed", change: func(r *http.Request) { r.Host = "evil.example" },
			query: "SignatureDoesNotMatch", ec2: "SignatureDoesNotMatch", json: "InvalidSignatureException", status: 403,
		},
		{
			name: "a URL parameter that was added", change: func(r *http.Request) { r.URL.RawQuery += "&DryRun=true" },
			query: "SignatureDoesNotMatch", ec2: "SignatureDoesNotMatch", json: "InvalidSignatureException", status: 403,
		},
		{
			name: "another region", change: replace("Authorization", testRegion, "us-east-1"),
			query: "SignatureDoesNotMatch", ec2: "SignatureDoesNotMatch", json: "InvalidSignatureException", status: 403,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := signed(t, http.MethodPost, "/", body, nil)
			if tt.change != nil {
				tt.change(r)
			}
			for family, want := range map[family]string{queryFamily: tt.query, ec2Family: tt.ec2, documentFamily: tt.json} {
				err := testCredentials().verify(r, []byte(body), family, signingTime.Add(tt.skew))
				got, status := "", 0
				if err != nil {
					got, status = err.Code, err.HTTPStatus
				}
				if got != want || family == queryFamily && status != tt.status {
					t.Errorf("verify(family %d) = %q, status %d, want %q, status %d", family, got, status, want, tt.status)
				}
			}
		})
	}
}

func TestVerifyCoversTheBody(t *testing.T) {
	r := signed(t, http.MethodPost, "/", "Action=DescribeVpcs", nil)
	err := testCredentials().verify(r, []byte("Action=TerminateInstances"), ec2Family, signingTime)
	if err == nil || err.Code != "SignatureDoesNotMatch" {
		t.Errorf("verify(another body) = %v, want SignatureDoesNotMatch", err)
	}
}

// TestVerifyFollowsSignedHeaders signs headers that the SDK's signer never signs
// and that net/http keeps apart from the others, and sends them over the network.
func TestVerifyFollowsSignedHeaders(t *testing.T) {
	verified := make(chan *Error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verified <- testCredentials().verify(r, body, queryFamily, signingTime)
	}))
	defer server.Close()
	for _, names := range [][]string{
		{"host", "x-amz-date", "x-amz-security-token"},
		{"content-length", "expect", "host", "user-agent", "x-amz-date", "x-amz-security-token", "x-amzn-trace-id"},
	} {
		r := newRequest(t, http.MethodPost, server.URL+"/a%2Fb?x=1", "body", "User-Agent: a  b", "Expect: 100-continue",
			"X-Amzn-Trace-Id: Root=1", "X-Amz-Date: "+signingTime.Format(amzDate), "X-Amz-Security-Token: "+testToken)
		canonical, err := canonicalRequest(r, names, []byte("body"))
		if err != nil {
			t.Fatal(err)
		}
		a := authorization{accessKeyID: testKey, date: "20260102", region: testRegion, service: "ec2"}
		signature := testCredentials().sign(a, r.Header.Get("X-Amz-Date"), canonical)
		r.Header.Set(
			"Authorization",
			fmt.Sprintf("%s Credential=%s/%s,SignedHeaders=%s,Signature=%x", algorithm, testKey, a.scope(), strings.Join(names, ";"), signature),
		)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if refused := <-verified; refused != nil {
			t.Errorf("verify(signed %v) = %v, want nil", names, refused)
		}
	}
}

func TestVerifyNeedsTheSecret(t *testing.T) {
	c := testCredentials()
	c.secretAccessKey = "another"
	err := c.verify(signed(t, http.MethodPost, "/", "", nil), nil, queryFamily, signingTime)
	if err == nil || err.Code != "SignatureDoesNotMatch" {
		t.Errorf("verify(another secret) = %v, want SignatureDoesNotMatch", err)
	}
}

// TestVerifyChecksTheRegion: the signature itself is right.
func TestVerifyChecksTheRegion(t *testing.T) {
	for region, want := range map[string]string{testRegion: "", "": "", "us-east-1": "SignatureDoesNotMatch"} {
		c := testCredentials()
		c.region = region
		got := ""
		if err := c.verify(signed(t, http.MethodPost, "/", "", nil), nil, queryFamily, signingTime); err != nil {
			got = err.Code
		}
		if got != want {
			t.Errorf("verify(region %q) = %q, want %q", region, got, want)
		}
	}
}

// TestVerifyAgreesWithTheSDK signs random requests with the SDK's signer.
func TestVerifyAgreesWithTheSDK(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const alphabet = "aZ09-._~ /+%&=;,:@'\"<>()*é☃"
	word := func(from string) string {
		runes := []rune(from)
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteRune(runes[random.IntN(len(runes))])
		}
		return b.String()
	}
	for range 500 {
		body := word(alphabet)
		query := escape(word(alphabet), "") + "=" + escape(word(alphabet), "") + "&b=" + escape(word(alphabet), "") + "&b=1"
		r := signed(t, http.MethodPost, "/"+escape(word(alphabet), "/")+"?"+query, body, func(r *http.Request) {
			r.Header.Set("X-Amz-Meta", "  a   "+word("ab ,;=")+"  ")
			r.Header.Set("User-Agent", word("ab /1."))
			r.Header.Add("X-Amzn-Two", word("abc"))
			r.Header.Add("X-Amzn-Two", word("abc"))
		})
		if err := testCredentials().verify(r, []byte(body), queryFamily, signingTime); err != nil {
			t.Fatalf("verify(%s, headers %v) = %v, want the signer's signature", r.URL, r.Header, err)
		}
	}
}

func TestParseAuthorizationRejects(t *testing.T) {
	sig := strings.Repeat("0", 64)
	for _, tt := range []struct{ name, header string }{
		{"nothing", ""},
		{"another algorithm", "Basic dXNlcjpwYXNz"},
		{"no parts", "AWS4-HMAC-SHA256 "},
		{"a part that is missing", "AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, SignedHeaders=host"},
		{
			"a part that is there twice",
			"AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, Credential=K/20260102/r/s/aws4_request, Signature=" + sig,
		},
		{"a scope that is too short", "AWS4-HMAC-SHA256 Credential=K/20260102/r/aws4_request, SignedHeaders=host, Signature=" + sig},
		{"a scope with an empty part", "AWS4-HMAC-SHA256 Credential=K/20260102//s/aws4_request, SignedHeaders=host, Signature=" + sig},
		{"another terminator", "AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws5_request, SignedHeaders=host, Signature=" + sig},
		{"a host that is not signed", "AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, SignedHeaders=x-amz-date, Signature=" + sig},
		{"a header in upper case", "AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, SignedHeaders=Host;host, Signature=" + sig},
		{"a header that is signed twice", "AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, SignedHeaders=host;host, Signature=" + sig},
		{"a signature that is too short", "AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, SignedHeaders=host, Signature=00"},
		{
			"a signature that is no number",
			"AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("x", 64),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a, err := parseAuthorization(tt.header); err == nil {
				t.Errorf("parseAuthorization(%q) = %+v, want an error", tt.header, a)
			}
		})
	}
}

// FuzzParseAuthorization checks that what is accepted is complete, and that no
// forged header is ever taken for a signature.
func FuzzParseAuthorization(f *testing.F) {
	f.Add(signed(f, http.MethodPost, "/", "", nil).Header.Get("Authorization"))
	f.Add(
		"AWS4-HMAC-SHA256 Credential=" + testKey + "/20260102/" + testRegion + "/ec2/aws4_request," +
			"SignedHeaders=host;x-amz-date;x-amz-security-token,Signature=" + strings.Repeat("0", 64),
	)
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=;, Signature=")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := parseAuthorization(header)
		if err != nil {
			return
		}
		if a.accessKeyID == "" || a.date == "" || a.region == "" || a.service == "" || len(a.signature) != 32 || len(a.signedHeaders) == 0 {
			t.Errorf("parseAuthorization(%q) = %+v, want every part", header, a)
		}
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", header)
		r.Header.Set("X-Amz-Date", signingTime.Format(amzDate))
		r.Header.Set("X-Amz-Security-Token", testToken)
		if refused := testCredentials().verify(r, nil, queryFamily, signingTime); refused == nil {
			t.Errorf("verify(%q) = nil, want a refusal", header)
		}
	})
}

// FuzzCanonicalQuery checks that the order of parameters does not matter.
func FuzzCanonicalQuery(f *testing.F) {
	f.Add("Action=A&Version=2016-11-15", "b=%20+x")
	f.Add("a", "a=&;=%")
	f.Fuzz(func(t *testing.T, a, b string) {
		one, err1 := canonicalQuery(a + "&" + b)
		two, err2 := canonicalQuery(b + "&" + a)
		if (err1 == nil) != (err2 == nil) || err1 == nil && one != two {
			t.Errorf("canonicalQuery = %q, %v and in another order %q, %v", one, err1, two, err2)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	body := strings.Repeat("x", 4096)
	r := signed(b, http.MethodPost, "/", body, nil)
	c := testCredentials()
	b.ReportAllocs()
	for b.Loop() {
		if err := c.verify(r, []byte(body), queryFamily, signingTime); err != nil {
			b.Fatal(err)
		}
	}
}
