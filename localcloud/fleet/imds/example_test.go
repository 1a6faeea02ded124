package imds_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	sdk "github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"secondwind/localcloud/fleet/imds"
)

func ExampleNewHandler() {
	h := imds.NewHandler(imds.Instance{InstanceID: "i-0123456789abcdef0", Region: "local-1"})
	s := httptest.NewServer(h)
	defer s.Close()
	// A program on an instance finds this address in AWS_EC2_METADATA_SERVICE_ENDPOINT.
	doc, err := sdk.New(sdk.Options{Endpoint: s.URL}).GetInstanceIdentityDocument(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc.InstanceID, "in", doc.Region)
	// Output: i-0123456789abcdef0 in local-1
}
