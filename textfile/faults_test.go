package textfile_test

import (
	"errors"
	"reflect"
	"testing"

	"secondwind/textfile"
)

func TestEachFaultNamesTheFile(t *testing.T) {
	one, two, three := errors.New("one"), errors.New("two"), errors.New("three")
	for _, test := range []struct {
		err  error
		want string
	}{
		{one, "f: one"},
		{errors.Join(one, two), "f: one\nf: two"},
		{errors.Join(one, errors.Join(two, three)), "f: one\nf: two\nf: three"},
	} {
		if got := textfile.In("f", test.err); got.Error() != test.want || !errors.Is(got, one) {
			t.Errorf("In(f, %q) = %q, want %q", test.err, got, test.want)
		}
	}
	if err := textfile.In("f", nil); err != nil {
		t.Errorf("In(f, nil) = %v, want nil", err)
	}
}

func TestTheNearestNameIsSuggested(t *testing.T) {
	known := []string{"soak", "sweep", "skip-doctor", "run", "runs"}
	for name, want := range map[string]string{
		"soka": "soak", "SOAK": "soak", "sok": "soak", "skip": "skip-doctor", "runz": "run", "rum": "run",
		"": "", "zzzzzz": "", "x": "", "skipping": "",
	} {
		if got := textfile.Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAnUnknownKeyIsAnsweredWithTheOneThatWasMeant(t *testing.T) {
	type Common struct {
		Users int `yaml:"users,omitempty"`
	}
	type keys struct {
		Band   int `yaml:"band"`
		Rate   int `yaml:"rate"`
		Common `yaml:",inline"`
		Hidden int `yaml:"-"`
	}
	for key, want := range map[string]string{
		"bandd": `unknown key; did you mean "band"?`, "fleet": "unknown key; known here: band, rate, users",
		"user": `unknown key; did you mean "users"?`,
	} {
		if got := textfile.UnknownKey(key, reflect.TypeFor[keys](), "yaml"); got != want {
			t.Errorf("UnknownKey(%q) = %q, want %q", key, got, want)
		}
	}
}
