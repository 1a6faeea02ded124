package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"secondwind/account/stack"
	"secondwind/localcloud"
	"secondwind/terraform"
)

// numbersName is the file that Terraform and the local stack both read.
const numbersName = terraform.NumbersFile

// calculatorImageID is the local cloud's only image.
const calculatorImageID = "ami-00000000ca1c01a70"

// findCalculator returns the program that an instance runs: the one asked for,
// or the calculator beside this binary.
func findCalculator(asked string) (string, error) {
	path := asked
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find this program's own folder: %w", err)
		}
		path = filepath.Join(filepath.Dir(self), "calculator")
		if runtime.GOOS == "windows" {
			path += ".exe"
		}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the calculator %s does not exist: run `make build`, or name another program with --calculator", path)
	case err != nil:
		return "", fmt.Errorf("the calculator %s cannot be read: %w", path, err)
	case info.IsDir():
		return "", fmt.Errorf("the calculator %s is a folder: name the program with --calculator", path)
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return "", fmt.Errorf("the calculator %s is not executable: run `chmod +x %s`, or `make build`", path, path)
	}
	return filepath.Abs(path)
}

// stackOptions say how a local stack differs from what terraform/ deploys.
type stackOptions struct {
	name          string // "" is localStack
	numbers       stack.ScalingVariables
	metricsPeriod time.Duration
	policy        bool
	alarmActions  bool
	tags          map[string]string
}

// localStack is what a local stack is called if nothing else is asked for.
const localStack = "secondwind"

// createStack builds in a local cloud what terraform/ builds on AWS.
func createStack(ctx context.Context, cloud *localcloud.Cloud, o stackOptions) (stack.Stack, error) {
	if o.name == "" {
		o.name = localStack
	}
	return stack.Create(ctx, awsConfig(cloud), stack.Options{
		Name:            o.name,
		Variables:       o.numbers,
		MetricsPeriod:   o.metricsPeriod,
		ImageID:         calculatorImageID,
		WithoutPolicy:   !o.policy,
		ActionsDisabled: !o.alarmActions,
		Tags:            o.tags,
	})
}

// readNumbers reads the scaling variables: those of the binary, over them those of
// the checkout in the working folder, so that an edit counts at once, and over both
// those of the path asked for. A key that a file does not have keeps its value.
func readNumbers(asked string) (stack.ScalingVariables, error) {
	v, err := stack.ParseScalingVariables(terraform.Numbers, stack.ScalingVariables{})
	checkout := filepath.Join("terraform", numbersName)
	if _, missing := os.Stat(checkout); err == nil && missing == nil {
		v, err = stack.ReadScalingVariables(checkout, v)
	}
	if err == nil && asked != "" {
		v, err = stack.ReadScalingVariables(asked, v)
	}
	return v, err
}

// awsConfig points the SDK at a local cloud, whatever the environment says.
func awsConfig(cloud *localcloud.Cloud) aws.Config {
	cfg := cloud.AWSConfig()
	cfg.HTTPClient = bodyInMemory{awshttp.NewBuildableClient()}
	return cfg
}

// bodyInMemory sends every request's body from memory. The SDK closes a body as
// soon as its answer begins; where answers come within microseconds, as on
// loopback, net/http may not have seen the body's end by then, and would tear
// down the connection with the answer on it.
type bodyInMemory struct{ next aws.HTTPClient }

// Do implements aws.HTTPClient.
func (c bodyInMemory) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("read the request's body: %w", err)
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
	}
	return c.next.Do(r)
}
