package stack_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"secondwind/account/stack"
)

// shared is the file that Terraform reads too.
var shared = filepath.Join("..", "..", "terraform", "scaling.auto.tfvars.json")

func defaults(t testing.TB) stack.ScalingVariables {
	t.Helper()
	v, err := stack.ReadScalingVariables(t.Context(), shared, stack.ScalingVariables{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheSharedVariablesAreReadWhole(t *testing.T) {
	v := defaults(t)
	if v.CPUThreshold != 20 || v.MinSize != 1 || v.MaxSize != 2 || v.Policy != stack.PolicyStep || v.HealthCheckPath != "/healthz" {
		t.Errorf("ReadScalingVariables(%s) = %+v, want threshold 20, 1 to 2 instances, a step policy, /healthz", shared, v)
	}
	data, err := os.ReadFile(shared)
	if err != nil {
		t.Fatal(err)
	}
	for i := range reflect.TypeFor[stack.ScalingVariables]().NumField() {
		key := reflect.TypeFor[stack.ScalingVariables]().Field(i).Tag.Get("json")
		if !strings.Contains(string(data), `"`+key+`":`) {
			t.Errorf("%s has no %s, which has no other default", shared, key)
		}
	}
}

func TestAKeyThatIsLeftOutKeepsItsDefault(t *testing.T) {
	want := defaults(t)
	for name, text := range map[string]string{"no key": "{}", "a byte order mark": "\ufeff{}\r\n"} {
		if got, err := stack.ParseScalingVariables([]byte(text), want); err != nil || got != want {
			t.Errorf("%s: ParseScalingVariables() = %+v, %v, want %+v", name, got, err, want)
		}
	}
	want.MaxSize, want.CPUThreshold = 5, 60
	if got, err := stack.ParseScalingVariables([]byte(`{"max_size": 5, "cpu_threshold": 60}`), defaults(t)); err != nil || got != want {
		t.Errorf("two keys: ParseScalingVariables() = %+v, %v, want %+v", got, err, want)
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scalling.json")
	_, err := stack.ReadScalingVariables(t.Context(), path, defaults(t))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("ReadScalingVariables() = %v, want that %s does not exist", err, path)
	}
}

func TestBadVariablesAreRefusedByName(t *testing.T) {
	data, err := os.ReadFile(shared)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, test := range map[string]struct{ from, to, want string }{
		"an unknown key": {`"cpu_threshold"`, `"cpu_treshold"`,
			`cpu_treshold: unknown key; did you mean "cpu_threshold"?`},
		"a key twice":                 {`"max_size": 2,`, `"max_size": 2, "max_size": 3,`, "max_size: given twice"},
		"a null":                      {`"max_size": 2`, `"max_size": null`, "max_size: null"},
		"half an instance":            {`"max_size": 2`, `"max_size": 1.5`, "max_size: is 1.5; give a whole number"},
		"a text for a number":         {`"cpu_threshold": 20`, `"cpu_threshold": "20"`, `cpu_threshold: is "20"; give a number`},
		"a threshold of 100 percent":  {`"cpu_threshold": 20`, `"cpu_threshold": 100`, "cpu_threshold: is 100; give 1 to 99 percent"},
		"a threshold of 0":            {`"cpu_threshold": 20`, `"cpu_threshold": 0`, "cpu_threshold: is 0; give 1 to 99 percent"},
		"a maximum below the minimum": {`"max_size": 2`, `"max_size": 0`, "max_size: is 0; give at least min_size (1)"},
		"desired out of bounds": {`"desired_capacity": 1`, `"desired_capacity": 3`,
			"desired_capacity: is 3; give min_size (1) to max_size (2)"},
		"scaling in above scaling out":  {`"scale_in_cpu_threshold": 8`, `"scale_in_cpu_threshold": 25`, "scale_in_cpu_threshold: is 25; give"},
		"a policy that is none":         {`"step"`, `"stairs"`, `policy: is "stairs"; give`},
		"a period of 90 s":              {`"alarm_period": 60`, `"alarm_period": 90`, "alarm_period: is 90; give"},
		"more datapoints than periods":  {`"datapoints_to_alarm": 1`, `"datapoints_to_alarm": 2`, "datapoints_to_alarm: is 2; give"},
		"a timeout beyond the interval": {`"health_check_timeout": 2`, `"health_check_timeout": 5`, "health_check_timeout: is 5; give"},
		"a list":                        {good, `[]`, "line 1: this is a JSON array; give an object in {}"},
		"nothing":                       {good, ``, "the file is empty"},
		"UTF-16 text":                   {good, "\xff\xfe{\x00}\x00", "this is UTF-16 text"},
		"two objects":                   {good, good + "{}", "more than one JSON value"},
		"a bracket too many":            {good, good + "}", "more than one JSON value"},
		"a cut file":                    {good, good[:40], "not valid JSON"},
		"null":                          {good, "null", "give an object in {}"},
		"no JSON at all": {good,
			"cpu: 5\n", "line 1, column 1: not valid JSON: 'c' is unexpected here"},
		"a comma too many": {good, "{\n  \"max_size\": 2,\n}", "line 3, column 1: not valid JSON: '}' is unexpected here"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, test.from, test.to, 1)
			if text == good {
				t.Fatalf("the shared file has no %s any more", test.from)
			}
			path := filepath.Join(t.TempDir(), "variables.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := stack.ReadScalingVariables(t.Context(), path, defaults(t))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("ReadScalingVariables() = %v, want the file's name and …%q…", err, test.want)
			}
		})
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	_, err := stack.ParseScalingVariables([]byte(`{"min_size": "one", "max_size": null, "colour": 1}`), defaults(t))
	for _, want := range []string{"min_size: ", "max_size: null", "colour: unknown key"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseScalingVariables() = %v, want …%q… in it", err, want)
		}
	}
}

// TestEachFaultHasALineThatNamesTheFile includes that nothing is held against a
// value that is itself at fault.
func TestEachFaultHasALineThatNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "variables.json")
	for text, keys := range map[string][]string{
		`{"cpu_threshold": 0}`:                        {"cpu_threshold"},
		`{"min_size": -1, "max_size": -3}`:            {"min_size"},
		`{"max_size": 0, "desired_capacity": -1}`:     {"max_size"},
		`{"evaluation_periods": 0}`:                   {"evaluation_periods"},
		`{"health_check_interval": 0}`:                {"health_check_interval"},
		`{"cpu_threshold": 0, "alarm_period": 0}`:     {"cpu_threshold", "alarm_period"},
		`{"maxsize": 1, "mincize": 1, "policy": 1}`:   {"policy", "maxsize", "mincize"},
		`{"min_size": null, "cooldown": "a short 1"}`: {"min_size", "cooldown"},
		`{"min_size": "one", "max_size": 0, "policy": 1, "colour": 2, "cooldown": -1, "cpu_threshold": 4, "scale_in_cpu_threshold": 9}`: {
			"min_size", "policy", "colour", "cooldown", "scale_in_cpu_threshold",
		},
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := stack.ReadScalingVariables(t.Context(), path, defaults(t))
		if err == nil {
			t.Errorf("%s: no error, want faults of %v", text, keys)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(keys) {
			t.Errorf("%s: %q, want faults of %v", text, lines, keys)
			continue
		}
		for i, key := range keys {
			if !strings.HasPrefix(lines[i], path+": "+key+": ") {
				t.Errorf("%s: %q, want %s and %s", text, lines[i], path, key)
			}
		}
	}
}

func FuzzParseScalingVariables(f *testing.F) {
	data, err := os.ReadFile(shared)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"max_size": 1e99}`))
	f.Add([]byte(`{{`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := stack.ParseScalingVariables(data, stack.ScalingVariables{}); err == nil && v.Validate() != nil {
			t.Errorf("ParseScalingVariables(%q) let %+v through", data, v)
		}
	})
}
