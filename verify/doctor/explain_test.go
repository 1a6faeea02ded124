package doctor_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

	"secondwind/verify/doctor"
)

func TestAnErrorOfAWSIsExplained(t *testing.T) {
	keys := aws.Config{Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	none := aws.Config{Credentials: credentials.NewStaticCredentialsProvider("", "", "")}
	failed := func(err error) error {
		return &smithy.OperationError{ServiceID: "Auto Scaling", OperationName: "DescribeAutoScalingGroups", Err: err}
	}
	denied, unknown := &smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}, &smithy.GenericAPIError{Code: "Odd"}
	for _, c := range []struct {
		cfg  aws.Config
		err  error
		want string
	}{
		{keys, failed(denied), "The caller is not allowed to call"},
		{keys, failed(&smithy.GenericAPIError{Code: "ExpiredToken"}), "aws sso login"},
		{keys, failed(&net.OpError{Op: "dial", Err: errors.New("connection refused")}), "Check the network"},
		{none, failed(errors.New("get identity")), "No AWS credentials were found"},
		{keys, failed(unknown), failed(unknown).Error()},
		{keys, errors.New("no group of that name"), "no group of that name"},
	} {
		if got := doctor.Explain(t.Context(), c.cfg, c.err); got == nil || !strings.Contains(got.Error(), c.want) {
			t.Errorf("Explain(%v) = %v, want …%q…", c.err, got, c.want)
		}
	}
	if err := doctor.Explain(t.Context(), keys, nil); err != nil {
		t.Errorf("Explain(nil) = %v", err)
	}
}
