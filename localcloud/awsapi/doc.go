// Package awsapi speaks the AWS wire protocols (awsQuery, ec2Query, AWS JSON
// 1.0 and 1.1, Smithy RPC v2 CBOR) to unmodified clients: it decodes requests
// into the SDK's own Input structs and encodes the SDK's own Output structs, by
// reflection. There are no hand-written shapes. Of what reflection cannot know, the
// member names of EC2 that break their protocol's rule are read out of the SDK's
// source by internal/gen and checked in; the few of other services, and the members
// of unions, stand in names.go and unions.go. Tests with the SDK's own clients, and
// every field of every operation filled, hold all of them.
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

//go:generate go run ./internal/gen ec2shapes/operations.txt names/ec2.json ec2shapes/shapes.go
