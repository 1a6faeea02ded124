// Package config checks what the calculator's configurations have in common: in
// every field zero means the default, and less than zero is a mistake.
package config

import (
	"fmt"
	"time"
)

// NotNegative returns an error that names the field if its value is below zero.
func NotNegative[T int | int64 | time.Duration](field string, value T) error {
	if value < 0 {
		return fmt.Errorf("%s is negative: use a positive value, or 0 for the default", field)
	}
	return nil
}
