package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"secondwind/account/stack"
)

// shared is the file that Terraform reads too.
var shared = filepath.Join("..", "..", "terraform", "scaling.auto.tfvars.json")

func TestTheSharedNumbersAreReadWhole(t *testing.T) {
	n, err := stack.ReadScalingVariables(shared)
	if err != nil {
		t.Fatal(err)
	}
	if n.CPUThreshold != 20 || n.MinSize != 1 || n.MaxSize != 2 || n.Policy != stack.PolicyStep || n.HealthCheckPath != "/healthz" {
		t.Errorf("ReadScalingVariables(%s) = %+v, want threshold 20, 1 to 2 instances, a step policy, /healthz", shared, n)
	}
}

func TestBadNumbersAreRefusedByName(t *testing.T) {
	data, err := os.ReadFile(shared)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, test := range map[string]struct{ from, to, want string }{
		"an unknown key":                {`"cpu_threshold"`, `"cpu_treshold"`, "cpu_treshold: unknown key"},
		"a missing key":                 {`"max_size": 2,`, ``, "max_size: missing"},
		"a key twice":                   {`"max_size": 2,`, `"max_size": 2, "max_size": 3,`, "max_size: given twice"},
		"a null":                        {`"max_size": 2`, `"max_size": null`, "max_size: null"},
		"half an instance":              {`"max_size": 2`, `"max_size": 1.5`, "max_size: 1.5 is not a whole number"},
		"a text for a number":           {`"cpu_threshold": 20`, `"cpu_threshold": "20"`, `cpu_threshold: "20" is not a number`},
		"a threshold of 100 percent":    {`"cpu_threshold": 20`, `"cpu_threshold": 100`, "cpu_threshold: 100 is not between 1 and 99"},
		"a threshold of 0":              {`"cpu_threshold": 20`, `"cpu_threshold": 0`, "cpu_threshold: 0 is not between 1 and 99"},
		"a maximum below the minimum":   {`"max_size": 2`, `"max_size": 0`, "max_size: 0 is less than min_size"},
		"desired out of bounds":         {`"desired_capacity": 1`, `"desired_capacity": 3`, "desired_capacity: 3 is not between"},
		"scaling in above scaling out":  {`"scale_in_cpu_threshold": 8`, `"scale_in_cpu_threshold": 25`, "scale_in_cpu_threshold: 25"},
		"a policy that is none":         {`"step"`, `"stairs"`, `policy: "stairs" is not`},
		"a period of 90 s":              {`"alarm_period": 60`, `"alarm_period": 90`, "alarm_period: 90"},
		"more datapoints than periods":  {`"datapoints_to_alarm": 1`, `"datapoints_to_alarm": 2`, "datapoints_to_alarm: 2"},
		"a timeout beyond the interval": {`"health_check_timeout": 2`, `"health_check_timeout": 5`, "health_check_timeout: 5"},
		"a list":                        {good, `[]`, "not a JSON object"},
		"nothing":                       {good, ``, "not a JSON object"},
		"two objects":                   {good, good + "{}", "more than one JSON value"},
		"a cut file":                    {good, good[:40], "not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, test.from, test.to, 1)
			if text == good {
				t.Fatalf("the shared file has no %s any more", test.from)
			}
			path := filepath.Join(t.TempDir(), "numbers.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := stack.ReadScalingVariables(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("ReadScalingVariables() = %v, want the file's name and …%q…", err, test.want)
			}
		})
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	_, err := stack.ParseScalingVariables([]byte(`{"min_size": "one", "colour": 1}`))
	for _, want := range []string{"min_size: ", "colour: unknown key", "cpu_threshold: missing", "deregistration_delay: missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseScalingVariables() = %v, want …%q… in it", err, want)
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
		if n, err := stack.ParseScalingVariables(data); err == nil && n.Validate() != nil {
			t.Errorf("ParseScalingVariables(%q) let %+v through", data, n)
		}
	})
}
