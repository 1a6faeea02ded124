package awsapi

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed names/ec2.json
var ec2Names []byte

// memberNames are the names of one struct field on the wire. As read from a
// table, an empty string means that the protocol's rule holds.
type memberNames struct {
	Wire            string // in JSON and CBOR
	Request         string // in a form
	RequestElement  string // of a list in a form; unused if lists are flat
	Response        string // in XML
	ResponseElement string // of a list in XML
}

// nameTable holds the names of a service that break the rule, by struct
// ("types.X" or "XInput") and field.
type nameTable map[string]map[string]memberNames

// nameTableOf is what breaks the rule in a service.
func nameTableOf(s Service) (nameTable, error) {
	switch s {
	case AutoScaling:
		return nameTable{"types.CpuPerformanceFactorRequest": {"References": {
			Request: "Reference", RequestElement: "item", Response: "Reference", ResponseElement: "item",
		}}}, nil
	case STS:
		return nameTable{"types.PolicyDescriptorType": {"Arn": {Request: "arn"}}}, nil
	case CloudTrail:
		return nameTable{
			"DescribeTrailsInput": {
				"IncludeShadowTrails": {Wire: "includeShadowTrails"}, "TrailNameList": {Wire: "trailNameList"},
			},
			"DescribeTrailsOutput": {"TrailList": {Wire: "trailList"}},
		}, nil
	case EC2: // has many: they are generated
		var table struct{ Members nameTable }
		err := json.Unmarshal(ec2Names, &table)
		return table.Members, err
	case CloudWatch, ELBv2, KMS, Tagging:
	}
	return nil, nil
}

// names returns all names of a field: the table's, else the rule's. The rule is
// the Go name of the field, with lists of "member"; in EC2 answers its first
// letter is in lower case and lists are of "item".
func (t nameTable) names(structure reflect.Type, field string, ec2 bool) memberNames {
	n := t[structureName(structure)][field]
	response, element := field, "member"
	if ec2 {
		response, element = lowerFirst(field), "item"
	}
	return memberNames{
		Wire: cmp.Or(n.Wire, field), Request: cmp.Or(n.Request, field), RequestElement: cmp.Or(n.RequestElement, "member"),
		Response: cmp.Or(n.Response, response), ResponseElement: cmp.Or(n.ResponseElement, element),
	}
}

// structureName is the struct's key in a table.
func structureName(t reflect.Type) string {
	if strings.HasSuffix(t.PkgPath(), "/types") {
		return "types." + t.Name()
	}
	return t.Name()
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[size:]
}
