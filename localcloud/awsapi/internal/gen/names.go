package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// memberNames are the names of one struct field on the wire; "" means that the rule
// holds. The lists of EC2 are flat in forms, so their elements have no name there.
type memberNames struct {
	Request         string `json:"request,omitempty"`         // in a form
	Response        string `json:"response,omitempty"`        // in XML
	ResponseElement string `json:"responseElement,omitempty"` // of a list in XML
}

// nameTable holds the names by struct ("types.X" or "XInput") and field.
type nameTable map[string]map[string]memberNames

// add notes what was learned about a field, unless the rule says it: the field's own
// name; in answers with its first letter in lower case, and lists of "item".
func (t nameTable) add(structure, field string, n memberNames) {
	have := t[structure][field]
	for _, name := range []struct {
		have        *string
		found, rule string
	}{
		{&have.Request, n.Request, field}, {&have.Response, n.Response, lowerFirst(field)},
		{&have.ResponseElement, n.ResponseElement, "item"},
	} {
		if name.found != "" && name.found != name.rule {
			*name.have = name.found
		}
	}
	if have == (memberNames{}) {
		return
	}
	if t[structure] == nil {
		t[structure] = map[string]memberNames{}
	}
	t[structure][field] = have
}

func lowerFirst(s string) string { return string(unicode.ToLower(rune(s[0]))) + s[1:] }

// names is the table of the operations' members that break the rule. It is read from
// the functions that write and read the operations' documents, and those they call.
func (p *sdkPackage) names(operations []string) ([]byte, error) {
	r := &nameReader{p: p, table: nameTable{}, done: map[string]bool{}}
	for _, operation := range operations {
		for _, structure := range []string{operation + "Input", operation + "Output"} {
			verb := "serialize"
			if strings.HasSuffix(structure, "Output") {
				verb = "deserialize"
			}
			err := p.requireFields(structure, nil)
			if root := "awsEc2query_" + verb + "OpDocument" + structure; p.functions[root] != nil {
				err = r.follow(root)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if len(r.table) == 0 {
		return nil, errors.New("no exception was found, but EC2 has many")
	}
	table, err := json.MarshalIndent(struct {
		Generated string    `json:"generated"`
		Members   nameTable `json:"members"`
	}{"by localcloud/awsapi/internal/gen from service/ec2 " + p.version + "; do not edit", r.table}, "", "\t")
	return append(table, '\n'), err
}

// nameReader follows (de)serializer functions and collects names.
type nameReader struct {
	p     *sdkPackage
	table nameTable
	done  map[string]bool
}

// follow reads a function of a structure or a list and all it calls.
func (r *nameReader) follow(name string) error {
	if r.done[name] {
		return nil
	}
	r.done[name] = true
	f, ok := r.p.functions[name]
	if !ok {
		return fmt.Errorf("function %s is called but not declared", name)
	}
	if structure := typeName(subject(f)); structure != "" {
		if err := r.readStructure(structure, f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, callee := range callees(f.Body) {
		if err := r.follow(callee); err != nil {
			return err
		}
	}
	return nil
}

// readStructure collects the names of one structure's members.
func (r *nameReader) readStructure(structure string, f *ast.FuncDecl) error {
	var found []string
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if field, names := r.member(n); field != "" {
			found = append(found, field)
			r.table.add(structure, field, names)
		}
		return true
	})
	return r.p.requireFields(structure, found)
}

// requireFields reports fields of the struct that no name was found for.
func (p *sdkPackage) requireFields(structure string, found []string) error {
	fields, err := p.fields(structure)
	for _, f := range fields {
		if name := f.Names[0].Name; !slices.Contains(found, name) {
			err = errors.Join(err, fmt.Errorf("%s: no name was found for %s", structure, name))
		}
	}
	return err
}

// member recognizes the two forms in which a member's name is written, and returns
// the field; "" for any other code.
//
//	objectKey := object.Key("Name") … v.Field            (in a block)
//	case strings.EqualFold("name", t.Name.Local): … sv.Field
func (r *nameReader) member(n ast.Node) (field string, names memberNames) {
	switch n := n.(type) {
	case *ast.BlockStmt:
		if names.Request = objectKey(n); names.Request != "" {
			field = selected(n, "v")
		}
	case *ast.CaseClause:
		if names.Response = equalFold(n); names.Response != "" {
			field = selected(n, "sv")
		}
		for _, callee := range callees(n) {
			if f := r.p.functions[callee]; f != nil && names.ResponseElement == "" {
				names.ResponseElement = listElement(f)
			}
		}
	}
	return field, names
}

// objectKey returns the argument of the block's own `objectKey := object.Key("Name")`.
func objectKey(block *ast.BlockStmt) string {
	for _, statement := range block.List {
		if assign, ok := statement.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE && len(assign.Rhs) == 1 {
			if key := argument(assign.Rhs[0], 1, "Key", "FlatKey"); key != "" {
				return key
			}
		}
	}
	return ""
}

// equalFold returns the name that a case compares with.
func equalFold(clause *ast.CaseClause) string {
	if len(clause.List) != 1 {
		return ""
	}
	return argument(clause.List[0], 2, "EqualFold")
}

// argument returns the first of n arguments of a call of one of the methods, a string
// literal; "" for any other expression.
func argument(e ast.Expr, n int, methods ...string) string {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != n {
		return ""
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(methods, selector.Sel.Name) {
		return ""
	}
	if literal, ok := call.Args[0].(*ast.BasicLit); ok {
		s, _ := strconv.Unquote(literal.Value) // "" of a number
		return s
	}
	return ""
}

// listElement returns the element name that a list's function reads, "" if f is not
// the function of a list.
func listElement(f *ast.FuncDecl) (name string) {
	if _, ok := subject(f).(*ast.ArrayType); !ok {
		return ""
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if clause, ok := n.(*ast.CaseClause); ok && name == "" {
			name = equalFold(clause)
		}
		return true
	})
	return name
}

// callees are the (de)serializer functions that n calls, in order.
func callees(n ast.Node) (names []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if name, ok := call.Fun.(*ast.Ident); ok && strings.Contains(name.Name, "erializeDocument") {
				names = append(names, name.Name)
			}
		}
		return true
	})
	return names
}

// selected returns the first field of the variable that n mentions.
func selected(n ast.Node, variable string) (field string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok && field == "" && typeName(selector.X) == variable {
			field = selector.Sel.Name
		}
		return field == ""
	})
	return field
}

// subject is the type of what a function writes or reads, its first parameter.
func subject(f *ast.FuncDecl) ast.Expr {
	t := f.Type.Params.List[0].Type
	for {
		star, ok := t.(*ast.StarExpr)
		if !ok {
			return t
		}
		t = star.X
	}
}

// typeName returns "X" or "types.X" for a named type, else "".
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if of := typeName(e.X); of != "" {
			return of + "." + e.Sel.Name
		}
	}
	return ""
}
