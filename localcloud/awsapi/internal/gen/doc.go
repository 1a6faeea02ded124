// Command gen reads the AWS SDK's own generated source and writes what the wire
// codec cannot learn by reflection:
//
//   - names: the member names that break the rule of their protocol, as JSON;
//   - shapes: the Input and Output structs of chosen operations, as Go, so that
//     a server need not import (and compile) a whole service package;
//   - unions: the members of each union interface, as Go.
//
// It is run by go generate. It trusts nothing: a table without entries, a struct
// field without a serializer or a construct that it does not know is an error,
// because a silent gap would become a parameter that is lost on the wire.
package main
