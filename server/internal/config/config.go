// Package config holds what the calculator's configurations have in common: in
// every number zero means the default, and less than zero is a mistake.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Field is a number of a configuration. Make it with Number.
type Field struct {
	wrong error // nil: nothing
	fill  func()
}

// Number is the field that value points to; name is for people.
func Number[T int | int64 | time.Duration](name string, value *T, standard T) Field {
	f := Field{fill: func() { *value = cmp.Or(*value, standard) }}
	if *value < 0 {
		f.wrong = fmt.Errorf("%s is negative: use a positive value, or 0 for the default", name)
	}
	return f
}

// Validate returns an error that names every field below zero.
func Validate(fields []Field) error {
	var err error
	for _, f := range fields {
		err = errors.Join(err, f.wrong)
	}
	return err
}

// Fill gives every field that is zero its default.
func Fill(fields []Field) {
	for _, f := range fields {
		f.fill()
	}
}
