package localcloud

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"secondwind/localcloud/autoscalingapi"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/cloudtrailapi"
	"secondwind/localcloud/cloudwatchapi"
	"secondwind/localcloud/ec2api"
	"secondwind/localcloud/elbapi"
	"secondwind/localcloud/fleet"
	"secondwind/localcloud/keys"
	"secondwind/localcloud/roles"
	"secondwind/localcloud/stsapi"
	"secondwind/localcloud/taggingapi"
)

// healthPath answers without a signature, with nothing that could be misused.
const healthPath = "/_localcloud/health"

// shutdownGrace is how long API calls under way may take when a cloud closes.
const shutdownGrace = 2 * time.Second

// Cloud is a running local cloud. Its methods are safe for concurrent use.
type Cloud struct {
	endpoint    string
	credentials Credentials
	server      *http.Server
	balancer    *balancer.Balancer
	fleet       *fleet.Fleet
	roles       *roles.Roles
	keys        *keys.Keys
	trail       *cloudtrailapi.Trail
	stop        context.CancelFunc
	running     sync.WaitGroup // the server and the loop
	close       func() error   // once
}

// Start brings the cloud up and returns at once; ctx bounds only the start.
// Errors are sentences for the user: a port that is taken, a program that is
// missing or not executable. The caller must Close what Start returns.
func Start(ctx context.Context, cfg Config) (*Cloud, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("start local cloud: %w", err)
	}
	listener, err := listen(ctx, cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("start local cloud: %w", err)
	}
	endpoint, acting := "http://"+listener.Addr().String(), roles.New(roles.Config{AccountID: AccountID})
	instances, err := fleet.New(fleet.Config{Log: cfg.Log, Dir: cfg.Dir, Endpoint: endpoint, Role: acting.Of})
	if err != nil {
		return nil, fmt.Errorf("start local cloud: %w", errors.Join(err, listener.Close()))
	}
	c := &Cloud{endpoint: endpoint, credentials: newCredentials(), fleet: instances, roles: acting}
	c.keys = keys.New(keys.Config{Region: Region, AccountID: AccountID})
	c.trail = cloudtrailapi.New(cloudtrailapi.Config{Region: Region, AccountID: AccountID, Delay: cfg.EventDelay})
	c.close = sync.OnceValue(c.shutdown)
	state, err := c.newState(cfg)
	if err != nil {
		return nil, fmt.Errorf("start local cloud: %w", errors.Join(err, listener.Close(), instances.Close()))
	}
	c.serve(listener, cfg.Log, c.handler(cfg, state), state)
	cfg.Log.Info("local cloud is up", "endpoint", c.endpoint, "region", Region, "metricsPeriod", cfg.MetricsPeriod)
	return c, nil
}

// newState makes the state and the balancer that it drives.
func (c *Cloud) newState(cfg Config) (*cloud.Cloud, error) {
	config := cloud.Config{
		Region: Region, AccountID: AccountID, Images: cfg.Images, MetricsPeriod: cfg.MetricsPeriod, Seed: cfg.Seed, Log: cfg.Log, Fleet: c.fleet,
		Tagged: c.keys.Tagged, Record: c.trail.Record, Report: cfg.Report,
	}
	config.Balancer = func(onHealth func(balancer.TargetHealth)) cloud.LoadBalancing {
		c.balancer = balancer.New(balancer.Config{Log: cfg.Log, OnHealth: onHealth})
		return c.balancer
	}
	return cloud.New(config)
}

// serve starts the two goroutines that Close waits for: the server and the loop.
func (c *Cloud) serve(listener net.Listener, log *slog.Logger, handler http.Handler, state *cloud.Cloud) {
	c.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	// The loop outlives ctx of Start: it ends with Close.
	running, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.running.Go(func() { state.Run(running) })
	c.running.Go(func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the local cloud's API has stopped", "err", err)
		}
	})
}

// handler serves the API, and the health of the cloud unsigned.
func (c *Cloud) handler(cfg Config, state *cloud.Cloud) http.Handler {
	mux := awsapi.NewMux(awsapi.Config{
		AccessKeyID: c.credentials.AccessKeyID, SecretAccessKey: c.credentials.SecretAccessKey, SessionToken: c.credentials.SessionToken,
		Principals: c.roles.Principal, Region: Region, Log: cfg.Log, Record: c.trail.Record,
	})
	Register(mux, state)
	c.keys.Register(mux)
	c.trail.Register(mux)
	root := http.NewServeMux()
	root.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// Nothing can be done about a client that does not wait for its answer.
		_ = json.NewEncoder(w).Encode(state.Status())
	})
	root.Handle("/", mux)
	return root
}

// Register serves the cloud's operations on m. Every service is a package of its
// own, which knows package cloud and none of the other services.
func Register(m *awsapi.Mux, c *cloud.Cloud) {
	autoscalingapi.Register(m, c)
	cloudwatchapi.Register(m, c)
	ec2api.Register(m, c)
	elbapi.Register(m, c)
	stsapi.Register(m, c)
	taggingapi.Register(m, c)
}

// Endpoint is the URL of the API, "http://127.0.0.1:PORT".
func (c *Cloud) Endpoint() string { return c.endpoint }

// Explain says why an instance cannot serve, or a second one beside it could not; see
// fleet.Fleet.Explain.
func (c *Cloud) Explain(instanceID string) string { return c.fleet.Explain(instanceID) }

// Credentials are those that every request must be signed with.
func (c *Cloud) Credentials() Credentials { return c.credentials }

// Region is the name of the only Region.
func (c *Cloud) Region() string { return Region }

// Close ends the API, the loop, the load balancers and every instance, and waits
// for them. Calling it again returns the same error and does nothing.
func (c *Cloud) Close() error { return c.close() }

// shutdown goes from the outside in: first nobody may ask for anything more,
// then nothing is started any more, then requests end, then the instances.
func (c *Cloud) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	err := c.server.Shutdown(ctx)
	if err != nil {
		err = c.server.Close() // a client that hangs must not hold us up
	}
	c.stop()
	c.running.Wait()
	return errors.Join(err, c.balancer.Close(), c.fleet.Close())
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf(
			"address %s is in use, perhaps by another local cloud; end that or listen on another port (127.0.0.1:0 picks a free one)", address,
		)
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("listen on %s: %w; listen on a port of 1024 or more (127.0.0.1:0 picks a free one)", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

// newCredentials makes up a key like AWS's temporary ones: an id of 20
// characters and a secret of 40, from the system's randomness.
func newCredentials() Credentials {
	secret := rand.Text() + rand.Text()
	return Credentials{AccessKeyID: "ASIA" + rand.Text()[:16], SecretAccessKey: secret[:40], SessionToken: rand.Text() + rand.Text()}
}
