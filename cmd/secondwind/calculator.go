package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"secondwind/account/stack"
	"secondwind/localcloud"
)

// calculatorImageID is the local cloud's only image.
const calculatorImageID = "ami-00000000ca1c01a70"

// findCalculator returns the program that an instance runs: the one asked for,
// or the calculator in this binary's own folder.
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
	variables     stack.ScalingVariables
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
	return stack.Create(ctx, localAWS(cloud), stack.Options{
		Name:            o.name,
		Variables:       o.variables,
		MetricsPeriod:   o.metricsPeriod,
		ImageID:         calculatorImageID,
		WithoutPolicy:   !o.policy,
		ActionsDisabled: !o.alarmActions,
		Tags:            o.tags,
	})
}
