package main

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

func TestLongLinesAreReportedButForWhatCannotBeBroken(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), lineLength, "lines")
}
