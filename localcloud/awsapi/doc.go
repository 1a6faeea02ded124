// Package awsapi speaks the AWS wire protocols (awsQuery, ec2Query, AWS JSON
// 1.0 and 1.1, Smithy RPC v2 CBOR) to unmodified clients: it decodes requests
// into the SDK's own Input structs and encodes the SDK's own Output structs, by
// reflection. There are no hand-written shapes. What reflection cannot know (the
// member names that break their protocol's rule, the members of unions) is read
// out of the SDK's source by internal/gen and checked in.
//
// A Mux is the http.Handler. Handle gives it an operation:
//
//	mux := awsapi.NewMux(awsapi.Config{AccessKeyID: id, SecretAccessKey: secret})
//	awsapi.Handle(mux, awsapi.AutoScaling, cloud.SetDesiredCapacity)
//
// Decoding is strict: what the Input has no member for, and what is given twice, is
// refused by its name.
//
// Every request must carry a valid Signature Version 4. That keeps out web pages
// in the user's browser too: they cannot sign.
//
// Sources: Smithy 2.0 specification, "AWS Protocols"; AWS General Reference,
// "Signing AWS API requests".
package awsapi

//go:generate go run ./internal/gen names -service autoscaling -out names/autoscaling.json
//go:generate go run ./internal/gen names -service cloudwatch -out names/cloudwatch.json
//go:generate go run ./internal/gen names -service ec2 -operations ec2shapes/operations.txt -out names/ec2.json
//go:generate go run ./internal/gen names -service elasticloadbalancingv2 -out names/elasticloadbalancingv2.json
//go:generate go run ./internal/gen names -service kms -out names/kms.json
//go:generate go run ./internal/gen names -service resourcegroupstaggingapi -out names/resourcegroupstaggingapi.json
//go:generate go run ./internal/gen names -service sts -out names/sts.json
//go:generate go run ./internal/gen unions -service cloudwatch -out unions.go
