package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
)

// sdk is the import path of the SDK's EC2 client.
const sdk = "github.com/aws/aws-sdk-go-v2/service/ec2"

// sdkPackage is the client's source, parsed.
type sdkPackage struct {
	version   string
	functions map[string]*ast.FuncDecl   // functions without receiver, by name
	structs   map[string]*ast.StructType // by "types.X" or "X"
}

// openPackage finds the client's source in the module cache and parses it.
func openPackage(operations []string) (*sdkPackage, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}\n{{.Version}}", sdk).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || dir == "" {
		return nil, fmt.Errorf("find module %s (run go mod download): %w", sdk, err)
	}
	return parsePackage(version, dir, operations)
}

// parsePackage parses what the operations need of the package in dir.
func parsePackage(version, dir string, operations []string) (*sdkPackage, error) {
	p := &sdkPackage{version: version, functions: map[string]*ast.FuncDecl{}, structs: map[string]*ast.StructType{}}
	files := []string{"serializers.go", "deserializers.go", "types/types.go"}
	for _, operation := range operations {
		files = append(files, "api_op_"+operation+".go")
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.add(file)
	}
	return p, nil
}

// add notes the declarations of one file.
func (p *sdkPackage) add(file *ast.File) {
	prefix := ""
	if file.Name.Name == "types" {
		prefix = "types."
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.functions[d.Name.Name] = d
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				named, _ := spec.(*ast.TypeSpec)
				if named == nil {
					continue
				}
				if syntax, ok := named.Type.(*ast.StructType); ok {
					p.structs[prefix+named.Name.Name] = syntax
				}
			}
		}
	}
}

// fields are what goes over the wire of a struct: exported, named, and not the
// metadata that the SDK adds to every Output.
func (p *sdkPackage) fields(structure string) ([]*ast.Field, error) {
	declared, ok := p.structs[structure]
	if !ok {
		return nil, fmt.Errorf("struct %s is not declared", structure)
	}
	var fields []*ast.Field
	for _, f := range declared.Fields.List {
		if len(f.Names) == 1 && f.Names[0].IsExported() && f.Names[0].Name != "ResultMetadata" {
			fields = append(fields, f)
		}
	}
	return fields, nil
}
