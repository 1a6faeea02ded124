package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// memberNames are the names of one struct field on the wire. In the table that
// is written, an empty string means that the rule holds.
type memberNames struct {
	Wire            string `json:"wire,omitempty"`            // in JSON and CBOR
	Request         string `json:"request,omitempty"`         // in a form
	RequestElement  string `json:"requestElement,omitempty"`  // of a list in a form
	Response        string `json:"response,omitempty"`        // in XML
	ResponseElement string `json:"responseElement,omitempty"` // of a list in XML
}

// nameTable holds the names by struct ("types.X" or "XInput") and field.
type nameTable map[string]map[string]memberNames

// add merges what was learned about a field.
func (t nameTable) add(structure, field string, n memberNames) {
	if t[structure] == nil {
		t[structure] = make(map[string]memberNames)
	}
	have := t[structure][field]
	for _, pair := range [][2]*string{
		{&have.Wire, &n.Wire}, {&have.Request, &n.Request}, {&have.Response, &n.Response},
		{&have.RequestElement, &n.RequestElement}, {&have.ResponseElement, &n.ResponseElement},
	} {
		if *pair[1] != "" {
			*pair[0] = *pair[1]
		}
	}
	t[structure][field] = have
}

// writeNames writes the names of the operations' members that break the rule.
func writeNames(w io.Writer, p *sdkPackage, operations []string) error {
	table, err := readNames(p, operations)
	if err != nil {
		return err
	}
	if len(table) == 0 {
		return errors.New("no name was found: the SDK's generated code has changed its form")
	}
	ec2 := p.service == "ec2"
	exceptions := make(nameTable)
	for structure, fields := range table {
		for field, n := range fields {
			if n = exceptionsOf(field, n, ec2); n != (memberNames{}) {
				exceptions.add(structure, field, n)
			}
		}
	}
	if ec2 && len(exceptions) == 0 {
		return errors.New("no exception was found, but EC2 has many")
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "\t")
	return encoder.Encode(struct {
		Generated string    `json:"generated"`
		Members   nameTable `json:"members"`
	}{fmt.Sprintf("by localcloud/awsapi/internal/gen from service/%s %s; do not edit", p.service, p.version), exceptions})
}

// readNames reads every name from whichever form of code the service has.
func readNames(p *sdkPackage, operations []string) (nameTable, error) {
	if len(p.functions) == 0 {
		return nil, errors.New("no function was found")
	}
	for name := range p.functions {
		if strings.Contains(name, "_serializeOpDocument") {
			return readSerdeNames(p, operations)
		}
	}
	return readSchemaNames(p, operations)
}

// exceptionsOf blanks the names that follow the rule: the field's own name,
// lists of "member"; for EC2 answers the first letter in lower case and lists of
// "item". EC2 lists are flat in forms, so their elements have no name there.
func exceptionsOf(field string, n memberNames, ec2 bool) memberNames {
	response, element := field, "member"
	if ec2 {
		response, element = lowerFirst(field), "item"
		n.RequestElement = ""
	}
	blank := func(s *string, rule string) {
		if *s == rule {
			*s = ""
		}
	}
	blank(&n.Wire, field)
	blank(&n.Request, field)
	blank(&n.RequestElement, "member")
	blank(&n.Response, response)
	blank(&n.ResponseElement, element)
	return n
}

func lowerFirst(s string) string {
	r := []rune(s)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// requireFields reports fields of the struct that no name was found for.
func (p *sdkPackage) requireFields(structure string, found map[string]bool) error {
	declared, ok := p.structs[structure]
	if !ok {
		return fmt.Errorf("struct %s is not declared", structure)
	}
	var missing []string
	for _, field := range declared.fields {
		if !found[field] {
			missing = append(missing, field)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s: no name was found for %s (found %v)", structure,
			strings.Join(missing, ", "), slices.Sorted(maps.Keys(found)))
	}
	return nil
}
