package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io"
	"slices"
	"strings"
)

// writeUnions writes a Go function that lists the members of each union:
// reflection cannot enumerate the types that satisfy an interface.
func writeUnions(w io.Writer, p *sdkPackage) error {
	unions := p.unionNames()
	if len(unions) == 0 {
		return errors.New("the service has no union: remove the go:generate line")
	}
	var file bytes.Buffer
	header(&file, p)
	fmt.Fprintf(&file, "package awsapi\n\nimport (\n\"reflect\"\n\n%q\n)\n\n", sdk+p.service+"/types")
	fmt.Fprintf(&file, "// unions lists the members of each union of %s.\n", p.service)
	file.WriteString("func unions() map[reflect.Type][]unionMember {\nreturn map[reflect.Type][]unionMember{\n")
	for _, union := range unions {
		members := p.unionMembers(union)
		if len(members) == 0 {
			return fmt.Errorf("union %s has no members", union)
		}
		fmt.Fprintf(&file, "reflect.TypeFor[%s](): {\n", union)
		for _, member := range members {
			name := strings.TrimPrefix(member, union+"Member")
			fmt.Fprintf(&file, "{name: %q, concrete: reflect.TypeFor[%s]()},\n", name, member)
		}
		file.WriteString("},\n")
	}
	file.WriteString("}\n}\n")
	formatted, err := format.Source(file.Bytes())
	if err != nil {
		return err
	}
	_, err = w.Write(formatted)
	return err
}

// unionMembers are the structs that carry the union's marker method, sorted;
// the SDK's placeholder for members unknown to it is none of them.
func (p *sdkPackage) unionMembers(union string) []string {
	var members []string
	for name := range p.structs {
		if strings.HasPrefix(name, union+"Member") {
			if _, ok := p.methods[name+".is"+strings.TrimPrefix(union, "types.")]; ok {
				members = append(members, name)
			}
		}
	}
	slices.Sort(members)
	return members
}
