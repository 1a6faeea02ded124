package awsapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/localcloud/awsapi"
)

// A Mux with one operation, called by the unmodified SDK.
func ExampleHandle() {
	mux := awsapi.NewMux(awsapi.Config{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", Region: "us-east-1"})
	awsapi.Handle(mux, awsapi.AutoScaling,
		func(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
			if len(in.AutoScalingGroupNames) == 0 {
				return nil, &awsapi.Error{Code: "ValidationError", Message: "name a group"}
			}
			return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: []types.AutoScalingGroup{{
				AutoScalingGroupName: aws.String(in.AutoScalingGroupNames[0]),
				DesiredCapacity:      aws.Int32(2),
			}}}, nil
		})
	server := httptest.NewServer(mux)
	defer server.Close()

	client := autoscaling.New(autoscaling.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	out, err := client.DescribeAutoScalingGroups(context.Background(), &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{"calculators"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	group := out.AutoScalingGroups[0]
	fmt.Println(*group.AutoScalingGroupName, "wants", *group.DesiredCapacity)
	// Output: calculators wants 2
}
