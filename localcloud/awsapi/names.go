package awsapi

import (
	"embed"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed names/*.json
var nameFiles embed.FS

// memberNames are the names of one struct field on the wire. As read from a
// table, an empty string means that the protocol's rule holds.
type memberNames struct {
	Wire            string `json:"wire"`            // in JSON and CBOR
	Request         string `json:"request"`         // in a form
	RequestElement  string `json:"requestElement"`  // of a list in a form; unused if lists are flat
	Response        string `json:"response"`        // in XML
	ResponseElement string `json:"responseElement"` // of a list in XML
}

// nameTable holds the names of a service that break the rule, by struct
// ("types.X" or "XInput") and field.
type nameTable map[string]map[string]memberNames

// readNameTable reads the generated table of a service.
func readNameTable(file string) (nameTable, error) {
	data, err := nameFiles.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var table struct {
		Members nameTable `json:"members"`
	}
	if err := json.Unmarshal(data, &table); err != nil {
		return nil, fmt.Errorf("parse %s: %w", file, err)
	}
	return table.Members, nil
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
	orRule := func(s *string, rule string) {
		if *s == "" {
			*s = rule
		}
	}
	orRule(&n.Wire, field)
	orRule(&n.Request, field)
	orRule(&n.RequestElement, "member")
	orRule(&n.Response, response)
	orRule(&n.ResponseElement, element)
	return n
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
