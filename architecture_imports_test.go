package secondwind_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A violation is a rule that a file breaks.
type violation struct {
	rule rule
	file string
	what string
}

func (v violation) String() string {
	return fmt.Sprintf("%s: %s\n\trule:   %s\n\treason: %s", v.file, v.what, v.rule.name, v.rule.why)
}

// A source is a Go file, parsed.
type source struct {
	name, folder string
	test         bool
	ast          *ast.File
	imports      []imported
}

// parse parses every Go file below root, whatever its build tags. No subprocess
// is asked, so that a broken rule cannot hide behind a cached answer.
func parse(root fs.FS, module string) (sources []source, err error) {
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && ignored(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{name: name, folder: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), ast: file}
		for _, spec := range file.Imports {
			s.imports = append(s.imports, read(spec, module))
		}
		sources = append(sources, s)
		return nil
	})
	return sources, err
}

// violations returns what breaks a rule.
func violations(root fs.FS, module string) (found []violation, files int, err error) {
	sources, err := parse(root, module)
	graph := map[string][]imported{} // what each of our packages imports, without its tests
	for _, s := range sources {
		if !s.test {
			graph[s.folder] = append(graph[s.folder], s.imports...)
		}
	}
	for _, s := range sources {
		found = append(found, judge(s, graph)...)
	}
	return found, len(sources), err
}

// ignored are the folders that the go command leaves out too.
func ignored(folder string) bool {
	return folder == "testdata" || folder == "vendor" || strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

// judge returns the rules that one file breaks.
func judge(s source, graph map[string][]imported) []violation {
	if s.folder == "." && s.test {
		return nil // the tests at the root join the parts
	}
	var found []violation
	for _, r := range rules {
		driver := s.test && r.driven && strings.HasSuffix(s.ast.Name.Name, "_test")
		if !r.covers(s.folder) || s.test && !r.tests || driver {
			continue
		}
		if r.forbids != nil {
			for _, what := range r.broken(s, graph) {
				found = append(found, violation{r, s.name, what})
			}
		}
		for _, call := range timeUses(s.ast, r.calls) {
			found = append(found, violation{r, s.name, "uses time." + call})
		}
	}
	return found
}

func (r rule) covers(folder string) bool { return below(folder, r.in) && !below(folder, r.not) }

// broken returns the forbidden packages that a file imports, or that it reaches
// through packages that have a rule of their own, with the way to each.
func (r rule) broken(s source, graph map[string][]imported) (found []string) {
	seen := map[string]bool{}
	var follow func(imports []imported, way string, allowed []string)
	follow = func(imports []imported, way string, allowed []string) {
		for _, i := range imports {
			if way != "" && seen[i.path] {
				continue
			}
			seen[i.path] = true
			switch {
			case r.forbids(i) && !below(i.path, allowed):
				found = append(found, way+"imports "+i.path)
			case i.own && !r.covers(i.path):
				follow(graph[i.path], way+"imports "+i.path+", which ", r.through)
			}
		}
	}
	follow(s.imports, "", nil)
	return found
}

func read(spec *ast.ImportSpec, module string) imported {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		panic(err) // the parser has read it
	}
	if rest, own := strings.CutPrefix(name, module+"/"); own || name == module {
		return imported{path: rest, own: true}
	}
	first, _, _ := strings.Cut(name, "/")
	return imported{path: name, standard: !strings.Contains(first, ".")}
}

// timeUses returns which of the functions of package time the file mentions,
// under whatever name it imports the package.
func timeUses(file *ast.File, functions []string) []string {
	if len(functions) == 0 {
		return nil
	}
	local := ""
	for _, spec := range file.Imports {
		if spec.Path.Value != `"time"` {
			continue
		}
		if local = "time"; spec.Name != nil {
			local = spec.Name.Name
		}
	}
	var used []string
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := selector.X.(*ast.Ident); ok && local != "" && x.Name == local && slices.Contains(functions, selector.Sel.Name) {
			used = append(used, selector.Sel.Name)
		}
		return true
	})
	return used
}
