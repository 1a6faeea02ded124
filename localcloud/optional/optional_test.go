package optional_test

import (
	"testing"
	"time"

	"secondwind/localcloud/optional"
)

func TestWhatIsLeftOut(t *testing.T) {
	seven := int32(7)
	for name, test := range map[string]struct{ got, want any }{
		"the value":             {optional.Value(&seven), int32(7)},
		"of nothing":            {optional.Value[string](nil), ""},
		"not the default":       {optional.Or(&seven, 3), int32(7)},
		"the default":           {optional.Or(nil, 3), 3},
		"what is not zero":      {*optional.NonZero("x"), "x"},
		"what is":               {optional.NonZero(0) == nil, true},
		"seconds":               {optional.Seconds(&seven), 7 * time.Second},
		"no seconds":            {optional.Seconds(nil), time.Duration(0)},
		"a duration":            {*optional.Duration(&seven), 7 * time.Second},
		"no duration":           {optional.Duration(nil) == nil, true},
		"whole seconds":         {*optional.WholeSeconds(1999 * time.Millisecond), int32(1)},
		"a number":              {*optional.Int(&seven), 7},
		"no number":             {optional.Int(nil) == nil, true},
		"a value that is false": {optional.Or(new(bool), true), false},
	} {
		if test.got != test.want {
			t.Errorf("%s = %v, want %v", name, test.got, test.want)
		}
	}
}
