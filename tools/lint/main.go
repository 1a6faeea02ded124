// Command lint is this repository's linter: staticcheck's analyzers, and those of
// the rules that staticcheck has none for, in one pass over the packages. It is a
// module of its own, so that its dependencies are pinned and the product has none
// of them.
//
// A line that must stay as it is says why: //lint:ignore <check> <reason>.
package main

import (
	"os"

	"github.com/nishanths/exhaustive/passes/exhaustive"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/sivchari/containedctx"
	"golang.org/x/tools/go/analysis"
	"honnef.co/go/tools/lintcmd"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

func main() {
	// Only enums of our own: AWS adds values to its own at any time, so that a
	// switch over those needs a default case and no list.
	set(exhaustive.Analyzer, "typeonly", `^secondwind/`)
	set(exhaustive.Analyzer, "d", "false") // a default case does not list a value that is added later
	cmd := lintcmd.NewCommand("lint")
	cmd.ParseFlags(os.Args[1:])
	cmd.AddAnalyzers(simple.Analyzers...)
	cmd.AddAnalyzers(staticcheck.Analyzers...)
	cmd.AddAnalyzers(stylecheck.Analyzers...)
	cmd.AddAnalyzers(unused.Analyzer)
	cmd.AddBareAnalyzers(lineLength, exhaustive.Analyzer, errorlint.NewAnalyzer(), containedctx.Analyzer, contextPassed)
	cmd.Run()
}

func set(a *analysis.Analyzer, flag, value string) {
	if err := a.Flags.Set(flag, value); err != nil {
		panic(err) // the pinned version has the flag
	}
}
