// Package outputs reads what Terraform deployed: the outputs of terraform/.
package outputs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"secondwind/textfile"
)

// Outputs are the outputs of terraform/ that the commands use. One that the
// stack does not have is "" (Expires: the zero time).
type Outputs struct {
	Region               string
	RunID                string
	AutoScalingGroupName string // never "" in what Read returns
	LoadBalancerURL      string // "http://…" or "https://…"
	ScaleOutAlarmName    string
	TargetGroupARN       string
	Expires              time.Time // the run's TTL
}

// Read returns the outputs at path: a folder of Terraform files that was applied
// (it runs `terraform output -json` there, or tofu), or a file that holds what
// that command printed. Its errors name the remedy.
func Read(ctx context.Context, path string) (Outputs, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Outputs{}, fmt.Errorf("%s does not exist: name the Terraform folder, or a file with the output of `terraform output -json`", path)
	}
	if err != nil {
		return Outputs{}, fmt.Errorf("read the stack's outputs: %w", err)
	}
	var data []byte
	if info.IsDir() {
		data, err = run(ctx, path)
	} else if data, err = textfile.Read(ctx, path); err != nil {
		err = fmt.Errorf("read the stack's outputs: %w", err)
	}
	if err != nil {
		return Outputs{}, err
	}
	o, err := Parse(data)
	return o, textfile.In(path, err)
}

// run asks Terraform, or OpenTofu where only that is installed.
func run(ctx context.Context, folder string) ([]byte, error) {
	program, err := exec.LookPath("terraform")
	if err != nil {
		if program, err = exec.LookPath("tofu"); err != nil {
			return nil, fmt.Errorf("neither terraform nor tofu is installed: install one, "+
				"or name a file with the output of `terraform output -json` instead of %s", folder)
		}
	}
	cmd := exec.CommandContext(ctx, program, "-chdir="+folder, "output", "-json")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s output -json in %s: %w: %s; run `make deploy` first",
			program, folder, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// CheckURL refuses what no load balancer answers at.
func CheckURL(raw string) error {
	if u, err := url.Parse(raw); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("is %q; it must be an http or https URL, for instance http://lb.example.com", raw)
	}
	return nil
}

// output is one of Terraform's outputs as `output -json` prints it.
type output struct {
	Sensitive bool            `json:"sensitive"`
	Type      json.RawMessage `json:"type"`
	Value     json.RawMessage `json:"value"`
}

// Parse reads what `terraform output -json` printed. Outputs beyond those that
// are known are left alone: the stack may have more than the commands use.
func Parse(data []byte) (Outputs, error) {
	var raw map[string]output
	switch err := textfile.JSON(data, &raw); {
	case errors.Is(err, textfile.ErrEmpty):
		return Outputs{}, fmt.Errorf("%w: `terraform output -json` failed when it was written; run it again in the folder that was applied", err)
	case err != nil:
		return Outputs{}, fmt.Errorf("not what `terraform output -json` prints: %w", err)
	}
	if len(raw) == 0 {
		return Outputs{}, errors.New("no outputs: nothing has been deployed from here; run `make deploy` first")
	}
	var o Outputs
	var expires string
	var faults []error
	for _, output := range []struct {
		name  string
		value *string
	}{
		{"region", &o.Region}, {"run_id", &o.RunID}, {"auto_scaling_group_name", &o.AutoScalingGroupName},
		{"load_balancer_url", &o.LoadBalancerURL}, {"scale_out_alarm_name", &o.ScaleOutAlarmName},
		{"target_group_arn", &o.TargetGroupARN}, {"expires", &expires},
	} {
		// null leaves it as it is, and so does an output that the stack does not have.
		if value := raw[output.name].Value; value != nil && json.Unmarshal(value, output.value) != nil {
			faults = append(faults, fmt.Errorf("output %s: is %.40s; it must be text", output.name, value))
		}
	}
	if err := CheckURL(o.LoadBalancerURL); o.LoadBalancerURL != "" && err != nil {
		faults = append(faults, fmt.Errorf("output load_balancer_url: %w", err))
	}
	if expires != "" {
		at, err := time.Parse(time.RFC3339, expires)
		if err != nil {
			faults = append(faults, fmt.Errorf("output expires: is %q; it must be a time such as 2026-11-25T18:00:00Z", expires))
		}
		o.Expires = at.UTC()
	}
	group := raw["auto_scaling_group_name"].Value
	if o.AutoScalingGroupName == "" && (group == nil || json.Unmarshal(group, &o.AutoScalingGroupName) == nil) {
		faults = append(faults, errors.New("output auto_scaling_group_name is missing: this is not the stack of terraform/"))
	}
	return o, errors.Join(faults...)
}
