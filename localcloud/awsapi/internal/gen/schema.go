package main

import (
	"errors"
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// readSchemaNames reads names from services whose code is driven by schemas:
// SerializeMembers and Deserialize say which schema variable belongs to which
// field, and schemas.go says which name the variable has.
func readSchemaNames(p *sdkPackage, operations []string) (nameTable, error) {
	wire := schemaNames(p)
	if len(wire) == 0 {
		return nil, errors.New("schemas.go names no member")
	}
	table := make(nameTable)
	for name, f := range p.methods {
		structure, ok := strings.CutSuffix(name, ".SerializeMembers")
		if !ok || p.structs[structure] == nil || !isServed(structure, operations) {
			continue
		}
		found := make(map[string]bool)
		ast.Inspect(f.Body, func(n ast.Node) bool {
			guarded, ok := n.(*ast.IfStmt)
			if !ok {
				return true
			}
			field, variable := selected(guarded, "v"), selected(guarded.Body, "schemas")
			if field != "" && wire[variable] != "" {
				found[field] = true
				table.add(structure, field, memberNames{Wire: wire[variable], Request: wire[variable], Response: wire[variable]})
			}
			return true
		})
		if err := p.requireFields(structure, found); err != nil {
			return nil, err
		}
	}
	for _, operation := range operations {
		for _, structure := range []string{operation + "Input", operation + "Output"} {
			if d := p.structs[structure]; d == nil || len(d.fields) != len(table[structure]) {
				return nil, fmt.Errorf("the names of %s were not found", structure)
			}
		}
	}
	return table, nil
}

// isServed tells whether a struct is a type or belongs to a chosen operation.
func isServed(structure string, operations []string) bool {
	if strings.HasPrefix(structure, "types.") {
		return true
	}
	operation := strings.TrimSuffix(strings.TrimSuffix(structure, "Input"), "Output")
	return slices.Contains(operations, operation)
}

// schemaNames maps schema variables to names, from lines such as
//
//	MetricDatum_Value = MetricDatum.AddMember("Value", _DatapointValue)
func schemaNames(p *sdkPackage) map[string]string {
	names := make(map[string]string)
	for _, f := range p.functions {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok || len(assign.Rhs) != 1 {
				return true
			}
			call, ok := assign.Rhs[0].(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			variable, named := assign.Lhs[0].(*ast.Ident)
			if ok && named && selector.Sel.Name == "AddMember" {
				names[variable.Name] = text(call.Args[0])
			}
			return true
		})
	}
	return names
}
