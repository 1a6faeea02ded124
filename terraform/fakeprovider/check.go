package main

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// checker walks a configuration and collects what is wrong.
type checker struct {
	typeName    string
	diagnostics []*tfprotov5.Diagnostic
}

func (c *checker) fault(at *tftypes.AttributePath, summary, format string, args ...any) {
	c.diagnostics = append(c.diagnostics, &tfprotov5.Diagnostic{
		Severity: tfprotov5.DiagnosticSeverityError, Summary: summary, Detail: fmt.Sprintf(format, args...), Attribute: at,
	})
}

// block checks a block's arguments; name is its path without indexes, for
// instance "health_check." with the point.
func (c *checker) block(at *tftypes.AttributePath, name string, schema *tfprotov5.SchemaBlock, value tftypes.Value) {
	var fields map[string]tftypes.Value
	if !value.IsKnown() || value.IsNull() || value.As(&fields) != nil {
		return
	}
	for _, a := range schema.Attributes {
		v := fields[a.Name]
		here := at.WithAttributeName(a.Name)
		if a.Computed && !a.Optional && !a.Required && !v.IsNull() {
			c.fault(here, "Value for unconfigurable attribute", "%s%s of %s is decided by AWS and cannot be set", name, a.Name, c.typeName)
			continue
		}
		c.attribute(here, name+a.Name, v)
	}
	for _, among := range choices[c.typeName] {
		c.choose(at, name, among, fields)
	}
	for _, n := range schema.BlockTypes {
		c.nested(at.WithAttributeName(n.TypeName), name+n.TypeName, n, fields[n.TypeName])
	}
}

// choose refuses two arguments that exclude each other, and none where one is needed.
func (c *checker) choose(at *tftypes.AttributePath, name string, among choice, fields map[string]tftypes.Value) {
	var set []string
	var here, open bool
	for _, path := range among.of {
		local, inside := strings.CutPrefix(path, name)
		v, ok := fields[local]
		if !inside || !ok {
			continue
		}
		here = true
		open = open || !v.IsKnown() // it may turn out to be given, or not
		if given(v) {
			set = append(set, path)
		}
	}
	if len(set) > 1 {
		c.fault(at, "Conflicting configuration arguments", "%s cannot have %s together", c.typeName, strings.Join(set, " and "))
	}
	if among.exactly && here && !open && len(set) == 0 {
		c.fault(at, "Missing configuration argument", "%s needs one of %s", c.typeName, strings.Join(among.of, ", "))
	}
}

// given reports whether the configuration sets the argument or has the block.
func given(v tftypes.Value) bool {
	if !v.IsKnown() || v.IsNull() {
		return false
	}
	var items []tftypes.Value
	return v.As(&items) != nil || len(items) > 0
}

func (c *checker) nested(at *tftypes.AttributePath, name string, n *tfprotov5.SchemaNestedBlock, value tftypes.Value) {
	if !value.IsKnown() || value.IsNull() {
		return
	}
	if n.Nesting == tfprotov5.SchemaNestedBlockNestingModeSingle {
		c.block(at, name+".", n.Block, value)
		return
	}
	var items []tftypes.Value
	if value.As(&items) != nil {
		return
	}
	for i, item := range items {
		here := at.WithElementKeyInt(i)
		if n.Nesting == tfprotov5.SchemaNestedBlockNestingModeSet {
			here = at.WithElementKeyValue(item)
		}
		c.block(here, name+".", n.Block, item)
	}
}

// attribute applies the rules to a string, a number, or each item of a collection.
func (c *checker) attribute(at *tftypes.AttributePath, name string, value tftypes.Value) {
	if !value.IsKnown() || value.IsNull() {
		return
	}
	var items []tftypes.Value
	if value.Type().Is(tftypes.List{}) || value.Type().Is(tftypes.Set{}) {
		if value.As(&items) == nil {
			for _, item := range items {
				c.attribute(at, name, item)
			}
		}
		return
	}
	for _, r := range rulesOf(c.typeName, name) {
		if wrong := r(value); wrong != "" {
			c.fault(at, "Invalid value", "%s of %s %s", name, c.typeName, wrong)
		}
	}
}
