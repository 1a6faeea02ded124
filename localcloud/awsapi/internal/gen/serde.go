package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// readSerdeNames reads names from serializers.go and deserializers.go, starting
// at the documents of the operations and following the calls.
func readSerdeNames(p *sdkPackage, operations []string) (nameTable, error) {
	r := &serdeReader{p: p, table: make(nameTable), done: make(map[string]bool)}
	for _, operation := range operations {
		for _, side := range []struct{ verb, suffix string }{{"_serialize", "Input"}, {"_deserialize", "Output"}} {
			structure := operation + side.suffix
			root := r.find(side.verb + "OpDocument" + structure)
			if root != "" {
				if err := r.follow(root); err != nil {
					return nil, err
				}
				continue
			}
			if err := p.requireFields(structure, nil); err != nil {
				return nil, err
			}
		}
	}
	return r.table, nil
}

// serdeReader walks (de)serializer functions and collects names.
type serdeReader struct {
	p     *sdkPackage
	table nameTable
	done  map[string]bool
}

// find returns the function with that suffix, whatever protocol prefix it has.
func (r *serdeReader) find(suffix string) string {
	for _, protocol := range []string{"awsAwsquery", "awsEc2query"} {
		if _, ok := r.p.functions[protocol+suffix]; ok {
			return protocol + suffix
		}
	}
	return ""
}

// follow reads a function of a structure, a list or a map and all it calls.
func (r *serdeReader) follow(name string) error {
	if r.done[name] {
		return nil
	}
	r.done[name] = true
	f, ok := r.p.functions[name]
	if !ok {
		return fmt.Errorf("function %s is called but not declared", name)
	}
	subject := f.Type.Params.List[0].Type
	for {
		star, ok := subject.(*ast.StarExpr)
		if !ok {
			break
		}
		subject = star.X
	}
	if structure := typeName(subject); structure != "" {
		if err := r.readStructure(structure, f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, ok := subject.(*ast.MapType); ok {
		if err := checkMap(f); err != nil {
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
func (r *serdeReader) readStructure(structure string, f *ast.FuncDecl) error {
	found := make(map[string]bool)
	var failure error
	ast.Inspect(f.Body, func(n ast.Node) bool {
		field, names, ok, err := r.member(n)
		if err != nil && failure == nil {
			failure = err
		}
		if ok {
			found[field] = true
			r.table.add(structure, field, names)
		}
		return true
	})
	if failure != nil {
		return failure
	}
	return r.p.requireFields(structure, found)
}

// member recognizes the two forms in which a member's name is written:
//
//	objectKey := object.Key("Name") … v.Field            (in a block)
//	case strings.EqualFold("name", t.Name.Local): … sv.Field
func (r *serdeReader) member(n ast.Node) (field string, names memberNames, ok bool, err error) {
	switch n := n.(type) {
	case *ast.BlockStmt:
		method, key := objectKey(n)
		if key == "" {
			return "", names, false, nil
		}
		names.Request = key
		field = selected(n, "v")
		names.RequestElement, err = r.element(n, "")
		if flat := method == "FlatKey"; err == nil && names.RequestElement != "" && flat != (r.p.service == "ec2") {
			err = fmt.Errorf("the list %q is written with %s: lists are flat in EC2 and nowhere else", key, method)
		}
	case *ast.CaseClause:
		key := equalFold(n)
		if key == "" {
			return "", names, false, nil
		}
		names.Response = key
		field = selected(n, "sv")
		names.ResponseElement, err = r.element(n, "")
	default:
		return "", names, false, nil
	}
	if field == "" && err == nil {
		err = fmt.Errorf("no field belongs to the name %q", names.Request+names.Response)
	}
	return field, names, field != "", err
}

// element returns the name of the list elements, if the node calls a list's
// function. Lists of lists must follow the rule, because the table has no room
// for a second name.
func (r *serdeReader) element(n ast.Node, outer string) (string, error) {
	for _, callee := range callees(n) {
		f := r.p.functions[callee]
		if f == nil {
			return "", fmt.Errorf("function %s is called but not declared", callee)
		}
		if strings.HasSuffix(callee, "Unwrapped") {
			return "", fmt.Errorf("%s: flat lists in XML are not supported", callee)
		}
		name := listElement(f)
		if name == "" {
			continue
		}
		if outer != "" && name != outer {
			return "", fmt.Errorf("%s: a list of lists with the element names %q and %q", callee, outer, name)
		}
		if _, err := r.element(f.Body, name); err != nil {
			return "", err
		}
		return name, nil
	}
	return "", nil
}

// objectKey returns the method and argument of the block's own
// `objectKey := object.Key("Name")`.
func objectKey(block *ast.BlockStmt) (method, key string) {
	for _, statement := range block.List {
		assign, ok := statement.(*ast.AssignStmt)
		if !ok || assign.Tok != token.DEFINE || len(assign.Rhs) != 1 {
			continue
		}
		call, ok := assign.Rhs[0].(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			continue
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if ok && (selector.Sel.Name == "Key" || selector.Sel.Name == "FlatKey") {
			return selector.Sel.Name, text(call.Args[0])
		}
	}
	return "", ""
}

// equalFold returns the name that a case compares with.
func equalFold(clause *ast.CaseClause) string {
	if len(clause.List) != 1 {
		return ""
	}
	call, ok := clause.List[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return ""
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "EqualFold" {
		return ""
	}
	return text(call.Args[0])
}

// listElement returns the element name that a list's function uses, or "" if f
// is not the function of a list.
func listElement(f *ast.FuncDecl) (name string) {
	subject := f.Type.Params.List[0].Type
	if star, ok := subject.(*ast.StarExpr); ok {
		subject = star.X
	}
	if _, ok := subject.(*ast.ArrayType); !ok {
		return ""
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CaseClause:
			if name == "" {
				name = equalFold(n)
			}
		case *ast.CallExpr:
			if selector, ok := n.Fun.(*ast.SelectorExpr); ok && selector.Sel.Name == "Array" {
				name = text(n.Args[0])
			}
		}
		return true
	})
	return name
}

// checkMap reports a map whose entries are not entry, key and value.
func checkMap(f *ast.FuncDecl) (err error) {
	rule := []string{"entry", "key", "value"}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CaseClause:
			if name := equalFold(n); name != "" && !slices.Contains(rule, name) {
				err = fmt.Errorf("a map entry is named %q", name)
			}
		case *ast.CallExpr:
			selector, ok := n.Fun.(*ast.SelectorExpr)
			if ok && selector.Sel.Name == "Map" && (text(n.Args[0]) != "key" || text(n.Args[1]) != "value") {
				err = fmt.Errorf("a map's entries are named %s and %s", text(n.Args[0]), text(n.Args[1]))
			}
		}
		return true
	})
	return err
}

// callees are the (de)serializer functions that n calls, in order.
func callees(n ast.Node) (names []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, ok := call.Fun.(*ast.Ident)
		if ok && strings.Contains(name.Name, "erializeDocument") {
			names = append(names, name.Name)
		}
		return true
	})
	return names
}

// selected returns the first field of the variable that n mentions.
func selected(n ast.Node, variable string) (field string) {
	ast.Inspect(n, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok || field != "" {
			return field == ""
		}
		if name, ok := selector.X.(*ast.Ident); ok && name.Name == variable {
			field = selector.Sel.Name
		}
		return true
	})
	return field
}

// typeName returns "X" or "types.X" for a named type that is a structure, else "".
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.X.(*ast.Ident).Name + "." + e.Sel.Name
	}
	return ""
}

// text returns the value of a string literal, or "".
func text(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return s
}
