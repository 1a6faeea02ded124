//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package generator

import "time"

func cpuTime() (time.Duration, bool) { return 0, false }
func openFiles() int                 { return 0 }
func fileLimit() int                 { return 0 }
