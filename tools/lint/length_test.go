package main

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

func TestLongLinesAreReported(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), lineLength, "lines")
}
