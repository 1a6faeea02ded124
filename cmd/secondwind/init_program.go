package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"secondwind/localcloud"
	"secondwind/localcloud/fleet"
	"secondwind/runlog"
)

// start starts the program once, as an instance of the local cloud.
func (e *examination) start(ctx context.Context) error {
	_, image, err := imageOf(e.planned, "")
	if err != nil {
		return misuse(err)
	}
	logs, err := os.MkdirTemp("", "secondwind-init-")
	if err != nil {
		return err
	}
	started, err := fleet.New(fleet.Config{Dir: logs})
	if err != nil {
		return errors.Join(err, os.RemoveAll(logs))
	}
	e.end = func() { _ = errors.Join(started.Close(), os.RemoveAll(logs)) } // its processes end with this one at the latest
	fmt.Fprintf(e.progress, "secondwind: %s is started, and may take %s to answer\n", image.Program, runlog.Words(e.o.startWithin))
	id := fmt.Sprintf("i-%017x", rand.Uint64())
	instance, err := started.Launch(ctx, fleet.Spec{
		InstanceID: id, ImageID: programImageID, InstanceType: e.variables.InstanceType, Region: localcloud.Region,
		AvailabilityZone: localcloud.Region + "a", AccountID: localcloud.AccountID,
		Program: image.Program, Args: image.Args, Env: image.Env, Dir: image.Dir,
	})
	if err != nil {
		return err
	}
	e.service.URL, e.service.Instance = "http://"+instance.Address, id
	e.service.CPU = func() (time.Duration, error) { return started.CPU(id) }
	if err := e.await(ctx, started, id); err != nil {
		return err
	}
	took := time.Since(instance.LaunchTime)
	e.report.add(wasFound, "%s answers %s after its start", filepath.Base(image.Program), round(took))
	e.draft.Program.StartWithin = max(10*time.Second, (3 * took).Round(10*time.Second))
	return nil
}

// await waits for any answer of a program that was started.
func (e *examination) await(ctx context.Context, started *fleet.Fleet, id string) error {
	waiting, cancel := context.WithTimeout(ctx, e.o.startWithin)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(waiting, http.MethodGet, e.service.URL+"/", nil)
		if err != nil {
			return err
		}
		answer, err := e.service.Client.Do(request)
		if err == nil {
			err = answer.Body.Close()
			if text := started.Explain(id); text != "" {
				err = errors.New(text) // a second instance could not answer, too
			}
			return err
		}
		select {
		case exit := <-started.Exits():
			return exit.Err
		case <-waiting.Done():
			return cmp.Or(ctx.Err(), fmt.Errorf("the program was started and did not answer at %s within %s: %s; "+
				"--start-within gives it longer", e.service.URL, runlog.Words(e.o.startWithin), cmp.Or(started.Explain(id), err.Error())))
		case <-ticker.C:
		}
	}
}
