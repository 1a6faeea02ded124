package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// sdkPackage is a service package of the SDK, parsed.
type sdkPackage struct {
	service    string
	version    string
	operations []string                 // sorted
	functions  map[string]*ast.FuncDecl // functions without receiver, by name
	methods    map[string]*ast.FuncDecl // methods, by "types.X.Method" or "X.Method"
	structs    map[string]*structDecl   // by "types.X" or "X"
	interfaces map[string]*ast.InterfaceType
	imports    map[string]string // path by the name it is used under in api_op files
}

// structDecl is a struct and the names of its exported fields, in order.
type structDecl struct {
	fields []string
	syntax *ast.StructType
}

// openPackage finds the service's source in the module cache and parses it.
func openPackage(service string) (*sdkPackage, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}\n{{.Version}}", sdk+service).Output()
	if err != nil {
		return nil, fmt.Errorf("find module %s: %w", sdk+service, withStderr(err))
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if dir == "" {
		return nil, fmt.Errorf("module %s is not in the module cache: run go mod download", sdk+service)
	}
	return parsePackage(service, version, dir)
}

// withStderr adds what a command said to its exit error.
func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}

// parsePackage parses the package in dir, its types and its schemas.
func parsePackage(service, version, dir string) (*sdkPackage, error) {
	p := &sdkPackage{
		service: service, version: version,
		functions:  make(map[string]*ast.FuncDecl),
		methods:    make(map[string]*ast.FuncDecl),
		structs:    make(map[string]*structDecl),
		interfaces: make(map[string]*ast.InterfaceType),
		imports:    make(map[string]string),
	}
	for _, pattern := range []string{"api_op_*.go", "*serializers.go", "types/types.go", "schemas/schemas.go"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := p.parseFile(file); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(p.operations)
	if len(p.operations) == 0 {
		return nil, fmt.Errorf("no api_op_*.go in %s", dir)
	}
	return p, nil
}

// parseFile adds the declarations of one file.
func (p *sdkPackage) parseFile(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	prefix := ""
	if file.Name.Name == "types" {
		prefix = "types."
	}
	operation, isOperation := strings.CutPrefix(filepath.Base(path), "api_op_")
	operation = strings.TrimSuffix(operation, ".go")
	if isOperation && !strings.HasSuffix(operation, "_test") {
		p.operations = append(p.operations, operation)
		p.addImports(file)
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			p.addFunction(prefix, d)
		case *ast.GenDecl:
			p.addTypes(prefix, d)
		}
	}
	return nil
}

func (p *sdkPackage) addImports(file *ast.File) {
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		p.imports[name] = path
	}
}

func (p *sdkPackage) addFunction(prefix string, d *ast.FuncDecl) {
	if d.Recv == nil {
		p.functions[d.Name.Name] = d
		return
	}
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	if name, ok := receiver.(*ast.Ident); ok {
		p.methods[prefix+name.Name+"."+d.Name.Name] = d
	}
}

func (p *sdkPackage) addTypes(prefix string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		named, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		switch syntax := named.Type.(type) {
		case *ast.StructType:
			p.structs[prefix+named.Name.Name] = newStructDecl(syntax)
		case *ast.InterfaceType:
			p.interfaces[prefix+named.Name.Name] = syntax
		}
	}
}

// newStructDecl lists the fields that go over the wire: exported, named, and
// not the metadata that the SDK adds to every Output.
func newStructDecl(syntax *ast.StructType) *structDecl {
	s := &structDecl{syntax: syntax}
	for _, field := range syntax.Fields.List {
		for _, name := range field.Names {
			if name.IsExported() && name.Name != "ResultMetadata" {
				s.fields = append(s.fields, name.Name)
			}
		}
	}
	return s
}

// unionNames are the names of the unions, sorted: the interfaces among the
// types, for the service package itself has interfaces for paginators only.
func (p *sdkPackage) unionNames() []string {
	names := slices.Sorted(maps.Keys(p.interfaces))
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "types.") })
}
