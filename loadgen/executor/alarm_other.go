//go:build !linux

package executor

func newAlarm(bool) alarm { return newTimer() }
