package virtual

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/stack"
)

// Cloud is a World's cloud with a healthy stack in it.
type Cloud struct {
	AWS   aws.Config // with the account's credentials
	Stack stack.Stack
	// Operations names what is served, as awsapi.Mux.Operations does.
	Operations []string
	// Transport carries requests to the load balancer.
	Transport http.RoundTripper
}

// InCloud runs a test in a bubble of virtual time, in a cloud with a stack whose
// first instance is healthy.
func InCloud(t *testing.T, cfg Config, test func(*testing.T, Cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, cfg)
		defer w.close()
		test(t, Cloud{AWS: w.aws, Stack: w.build(t), Operations: w.mux.Operations(), Transport: w.transport})
	})
}
