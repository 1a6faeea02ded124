package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
)

// ScalingVariables are the numbers of terraform/scaling.auto.tfvars.json. Durations are
// in seconds, CPU is in percent.
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

// ReadScalingVariables reads a file of numbers. Its error names the file and every fault:
// unknown, missing and doubled keys, wrong types, values out of range.
func ReadScalingVariables(path string) (ScalingVariables, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return ScalingVariables{}, fmt.Errorf("read the scaling numbers: %w", err)
	}
	n, err := ParseScalingVariables(data)
	if err != nil {
		return ScalingVariables{}, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

// ParseScalingVariables reads the contents of a file of numbers; see ReadScalingVariables.
func ParseScalingVariables(data []byte) (ScalingVariables, error) {
	members, err := membersOf(data)
	if err != nil {
		return ScalingVariables{}, err
	}
	var n ScalingVariables
	var faults []error
	fields := reflect.ValueOf(&n).Elem()
	for i := range fields.NumField() {
		key := fields.Type().Field(i).Tag.Get("json")
		raw, ok := members[key]
		delete(members, key)
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("%s: missing; add \"%s\": …", key, key))
		case string(raw) == "null":
			faults = append(faults, fmt.Errorf("%s: null; it needs a value", key))
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
	return n, n.Validate()
}

// wanted says in words what a key of a kind takes.
var wanted = map[reflect.Kind]string{
	reflect.Float64: "a number", reflect.Int: "a whole number", reflect.String: "a text in quotes",
}

// membersOf splits a JSON object into its members, and refuses a key that comes
// twice: encoding/json would silently take the last.
func membersOf(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("not a JSON object: it must begin with {")
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
	if d.More() {
		return nil, fmt.Errorf("more than one JSON value: the file must end after the closing }")
	}
	return members, nil
}

// Validate reports every number that AWS would refuse or that makes no proof.
func (n ScalingVariables) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(n.CPUThreshold >= 1 && n.CPUThreshold <= 99, "cpu_threshold: %g is not between 1 and 99 percent", n.CPUThreshold)
	check(n.ScaleInCPUThreshold >= 0 && n.ScaleInCPUThreshold < n.CPUThreshold, "scale_in_cpu_threshold: %g is not between 0 and cpu_threshold (%g): the group would scale out and in again without end", n.ScaleInCPUThreshold, n.CPUThreshold)
	check(n.MinSize >= 0, "min_size: %d is negative", n.MinSize)
	check(n.MaxSize >= n.MinSize, "max_size: %d is less than min_size (%d)", n.MaxSize, n.MinSize)
	check(n.DesiredCapacity >= n.MinSize && n.DesiredCapacity <= n.MaxSize, "desired_capacity: %d is not between min_size (%d) and max_size (%d)", n.DesiredCapacity, n.MinSize, n.MaxSize)
	check(slices.Contains([]string{PolicyStep, PolicySimple, PolicyTargetTracking}, n.Policy), "policy: %q is not step, simple or target_tracking", n.Policy)
	check(n.AlarmPeriod >= 60 && n.AlarmPeriod%60 == 0, "alarm_period: %d is not a multiple of 60 seconds", n.AlarmPeriod)
	check(n.EvaluationPeriods >= 1, "evaluation_periods: %d is less than 1", n.EvaluationPeriods)
	check(n.DatapointsToAlarm >= 1 && n.DatapointsToAlarm <= n.EvaluationPeriods, "datapoints_to_alarm: %d is not between 1 and evaluation_periods (%d)", n.DatapointsToAlarm, n.EvaluationPeriods)
	check(n.InstanceWarmup >= 0, "instance_warmup: %d is negative", n.InstanceWarmup)
	check(n.Cooldown >= 0, "cooldown: %d is negative", n.Cooldown)
	check(strings.Contains(n.InstanceType, "."), "instance_type: %q is not an instance type such as t2.micro", n.InstanceType)
	check(strings.HasPrefix(n.HealthCheckPath, "/"), "health_check_path: %q does not begin with /", n.HealthCheckPath)
	check(n.HealthCheckInterval >= 5 && n.HealthCheckInterval <= 300, "health_check_interval: %d is not between 5 and 300 seconds", n.HealthCheckInterval)
	check(n.HealthCheckTimeout >= 2 && n.HealthCheckTimeout < n.HealthCheckInterval, "health_check_timeout: %d is not between 2 seconds and health_check_interval (%d)", n.HealthCheckTimeout, n.HealthCheckInterval)
	check(n.HealthyThreshold >= 2 && n.HealthyThreshold <= 10, "healthy_threshold: %d is not between 2 and 10", n.HealthyThreshold)
	check(n.UnhealthyThreshold >= 2 && n.UnhealthyThreshold <= 10, "unhealthy_threshold: %d is not between 2 and 10", n.UnhealthyThreshold)
	check(n.HealthCheckGracePeriod >= 0, "health_check_grace_period: %d is negative", n.HealthCheckGracePeriod)
	check(n.DeregistrationDelay >= 0 && n.DeregistrationDelay <= 3600, "deregistration_delay: %d is not between 0 and 3600 seconds", n.DeregistrationDelay)
	return errors.Join(faults...)
}

// scaled is a number of seconds that counts in metric periods of 60 s, in a cloud
// that publishes every period. Everything else (health checks, draining, grace)
// is the same in every cloud.
func scaled(n int, period time.Duration) int32 {
	return int32(time.Duration(n) * period / time.Minute)
}
