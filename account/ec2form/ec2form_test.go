package ec2form_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

	"secondwind/account/ec2form"
)

func client(t *testing.T, handler http.HandlerFunc) ec2form.Client {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return ec2form.Client{AWS: aws.Config{
		Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	}}
}

func TestCallPostsASignedFormAndDecodesTheAnswer(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		signed := strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/ec2/aws4_request")
		if !signed || form.Get("Action") != "DescribeInstances" || form.Get("Version") == "" || form.Get("InstanceId.1") != "i-1" {
			t.Errorf("request = %q, authorization %q", body, r.Header.Get("Authorization"))
		}
		_, _ = io.WriteString(w, `<DescribeInstancesResponse><reservationSet><item>
			<instancesSet><item><instanceId>i-1</instanceId></item></instancesSet>
		</item></reservationSet></DescribeInstancesResponse>`)
	})
	var answer struct {
		IDs []string `xml:"reservationSet>item>instancesSet>item>instanceId"`
	}
	err := c.Call(t.Context(), "DescribeInstances", url.Values{"InstanceId.1": {"i-1"}}, &answer)
	if err != nil || len(answer.IDs) != 1 || answer.IDs[0] != "i-1" {
		t.Errorf("Call() = %v, answer %+v", err, answer)
	}
}

func refusal(code string) string {
	return "<Response><Errors><Error><Code>" + code + "</Code><Message>not now</Message></Error></Errors></Response>"
}

func TestARefusalKeepsItsCode(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, refusal("UnauthorizedOperation"))
	})
	err := c.Call(t.Context(), "DescribeInstances", nil, nil)
	refused, ok := errors.AsType[smithy.APIError](err)
	if !ok || refused.ErrorCode() != "UnauthorizedOperation" || !strings.Contains(err.Error(), "ec2:DescribeInstances") {
		t.Errorf("Call() = %v, want UnauthorizedOperation of ec2:DescribeInstances", err)
	}
}

func TestAnAnswerThatIsNoXMLIsAnError(t *testing.T) {
	for name, status := range map[string]int{"a page of a proxy": http.StatusOK, "a bare 502": http.StatusBadGateway} {
		t.Run(name, func(t *testing.T) {
			c := client(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, `no`)
			})
			if err := c.Call(t.Context(), "DescribeInstances", nil, new(struct{})); err == nil {
				t.Error("Call() = nil, want an error")
			}
		})
	}
}

func TestAMachineWhoseClockIsOffSignsByThatOfEC2(t *testing.T) {
	theirs := time.Now().Add(-time.Hour).UTC()
	asked := 0
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Date", theirs.Format(http.TimeFormat))
		if signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date")); err != nil || signed.Sub(theirs).Abs() > 5*time.Minute {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, refusal("RequestExpired"))
			return
		}
		_, _ = io.WriteString(w, `<DescribeInstancesResponse/>`)
	})
	if err := c.Call(t.Context(), "DescribeInstances", nil, nil); err != nil || asked != 2 {
		t.Errorf("Call() = %v after %d requests, want an answer to the second one", err, asked)
	}
}

// TestARefusalIsReadInXMLAndInJSON has EC2's answers and those of AWS's JSON protocols.
func TestARefusalIsReadInXMLAndInJSON(t *testing.T) {
	for body, want := range map[string]string{
		refusal("Throttling"):                               "Throttling",
		`{"__type": "AccessDeniedException"}`:               "AccessDeniedException",
		`{"__type": "com.amazonaws#Gone", "message": "no"}`: "Gone",
		`{"__type": "com.amazonaws#Gone", "Message": "no"}`: "Gone",
		`{"message": "no code"}`:                            "",
		"<html><body>502</body></html>":                     "",
		"":                                                  "",
	} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Amz-Target") != "Service.Operation" || !strings.Contains(r.Header.Get("Authorization"), "/other/aws4_request") {
				t.Errorf("headers = %v", r.Header)
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, body)
		})
		_, err := c.Post(t.Context(), "other", http.Header{"X-Amz-Target": {"Service.Operation"}}, "{}")
		if err == nil || ec2form.Code(err) != want || want == "" && !strings.Contains(err.Error(), "status 400") {
			t.Errorf("Post() = %v of %q, want code %q", err, body, want)
		}
	}
}

func TestDeniedKnowsTheCodesOfEveryService(t *testing.T) {
	for _, code := range []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"} {
		if err := fmt.Errorf("ask: %w", &smithy.GenericAPIError{Code: code}); !ec2form.Denied(err) {
			t.Errorf("Denied(%v) = false", err)
		}
	}
	for _, err := range []error{nil, io.EOF, &smithy.GenericAPIError{Code: "Throttling"}} {
		if ec2form.Denied(err) {
			t.Errorf("Denied(%v) = true", err)
		}
	}
}
