package main

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

func TestContextsThatAreNotPassedOnAreReported(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), contextPassed, "contexts")
}
