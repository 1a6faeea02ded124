package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"secondwind/account/stack"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
	"secondwind/localcloud/fleet"
	"secondwind/runlog"
	"secondwind/textfile"
	"secondwind/verify/hypothesis"
)

// The images of a local cloud: the calculator, which keeps a history, and any other program.
const (
	calculatorImageID = "ami-00000000ca1c01a70"
	programImageID    = "ami-0000000000090094a"
)

// imageOf is what the instances of a scenario run, and the image's id. Without a program it is
// the calculator, the one asked for or that of findCalculator.
func imageOf(s scenario.Scenario, calculator string) (id string, image localcloud.Image, err error) {
	p := s.Local.Program
	id = programImageID
	for _, name := range slices.Sorted(maps.Keys(p.Environment)) {
		image.Env = append(image.Env, name+"="+p.Environment[name])
	}
	if len(p.Command) > 0 {
		image.Program, image.Args = p.Command[0], p.Command[1:]
	} else {
		id, image.Args = calculatorImageID, []string{"--address", "{address}"}
		if image.Program, err = findCalculator(calculator); err != nil {
			return id, image, err
		}
	}
	if len(p.Command) > 0 || p.Folder != "" {
		image.Dir = s.Path(p.Folder)
	}
	image.Program, err = fleet.FindProgram(image.Dir, image.Program)
	return id, image, err
}

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
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the calculator %s: %w", path, err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the calculator %s does not exist: run `make build`, or name another program with --calculator", path)
	case err != nil:
		return "", fmt.Errorf("the calculator %s cannot be read: %w; name another program with --calculator", path, err)
	case info.IsDir():
		return "", fmt.Errorf("the calculator %s is a folder: name the program with --calculator", path)
	}
	if _, err := exec.LookPath(path); err != nil { // it asks whether this user may execute it
		return "", fmt.Errorf("the calculator %s is not executable: run `chmod +x %s`, or `make build`", path, path)
	}
	return path, nil
}

// ran is an image as a record has it.
func ran(image localcloud.Image) runlog.Program {
	p := runlog.Program{Path: image.Program, Arguments: image.Args, Folder: image.Dir}
	for _, variable := range image.Env {
		name, _, _ := strings.Cut(variable, "=")
		p.Environment = append(p.Environment, name)
	}
	return p
}

// localVariables are the scaling variables of a local stack: Terraform's, over them those of the
// scenario, and over both those of the file asked for.
func localVariables(ctx context.Context, file string, s scenario.Scenario, asked string) (stack.ScalingVariables, error) {
	v, err := readScalingVariables(ctx, "")
	if err == nil {
		v, err = scenarioVariables(s, v)
		err = textfile.In(file, err)
	}
	if err == nil && asked != "" {
		v, err = stack.ReadScalingVariables(ctx, asked, v)
	}
	v.HealthCheckGracePeriod = max(v.HealthCheckGracePeriod, hypothesis.UsualGrace+int(math.Ceil(s.Local.Program.Within().Seconds())))
	return v, err
}

// scenarioVariables are defaults, and over them what a scenario gives of a local stack.
func scenarioVariables(s scenario.Scenario, defaults stack.ScalingVariables) (stack.ScalingVariables, error) {
	texts, keys := maps.Clone(s.Local.Scaling), map[string]string{}
	if texts == nil {
		texts = map[string]string{}
	}
	for part, text := range map[string]string{"path": s.Local.HealthCheck.Path, "codes": s.Local.HealthCheck.Codes} {
		if name := "health_check_" + part; text != "" {
			keys[name], texts[name] = "local.health_check."+part, text
		}
	}
	if _, given := texts["desired_capacity"]; !given && texts["min_size"] != "" {
		texts["desired_capacity"], keys["desired_capacity"] = texts["min_size"], "local.scaling.min_size"
	}
	v, err := stack.ScalingVariablesOf(texts, defaults)
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var faults []error
		for _, fault := range several.Unwrap() {
			name, text, _ := strings.Cut(fault.Error(), ": ")
			faults = append(faults, fmt.Errorf("%s: %s", cmp.Or(keys[name], "local.scaling."+name), text))
		}
		err = errors.Join(faults...)
	}
	return v, err
}

// localStack is what the stack in a local cloud is called.
const localStack = "secondwind"

// sharedHistory is the store that all calculators of a local cloud keep their
// history in, an SQLite file in a folder that only this user can read.
type sharedHistory struct {
	path    string
	release func() error // of the folder
}

// historyFolders is the pattern of the folders that stores are in.
const historyFolders = "secondwind-history-*"

func newSharedHistory() (*sharedHistory, error) {
	removeStaleDirectories(historyFolders)
	dir, err := os.MkdirTemp("", historyFolders) // 0700
	if err != nil {
		return nil, fmt.Errorf("make a folder for the calculators' history: %w", err)
	}
	release, err := claim(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &sharedHistory{filepath.Join(dir, "history.db"), release}, nil
}

// store names it as the calculators' configuration does.
func (h *sharedHistory) store() string { return "sqlite:" + h.path }

// remove removes the store: nothing can read it once the cloud that holds its key
// has ended. What cannot be removed is left to the next run.
func (h *sharedHistory) remove() {
	_ = os.RemoveAll(filepath.Dir(h.path))
	_ = h.release()
}

// startLocalCloud starts a local cloud whose calculators, if there are any, share their
// history. The caller closes the cloud, then removes the history.
func startLocalCloud(ctx context.Context, cfg localcloud.Config) (*localcloud.Cloud, *sharedHistory, error) {
	history, err := newSharedHistory()
	if err != nil {
		return nil, nil, err
	}
	// One store, under the key of the stack: the history is the same whichever
	// instance answers.
	if image, ok := cfg.Images[calculatorImageID]; ok {
		image.Env = append(image.Env, "CALCULATOR_HISTORY="+history.store(), "CALCULATOR_KEY="+historyKey())
		cfg.Images[calculatorImageID] = image
	}
	cloud, err := localcloud.Start(ctx, cfg)
	if err != nil {
		history.remove()
		return nil, nil, err
	}
	return cloud, history, nil
}
