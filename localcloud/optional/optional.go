// Package optional reads and writes members that may be left out: the AWS SDK
// has a pointer for each.
package optional

import "time"

// Value is what p points to, or the zero value: callers may leave any member out.
func Value[T any](p *T) T {
	var zero T
	return Or(p, zero)
}

// Or is what p points to, or a default.
func Or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// NonZero is nil for a value that AWS leaves out of an answer when it is not set.
func NonZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// Seconds is a duration that a request gives in seconds; nil is 0.
func Seconds(n *int32) time.Duration { return time.Duration(Value(n)) * time.Second }

// Duration is a duration that a request gives in seconds; nil stays nil.
func Duration(n *int32) *time.Duration {
	if n == nil {
		return nil
	}
	d := Seconds(n)
	return &d
}

// WholeSeconds is a duration as an answer gives it.
func WholeSeconds(d time.Duration) *int32 {
	n := int32(d / time.Second)
	return &n
}

// SecondsOf is a duration as an answer gives it; nil stays nil.
func SecondsOf(d *time.Duration) *int32 {
	if d == nil {
		return nil
	}
	return WholeSeconds(*d)
}

// Int is a number of a request as Go counts; nil stays nil.
func Int(n *int32) *int {
	if n == nil {
		return nil
	}
	v := int(*n)
	return &v
}
