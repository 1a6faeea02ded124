//go:build !linux

package history

import "testing"

// againAsNobody skips: only Linux is known to run a test as another user.
func againAsNobody(t *testing.T) { t.Skip("root may write anywhere: run the tests as another user") }
