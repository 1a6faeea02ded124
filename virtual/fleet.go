package virtual

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"secondwind/localcloud/fleet"
)

// Service is what the instances of a world run: how much CPU it takes, and how
// long it takes to come up.
type Service struct {
	IdleCPUPercent float64       // of an instance's vCPU
	CPU            time.Duration // of a request
	// Noise is the relative standard deviation of a request's CPU from one second
	// to the next, as a neighbour on the machine makes it.
	Noise float64
	Boot  time.Duration // from launch to a running instance
	Start time.Duration // from a running instance to its first answer
}

// Launch is what becomes of one launch.
type Launch struct {
	Service
	Fails     error // of the launch itself
	Unhealthy bool  // it runs, and fails every health check
	PassesOn  bool  // it answers its health checks, and passes all else on to the first instance while that is there
}

// machines is a fleet without processes, and the way to them.
type machines struct {
	launching  func(number int) Launch // counted from 1
	program    func(instance string) http.Handler
	healthPath string
	now        func() time.Time // by the cloud's clock

	mu       sync.Mutex
	random   *rand.Rand
	launched int
	byID     map[string]*machine
	byHost   map[string]*machine
	work     []work
	exits    chan fleet.Exit
}

// work is CPU that an instance used on one request, and for whom.
type work struct {
	at       time.Time
	instance string
	others   bool // not for the declared load
	took     time.Duration
}

// machine is an instance.
type machine struct {
	Launch
	id     string
	ready  time.Time // when it answers
	read   time.Time // until when idle CPU is counted
	second int64     // whose noise is drawn
	factor float64   // of a request's CPU in that second
	used   time.Duration
}

// newMachines are what becomes of the launches of a world.
func newMachines(cfg Config) *machines {
	return &machines{
		launching: cfg.Launching, program: cfg.Program, healthPath: cfg.Variables.HealthCheckPath, now: cfg.now,
		random: rand.New(rand.NewPCG(cfg.Seed, 0xf1ee7)),
		byID:   map[string]*machine{}, byHost: map[string]*machine{}, exits: make(chan fleet.Exit, 8), // more than can crash
	}
}

// Launch implements cloud.InstanceRunner.
func (f *machines) Launch(ctx context.Context, spec fleet.Spec) (fleet.Instance, error) {
	f.mu.Lock()
	f.launched++
	number := f.launched
	f.mu.Unlock()
	launch := f.launching(number)
	select {
	case <-ctx.Done():
		return fleet.Instance{}, ctx.Err()
	case <-time.After(launch.Boot):
	}
	if launch.Fails != nil {
		return fleet.Instance{}, launch.Fails
	}
	now := time.Now()
	host := fmt.Sprintf(hosts, number)
	m := &machine{Launch: launch, id: spec.InstanceID, ready: now.Add(launch.Start), read: now}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byID[m.id], f.byHost[host] = m, m
	return fleet.Instance{ID: m.id, Address: host, PrivateIP: fmt.Sprintf("127.1.0.%d", number), LaunchTime: f.now(), VCPUs: 1}, nil
}

// Terminate implements cloud.InstanceRunner.
func (f *machines) Terminate(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for host, m := range f.byHost {
		if m.id == id {
			delete(f.byHost, host)
		}
	}
	delete(f.byID, id)
	return nil
}

// CPU implements cloud.InstanceRunner.
func (f *machines) CPU(id string) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.byID[id]
	if m == nil {
		return 0, fmt.Errorf("no instance %s", id)
	}
	m.idle(time.Now())
	return m.used, nil
}

// idle takes the CPU that an instance uses without requests.
func (m *machine) idle(now time.Time) {
	m.used += time.Duration(float64(now.Sub(m.read)) * m.IdleCPUPercent / 100)
	m.read = now
}

// Explain implements cloud.InstanceRunner.
func (f *machines) Explain(string) string { return "" }

// Exits implements cloud.InstanceRunner.
func (f *machines) Exits() <-chan fleet.Exit { return f.exits }

// errRefused is what a connection to a program that does not listen yet gets.
var errRefused = errors.New("connection refused")

// RoundTrip carries the load balancer's requests to an instance.
func (f *machines) RoundTrip(r *http.Request) (*http.Response, error) {
	m := f.at(r.URL.Host)
	if m == nil || time.Now().Before(m.ready) {
		return nil, errRefused
	}
	if first := f.at(firstHost); m.PassesOn && first != nil && r.URL.Path != f.healthPath {
		m = first
	}
	answer := httptest.NewRecorder()
	switch {
	case r.URL.Path != f.healthPath:
		if r.Body == nil { // which a server's never is
			r.Body = http.NoBody
		}
		time.Sleep(f.burn(m, r.Header.Get(othersHeader) != ""))
		f.program(m.id).ServeHTTP(answer, r)
	case m.Unhealthy:
		answer.WriteHeader(http.StatusServiceUnavailable)
	default:
		answer.Header().Set(instanceHeader, m.id)
	}
	response := answer.Result()
	response.Request = r
	response.ContentLength = int64(answer.Body.Len())
	return response, nil
}

const (
	hosts          = "127.1.0.%d:8080" // of instances, by the number of their launch
	firstHost      = "127.1.0.1:8080"
	instanceHeader = "X-Instance-Id" // of a calculator
	othersHeader   = "X-Others"      // of requests that are not the declared load's
)

// calculator is the program that multiplies.
func calculator(instance string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(instanceHeader, instance)
		var in struct{ Operands []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Operands) != 2 {
			http.Error(w, "want two operands", http.StatusBadRequest)
			return
		}
		x, okX := new(big.Int).SetString(in.Operands[0], 10)
		y, okY := new(big.Int).SetString(in.Operands[1], 10)
		if !okX || !okY {
			http.Error(w, "want two numbers", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, `{"result":"%s"}`, x.Mul(x, y))
	})
}

func (f *machines) at(host string) *machine {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.byHost[host]
}

// burn takes the CPU of a request and returns how much that was.
func (f *machines) burn(m *machine, others bool) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if second := now.Unix(); second != m.second || m.factor == 0 {
		m.second, m.factor = second, max(0, 1+m.Noise*f.random.NormFloat64())
	}
	cost := time.Duration(float64(m.CPU) * m.factor)
	m.used += cost
	f.work = append(f.work, work{now, m.id, others, cost})
	return cost
}

// change changes instances that run, of the ids or, without any, all.
func (f *machines) change(ids []string, do func(*machine)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, m := range f.byID {
		if len(ids) == 0 || slices.Contains(ids, id) {
			m.idle(time.Now())
			do(m)
		}
	}
}

// crash ends an instance, as a panic of its program does.
func (f *machines) crash(id string) {
	if _, err := f.CPU(id); err != nil {
		return // it is gone
	}
	f.mu.Lock()
	for host, m := range f.byHost {
		if m.id == id {
			delete(f.byHost, host)
		}
	}
	delete(f.byID, id)
	f.mu.Unlock()
	f.exits <- fleet.Exit{ID: id, Err: errors.New("exit status 2")}
}
