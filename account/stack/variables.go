package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"secondwind/textfile"
)

// ScalingVariables are the variables of terraform/scaling.auto.tfvars.json.
// Durations are in seconds, CPU is in percent.
type ScalingVariables struct {
	CPUThreshold           float64 `json:"cpu_threshold"`          // scale out above
	ScaleInCPUThreshold    float64 `json:"scale_in_cpu_threshold"` // scale in below
	MinSize                int     `json:"min_size"`
	DesiredCapacity        int     `json:"desired_capacity"`
	MaxSize                int     `json:"max_size"`
	Policy                 string  `json:"policy"`       // step | simple | target_tracking
	AlarmPeriod            int     `json:"alarm_period"` // of metrics published every 60 s
	EvaluationPeriods      int     `json:"evaluation_periods"`
	DatapointsToAlarm      int     `json:"datapoints_to_alarm"`
	InstanceWarmup         int     `json:"instance_warmup"` // of metrics published every 60 s
	Cooldown               int     `json:"cooldown"`        // of metrics published every 60 s
	InstanceType           string  `json:"instance_type"`
	HealthCheckPath        string  `json:"health_check_path"`
	HealthCheckInterval    int     `json:"health_check_interval"`
	HealthCheckTimeout     int     `json:"health_check_timeout"`
	HealthyThreshold       int     `json:"healthy_threshold"`
	UnhealthyThreshold     int     `json:"unhealthy_threshold"`
	HealthCheckGracePeriod int     `json:"health_check_grace_period"`
	DeregistrationDelay    int     `json:"deregistration_delay"`
}

// The kinds of scale-out policy.
const (
	PolicyStep           = "step"
	PolicySimple         = "simple"
	PolicyTargetTracking = "target_tracking"
)

// ReadScalingVariables reads a file of scaling variables. A key that it does not
// have keeps its value in defaults. The error names the file and every fault:
// unknown and doubled keys, wrong types, values out of range.
func ReadScalingVariables(path string, defaults ScalingVariables) (ScalingVariables, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return ScalingVariables{}, fmt.Errorf("read the scaling variables: %w", err)
	}
	v, err := ParseScalingVariables(data, defaults)
	if err != nil {
		return ScalingVariables{}, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// ParseScalingVariables reads the contents of such a file; see ReadScalingVariables.
func ParseScalingVariables(data []byte, defaults ScalingVariables) (ScalingVariables, error) {
	members, err := membersOf(data)
	if err != nil {
		return ScalingVariables{}, err
	}
	v := defaults
	var faults []error
	fields := reflect.ValueOf(&v).Elem()
	for i := range fields.NumField() {
		key := fields.Type().Field(i).Tag.Get("json")
		raw, ok := members[key]
		delete(members, key)
		switch {
		case !ok:
		case string(raw) == "null":
			faults = append(faults, fmt.Errorf("%s: null; give it a value, or leave the key out", key))
		default:
			if err := json.Unmarshal(raw, fields.Field(i).Addr().Interface()); err != nil {
				faults = append(faults, fmt.Errorf("%s: %s is not %s", key, raw, wanted[fields.Field(i).Kind()]))
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		faults = append(faults, fmt.Errorf("%s: unknown key; remove it or correct its name", key))
	}
	if len(faults) > 0 {
		return ScalingVariables{}, errors.Join(faults...)
	}
	return v, v.Validate()
}

// wanted is what a key of a kind takes.
var wanted = map[reflect.Kind]string{
	reflect.Float64: "a number", reflect.Int: "a whole number", reflect.String: "a text in quotes",
}

// membersOf splits a JSON object into its members, and refuses a key that comes
// twice: encoding/json would silently take the last.
func membersOf(data []byte) (map[string]json.RawMessage, error) {
	text, err := textfile.UTF8(data)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not a JSON object: it must begin with {; {} keeps every default")
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not valid JSON at byte %d: %w", d.InputOffset(), err)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, fmt.Errorf("not valid JSON after %q: %w", key, err)
		}
		name := key.(string) // a key of an object is always a string
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("%s: given twice; keep one", name)
		}
		members[name] = raw
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not valid JSON at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value: the file must end after the closing }")
	}
	return members, nil
}

// Validate reports every variable that AWS would refuse, or with which nothing can
// be proved.
func (v ScalingVariables) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	within := func(key string, value, low, high int, unit string) {
		check(value >= low && value <= high, "%s: %d is not between %d and %d%s", key, value, low, high, unit)
	}
	notNegative := func(key string, value int) { check(value >= 0, "%s: %d is negative", key, value) }
	check(v.CPUThreshold >= 1 && v.CPUThreshold <= 99, "cpu_threshold: %g is not between 1 and 99 percent", v.CPUThreshold)
	check(v.ScaleInCPUThreshold >= 0 && v.ScaleInCPUThreshold < v.CPUThreshold,
		"scale_in_cpu_threshold: %g is not between 0 and cpu_threshold (%g): the group would scale out and in again without end",
		v.ScaleInCPUThreshold, v.CPUThreshold)
	notNegative("min_size", v.MinSize)
	check(v.MaxSize >= v.MinSize, "max_size: %d is less than min_size (%d)", v.MaxSize, v.MinSize)
	check(v.DesiredCapacity >= v.MinSize && v.DesiredCapacity <= v.MaxSize,
		"desired_capacity: %d is not between min_size (%d) and max_size (%d)", v.DesiredCapacity, v.MinSize, v.MaxSize)
	check(slices.Contains([]string{PolicyStep, PolicySimple, PolicyTargetTracking}, v.Policy),
		"policy: %q is not step, simple or target_tracking", v.Policy)
	check(v.AlarmPeriod >= 60 && v.AlarmPeriod%60 == 0, "alarm_period: %d is not a multiple of 60 seconds", v.AlarmPeriod)
	check(v.EvaluationPeriods >= 1, "evaluation_periods: %d is less than 1", v.EvaluationPeriods)
	check(v.DatapointsToAlarm >= 1 && v.DatapointsToAlarm <= v.EvaluationPeriods,
		"datapoints_to_alarm: %d is not between 1 and evaluation_periods (%d)", v.DatapointsToAlarm, v.EvaluationPeriods)
	notNegative("instance_warmup", v.InstanceWarmup)
	notNegative("cooldown", v.Cooldown)
	check(strings.Contains(v.InstanceType, "."), "instance_type: %q is not an instance type such as t2.micro", v.InstanceType)
	check(strings.HasPrefix(v.HealthCheckPath, "/"), "health_check_path: %q does not begin with /", v.HealthCheckPath)
	within("health_check_interval", v.HealthCheckInterval, 5, 300, " seconds")
	check(v.HealthCheckTimeout >= 2 && v.HealthCheckTimeout < v.HealthCheckInterval,
		"health_check_timeout: %d is not between 2 seconds and health_check_interval (%d)", v.HealthCheckTimeout, v.HealthCheckInterval)
	within("healthy_threshold", v.HealthyThreshold, 2, 10, "")
	within("unhealthy_threshold", v.UnhealthyThreshold, 2, 10, "")
	notNegative("health_check_grace_period", v.HealthCheckGracePeriod)
	within("deregistration_delay", v.DeregistrationDelay, 0, 3600, " seconds")
	return errors.Join(faults...)
}

// scaled is a number of seconds that counts in metric periods of 60 s, in a cloud
// that publishes every period. Everything else (health checks, draining, grace)
// is the same in every cloud.
func scaled(n int, period time.Duration) int32 {
	return int32(time.Duration(n) * period / time.Minute)
}
