package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"

	"secondwind/localcloud/fleet/imds"
)

// pipeDelay is how long a process's log is still read after its end, while
// children that it left behind hold it open.
const pipeDelay = 500 * time.Millisecond

// Launch starts the process and returns as soon as it runs; it does not wait
// until it listens. ctx bounds only the launch. Errors name the program and what
// to do (missing, not executable, no free address).
func (f *Fleet) Launch(ctx context.Context, spec Spec) (Instance, error) {
	if err := f.reserve(spec.InstanceID); err != nil {
		return Instance{}, fmt.Errorf("launch instance %q: %w", spec.InstanceID, err)
	}
	// From here to commit, Close waits for this launch.
	defer f.waits.Done()
	p, err := f.start(ctx, spec)
	if err != nil {
		f.mu.Lock()
		delete(f.instances, spec.InstanceID)
		f.mu.Unlock()
		return Instance{}, fmt.Errorf("launch instance %q: %w", spec.InstanceID, err)
	}
	open := f.commit(p)
	f.waits.Go(func() { f.wait(p) })
	if open {
		return p.Instance, nil
	}
	// Close came between and did not see it.
	return Instance{}, errors.Join(fmt.Errorf("launch instance %q: %w", spec.InstanceID, ErrClosed), f.Terminate(ctx, p.ID))
}

// reserve takes an instance id, and holds Close back until waits.Done.
func (f *Fleet) reserve(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closing {
		return ErrClosed
	}
	if _, taken := f.instances[id]; taken {
		return errors.New("this id was launched before: ids are not used twice")
	}
	f.instances[id] = nil
	f.waits.Add(1)
	return nil
}

// commit makes a started instance known; it is false if the fleet has been closed meanwhile.
func (f *Fleet) commit(p *process) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instances[p.ID] = p
	return !f.closing
}

// start checks the spec, takes an address and starts the process. On an error
// nothing is left behind.
func (f *Fleet) start(ctx context.Context, spec Spec) (_ *process, err error) {
	if err := errors.Join(ctx.Err(), spec.Validate()); err != nil {
		return nil, err
	}
	program, err := FindProgram(spec.Dir, spec.Program)
	if err != nil {
		return nil, err
	}
	addr, err := f.addresses.claim(spec.knowsPortOnly())
	if err != nil {
		return nil, err
	}
	vcpus, _ := VCPUs(spec.InstanceType)
	p := &process{
		Instance: Instance{
			ID: spec.InstanceID, Address: addr.app, PrivateIP: addr.host,
			LaunchTime: time.Now().UTC(), VCPUs: vcpus,
		},
		ownPort: spec.knowsPortOnly(),
		done:    make(chan struct{}),
		serving: make(chan struct{}),
	}
	f.serveMetadata(p, spec, addr)
	if err := f.run(p, spec, program, addr); err != nil {
		f.retire(p)
		return nil, err
	}
	f.cfg.Log.Info("instance launched", "id", p.ID, "address", p.Address, "pid", p.PID, "vcpus", p.VCPUs, "limited", p.CPULimited)
	return p, nil
}

// serveMetadata opens the instance's own metadata service.
func (f *Fleet) serveMetadata(p *process, spec Spec, addr address) {
	var role imds.Role
	if spec.Role != "" && f.cfg.Role != nil {
		role = f.cfg.Role(spec.InstanceID, spec.Role)
	}
	h := imds.NewHandler(imds.Instance{
		InstanceID: spec.InstanceID, InstanceType: spec.InstanceType, ImageID: spec.ImageID,
		LocalIPv4: addr.host, AvailabilityZone: spec.AvailabilityZone, Region: spec.Region,
		AccountID: spec.AccountID, LaunchTime: p.LaunchTime, Role: role,
	})
	srv := &http.Server{Handler: h, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	p.imds = srv
	go func() {
		defer close(p.serving)
		if err := srv.Serve(addr.metadata); !errors.Is(err, http.ErrServerClosed) {
			f.cfg.Log.Error("instance metadata ended", "id", p.ID, "err", err)
		}
	}()
}

// run starts the program.
func (f *Fleet) run(p *process, spec Spec, program string, addr address) error {
	path := ""
	if f.cfg.Dir != "" {
		path = filepath.Join(f.cfg.Dir, spec.InstanceID+".log")
	}
	log, err := newLogFile(path, f.cfg.Log)
	if err != nil {
		return err
	}
	command := func() *exec.Cmd {
		cmd := exec.Command(program, expand(spec.Args, placeholders(p))...)
		cmd.Env, cmd.Dir = environ(p, spec, "http://"+addr.metadata.Addr().String(), f.cfg.Endpoint), spec.Dir
		// One writer for both keeps their lines in order, and Go gives them one pipe.
		cmd.Stdout, cmd.Stderr = log, log
		cmd.WaitDelay = pipeDelay
		return cmd
	}
	c, err := f.spawner.start(command, spec.InstanceID, p.VCPUs)
	if err != nil {
		log.close()
		return explainStart(program, err)
	}
	p.child, p.log = c, log
	p.PID, p.CPULimited = c.cmd.Process.Pid, c.limited
	return nil
}

// wait waits for the process's end, cleans up after it, and reports the end if
// nobody had asked for it.
func (f *Fleet) wait(p *process) {
	cmd := p.child.cmd
	err := cmd.Wait()
	asked := p.meantToEnd()
	if ferr := p.end(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).release(); ferr != nil {
		f.cfg.Log.Warn("clean up after instance", "id", p.ID, "err", ferr)
	}
	f.retire(p)
	close(p.done)
	if asked {
		f.cfg.Log.Info("instance terminated", "id", p.ID)
		return
	}
	err = describeExit(p.ID, err, p.log.lastLine())
	p.mu.Lock()
	p.exit = err
	p.mu.Unlock()
	f.cfg.Log.Warn("instance ended by itself", "id", p.ID, "err", err)
	select {
	case f.exits <- Exit{ID: p.ID, Err: err}:
	case <-f.closed:
	}
}

// retire closes what was opened for a process that runs no more.
func (f *Fleet) retire(p *process) {
	p.imds.Close()
	<-p.serving
	f.addresses.release(p.Address)
	if p.log != nil {
		p.log.close()
	}
}
