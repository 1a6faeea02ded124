//go:build !linux

package runlog_test

import (
	"os"
	"testing"
)

func replaceFile(*testing.T, string, *os.File) (restore func()) { return func() {} }
