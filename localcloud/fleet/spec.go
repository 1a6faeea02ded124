package fleet

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
)

// instanceID is what EC2 calls an instance; it also names the log file, so
// nothing else may get through.
var instanceID = regexp.MustCompile(`^i-[0-9a-f]{17}$`)

// Spec is what an instance is started from.
type Spec struct {
	InstanceID       string // "i-" and 17 hex digits
	ImageID          string // "ami-…"; for the metadata only
	InstanceType     string // "t2.micro": decides VCPUs
	AvailabilityZone string
	Region           string
	AccountID        string
	Role             string   // name of its IAM role; "" is none
	Program          string   // the executable that the image stands for
	Args             []string // {address}, {host}, {port} and {instance_id} are replaced by the instance's
	Env              []string // beyond the fleet's own; "K=V", with the same placeholders
	Dir              string   // working folder; "" is this process's own
}

// Validate reports everything that is wrong with s, short of the program, which
// Launch looks for.
func (s Spec) Validate() error {
	var errs []error
	if !instanceID.MatchString(s.InstanceID) {
		errs = append(errs, fmt.Errorf("instance id %q is not \"i-\" and 17 hex digits", s.InstanceID))
	}
	if _, ok := VCPUs(s.InstanceType); !ok {
		errs = append(errs, fmt.Errorf("unknown instance type %q: take one such as t2.micro, t3.small or m5.large", s.InstanceType))
	}
	if s.Program == "" {
		errs = append(errs, errors.New("no program: name the executable that the image stands for"))
	}
	for _, arg := range append([]string{s.Program}, s.Args...) {
		if strings.ContainsRune(arg, 0) {
			errs = append(errs, fmt.Errorf("%q contains a NUL byte", arg))
		}
	}
	for _, kv := range s.Env {
		if k, _, ok := strings.Cut(kv, "="); !ok || k == "" || strings.ContainsRune(kv, 0) {
			errs = append(errs, fmt.Errorf("environment entry %q is not KEY=VALUE", kv))
		}
	}
	return errors.Join(errs...)
}

// knowsPortOnly reports whether the program is told its port and not its host: it may then
// listen on every address, and needs a port that no other instance has.
func (s Spec) knowsPortOnly() bool {
	text := strings.Join(append(slices.Clone(s.Args), s.Env...), "\x00")
	return strings.Contains(text, "{port}") && !strings.Contains(text, "{host}") && !strings.Contains(text, "{address}")
}

// placeholders replaces what stands in Spec.Args and Spec.Env for what is an instance's own:
// {address} is the host:port to listen on, {host} and {port} are its parts, and {instance_id}
// is the instance's id. Anything else in braces stays as it is.
func placeholders(p *process) *strings.Replacer {
	host, port, _ := net.SplitHostPort(p.Address) // of claim, which makes no other addresses
	return strings.NewReplacer("{address}", p.Address, "{host}", host, "{port}", port, "{instance_id}", p.ID)
}

// expand returns list with the placeholders replaced.
func expand(list []string, own *strings.Replacer) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = own.Replace(s)
	}
	return out
}
