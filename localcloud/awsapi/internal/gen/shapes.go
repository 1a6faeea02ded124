package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/printer"
	"go/token"
	"io"
	"maps"
	"slices"
)

// writeShapes writes the Input and Output structs of the operations as a Go file.
func writeShapes(w io.Writer, p *sdkPackage, operations []string, packageName string) error {
	var body bytes.Buffer
	imports := make(map[string]bool)
	total := 0
	for _, operation := range operations {
		for _, half := range []struct{ suffix, doc string }{{"Input", "request"}, {"Output", "answer"}} {
			name := operation + half.suffix
			declared, ok := p.structs[name]
			if !ok {
				return fmt.Errorf("struct %s is not declared", name)
			}
			total += len(declared.fields)
			fmt.Fprintf(&body, "// %s is the %s of %s.\ntype %s struct {\n", name, half.doc, operation, name)
			if err := writeFields(&body, declared.syntax, imports); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			body.WriteString("}\n\n")
		}
	}
	if total == 0 {
		return errors.New("no field was found")
	}
	return writeFile(w, p, packageName, imports, body.Bytes())
}

// writeFile writes a Go file with its imports.
func writeFile(w io.Writer, p *sdkPackage, packageName string, imports map[string]bool, body []byte) error {
	var file bytes.Buffer
	header(&file, p)
	fmt.Fprintf(&file, "package %s\n\nimport (\n", packageName)
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		path, ok := p.imports[name]
		if !ok {
			return fmt.Errorf("a field uses package %s, which is not imported", name)
		}
		fmt.Fprintf(&file, "%q\n", path)
	}
	file.WriteString(")\n\n")
	file.Write(body)
	formatted, err := format.Source(file.Bytes())
	if err != nil {
		return err
	}
	_, err = w.Write(formatted)
	return err
}

// writeFields writes the exported fields and notes the packages they need.
func writeFields(w io.Writer, syntax *ast.StructType, imports map[string]bool) error {
	for _, field := range syntax.Fields.List {
		if len(field.Names) != 1 || !field.Names[0].IsExported() || field.Names[0].Name == "ResultMetadata" {
			continue
		}
		fmt.Fprintf(w, "%s ", field.Names[0].Name)
		if err := printer.Fprint(w, token.NewFileSet(), field.Type); err != nil {
			return err
		}
		fmt.Fprintln(w)
		ast.Inspect(field.Type, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				imports[selector.X.(*ast.Ident).Name] = true
			}
			return true
		})
	}
	return nil
}
