package main

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

var contextPassed = &analysis.Analyzer{
	Name: "contextpassed",
	Doc:  "reports functions with a context, or a request, that begin another context or call X where XContext takes theirs; not in tests",
	Run:  contextsPassed,
}

func contextsPassed(pass *analysis.Pass) (any, error) {
	for _, file := range pass.Files {
		if !strings.HasSuffix(pass.Fset.File(file.FileStart).Name(), "_test.go") {
			inspectCalls(pass, file, false)
		}
	}
	return nil, nil
}

// inspectCalls looks at the calls in node; has is that the functions around it have a context.
func inspectCalls(pass *analysis.Pass, node ast.Node, has bool) {
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				inspectCalls(pass, n.Body, hasContext(pass, n.Type))
			}
			return false
		case *ast.FuncLit:
			inspectCalls(pass, n.Body, has || hasContext(pass, n.Type))
			return false
		case *ast.CallExpr:
			called := typeutil.StaticCallee(pass.TypesInfo, n)
			if better := withContext(called); has && better != "" {
				pass.Reportf(n.Pos(), "%s is called where there is a context: %s", called.Name(), better)
			}
		}
		return true
	})
}

func hasContext(pass *analysis.Pass, f *ast.FuncType) bool {
	for _, field := range f.Params.List {
		if name := pass.TypesInfo.TypeOf(field.Type).String(); name == "context.Context" || name == "*net/http.Request" {
			return true
		}
	}
	return false
}

// withContext is what to do instead of calling f where there is a context; "": nothing.
func withContext(f *types.Func) string {
	if f == nil || f.Pkg() == nil || f.Pkg().Path() == "log/slog" { // a line's context only adds to it
		return ""
	}
	if f.Pkg().Path() == "context" && (f.Name() == "Background" || f.Name() == "TODO") {
		return "pass it on, without its end if need be (context.WithoutCancel)"
	}
	for _, suffix := range []string{"Context", "WithContext"} {
		var other types.Object
		if recv := f.Signature().Recv(); recv == nil {
			other = f.Pkg().Scope().Lookup(f.Name() + suffix)
		} else {
			other, _, _ = types.LookupFieldOrMethod(recv.Type(), true, f.Pkg(), f.Name()+suffix)
		}
		g, ok := other.(*types.Func)
		if ok && g.Exported() && g.Signature().Params().Len() > 0 && g.Signature().Params().At(0).Type().String() == "context.Context" &&
			types.Identical(g.Signature().Results(), f.Signature().Results()) {
			return "call " + g.Name()
		}
	}
	return ""
}
