// Command gen reads the generated source of the AWS SDK's EC2 client and writes
// what the wire codec cannot learn by reflection:
//
//   - the member names that break the rule of EC2's protocol, as JSON;
//   - the Input and Output structs of chosen operations, as Go, so that a server
//     need not import (and compile) all of EC2.
//
// It is run by go generate. A struct field without a serializer, or code of a form
// that it does not know, is an error: a silent gap would become a parameter that is
// lost on the wire. Package conformance proves the outcome with the client itself.
package main
