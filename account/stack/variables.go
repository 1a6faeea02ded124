package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"secondwind/textfile"
)

// ScalingVariables are the variables of terraform/scaling.auto.tfvars.json.
// Durations are in seconds, CPU is in percent.
type ScalingVariables struct {
	CPUThreshold        float64 `json:"cpu_threshold"`          // scale out above
	ScaleInCPUThreshold float64 `json:"scale_in_cpu_threshold"` // scale in below
	MinSize             int     `json:"min_size"`
	DesiredCapacity     int     `json:"desired_capacity"`
	MaxSize             int     `json:"max_size"`
	Policy              string  `json:"policy"` // step | simple | target_tracking
	// ScalingAdjustment is how many instances a step or simple policy adds; it removes one at a time.
	ScalingAdjustment int `json:"scaling_adjustment"`
	// RequestsPerTarget is the target of a target tracking policy, in requests a minute and
	// target; 0: it tracks CPUThreshold.
	RequestsPerTarget      float64 `json:"requests_per_target"`
	AlarmPeriod            int     `json:"alarm_period"` // of metrics published every 60 s
	EvaluationPeriods      int     `json:"evaluation_periods"`
	DatapointsToAlarm      int     `json:"datapoints_to_alarm"`
	InstanceWarmup         int     `json:"instance_warmup"` // of metrics published every 60 s
	Cooldown               int     `json:"cooldown"`        // of metrics published every 60 s
	InstanceType           string  `json:"instance_type"`
	HealthCheckPath        string  `json:"health_check_path"`
	HealthCheckCodes       string  `json:"health_check_codes"` // such as "200" and "200-299,301"
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
func ReadScalingVariables(ctx context.Context, path string, defaults ScalingVariables) (ScalingVariables, error) {
	data, err := textfile.Read(ctx, path)
	if err != nil {
		return defaults, fmt.Errorf("read the scaling variables: %w; name a file that you can read", err)
	}
	v, err := ParseScalingVariables(data, defaults)
	return v, textfile.In(path, err)
}

// ParseScalingVariables reads the contents of such a file; see ReadScalingVariables.
func ParseScalingVariables(data []byte, defaults ScalingVariables) (ScalingVariables, error) {
	var members map[string]json.RawMessage
	if err := textfile.JSON(data, &members); err != nil {
		return defaults, err
	}
	if members == nil {
		return defaults, errors.New("null; give an object in {}: an empty one keeps every default")
	}
	return fromMembers(members, defaults)
}

// ScalingVariablesOf are scaling variables that are given as texts, such as 3 and
// target_tracking, by their names; see ReadScalingVariables.
func ScalingVariablesOf(texts map[string]string, defaults ScalingVariables) (ScalingVariables, error) {
	isText := map[string]bool{}
	for field := range reflect.TypeFor[ScalingVariables]().Fields() {
		isText[field.Tag.Get("json")] = field.Type.Kind() == reflect.String
	}
	members := map[string]json.RawMessage{}
	for name, text := range texts {
		if members[name] = json.RawMessage(text); isText[name] || !json.Valid(members[name]) {
			members[name], _ = json.Marshal(text) // a text can always be written
		}
	}
	return fromMembers(members, defaults)
}

func fromMembers(members map[string]json.RawMessage, defaults ScalingVariables) (ScalingVariables, error) {
	v := defaults
	var faults []error
	faulty := map[string]bool{}
	for field, value := range reflect.ValueOf(&v).Elem().Fields() {
		key := field.Tag.Get("json")
		raw, ok := members[key]
		delete(members, key)
		switch {
		case !ok:
			continue
		case string(raw) == "null":
			faults = append(faults, fmt.Errorf("%s: null; give %s, or leave the key out", key, textfile.Wanted(value.Kind())))
		case json.Unmarshal(raw, value.Addr().Interface()) != nil:
			faults = append(faults, fmt.Errorf("%s: is %s; give %s", key, raw, textfile.Wanted(value.Kind())))
		default:
			continue
		}
		faulty[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		faults = append(faults, fmt.Errorf("%s: %s", key, textfile.UnknownKey(key, reflect.TypeOf(v), "json")))
	}
	return v, errors.Join(append(faults, v.faults(faulty)...)...)
}

// healthCodes is how Elastic Load Balancing takes the codes of a healthy answer.
var healthCodes = regexp.MustCompile(`^[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*$`)

// Validate reports every variable that AWS would refuse, or with which nothing can
// be proved.
func (v ScalingVariables) Validate() error { return errors.Join(v.faults(map[string]bool{})...) }

// faults are what is wrong with the values, but for the keys that are faulty already.
func (v ScalingVariables) faults(faulty map[string]bool) (faults []error) {
	check := func(ok bool, key, format string, args ...any) {
		if !ok && !faulty[key] {
			faulty[key] = true
			faults = append(faults, fmt.Errorf(key+": is "+format, args...))
		}
	}
	within := func(key string, value, low, high int, unit string) {
		check(value >= low && value <= high, key, "%d; give %d to %d%s", value, low, high, unit)
	}
	notNegative := func(key string, value int) { check(value >= 0, key, "%d; give 0 or more", value) }
	check(v.CPUThreshold >= 1 && v.CPUThreshold <= 99, "cpu_threshold", "%g; give 1 to 99 percent", v.CPUThreshold)
	notNegative("min_size", v.MinSize)
	check(slices.Contains([]string{PolicyStep, PolicySimple, PolicyTargetTracking}, v.Policy),
		"policy", "%q; give step, simple or target_tracking", v.Policy)
	within("scaling_adjustment", v.ScalingAdjustment, 1, 20, " instances")
	check(v.RequestsPerTarget == 0 || v.RequestsPerTarget >= 1 && v.Policy == PolicyTargetTracking, "requests_per_target",
		"%g; give 0 for CPU, or with policy target_tracking 1 or more requests a minute", v.RequestsPerTarget)
	check(v.AlarmPeriod >= 60 && v.AlarmPeriod%60 == 0, "alarm_period", "%d; give a multiple of 60 seconds", v.AlarmPeriod)
	check(v.EvaluationPeriods >= 1, "evaluation_periods", "%d; give 1 or more", v.EvaluationPeriods)
	notNegative("instance_warmup", v.InstanceWarmup)
	notNegative("cooldown", v.Cooldown)
	check(strings.Contains(v.InstanceType, "."), "instance_type", "%q; give an instance type such as t2.micro", v.InstanceType)
	check(strings.HasPrefix(v.HealthCheckPath, "/"), "health_check_path", "%q; give a path that begins with /", v.HealthCheckPath)
	check(healthCodes.MatchString(v.HealthCheckCodes), "health_check_codes", "%q; give codes from 200 to 499, such as 200 or 200-299,301",
		v.HealthCheckCodes)
	within("health_check_interval", v.HealthCheckInterval, 5, 300, " seconds")
	within("healthy_threshold", v.HealthyThreshold, 2, 10, "")
	within("unhealthy_threshold", v.UnhealthyThreshold, 2, 10, "")
	notNegative("health_check_grace_period", v.HealthCheckGracePeriod)
	within("deregistration_delay", v.DeregistrationDelay, 0, 3600, " seconds")
	// What is wrong only against a faulty value is left out.
	check(faulty["cpu_threshold"] || v.ScaleInCPUThreshold >= 0 && v.ScaleInCPUThreshold < v.CPUThreshold, "scale_in_cpu_threshold",
		"%g; give 0 or more and less than cpu_threshold (%g), or the group scales out and in without end", v.ScaleInCPUThreshold, v.CPUThreshold)
	check(faulty["min_size"] || v.MaxSize >= v.MinSize, "max_size", "%d; give at least min_size (%d)", v.MaxSize, v.MinSize)
	check(faulty["min_size"] || faulty["max_size"] || v.DesiredCapacity >= v.MinSize && v.DesiredCapacity <= v.MaxSize,
		"desired_capacity", "%d; give min_size (%d) to max_size (%d)", v.DesiredCapacity, v.MinSize, v.MaxSize)
	check(faulty["evaluation_periods"] || v.DatapointsToAlarm >= 1 && v.DatapointsToAlarm <= v.EvaluationPeriods,
		"datapoints_to_alarm", "%d; give 1 to evaluation_periods (%d)", v.DatapointsToAlarm, v.EvaluationPeriods)
	check(faulty["health_check_interval"] || v.HealthCheckTimeout >= 2 && v.HealthCheckTimeout < v.HealthCheckInterval,
		"health_check_timeout", "%d; give at least 2 seconds and less than health_check_interval (%d)",
		v.HealthCheckTimeout, v.HealthCheckInterval)
	return faults
}

// scaled is a number of seconds that counts in metric periods of 60 s, in a cloud
// that publishes every period. Everything else (health checks, draining, grace)
// is the same in every cloud.
func scaled(n int, period time.Duration) int32 {
	return int32(time.Duration(n) * period / time.Minute)
}
