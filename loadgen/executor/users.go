package executor

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/client"
)

// Behavior is what a user does between requests.
type Behavior struct {
	Think Think
	Seed  uint64 // the same one makes each user think as long as in another run
	// MaxRequests are as many as all users send together; 0 means any number.
	MaxRequests int64
}

const (
	// look is how often users look at the schedule: they come and go that much late.
	look = 10 * time.Millisecond
	// afterFailure is the shortest time after a request without an answer: users without
	// think time must not call a service that refuses them as fast as this machine can.
	afterFailure = 100 * time.Millisecond
)

// Users are a number of users who each send a request, wait for its answer, think, and send
// the next one, over a connection of their own. How many there are is what the schedule offers,
// rounded: who arrives sends at once, who is to leave finishes the request that is under way.
// A server that stalls gets fewer requests (a closed model).
type Users struct {
	*sending
	behavior Behavior
	next     atomic.Uint64
	ending   atomic.Bool
	changed  chan struct{} // holds a token after Wake
}

// NewUsers returns Users of whom none has arrived yet. The Outcomes' Due is when a user had
// thought enough.
func NewUsers(cfg Config, b Behavior) *Users {
	u := &Users{sending: newSending(cfg, math.MaxInt), behavior: b, changed: make(chan struct{}, 1)}
	u.next.Store(uint64(cfg.Sent))
	return u
}

// Dropped is 0: users wait.
func (u *Users) Dropped() int64 { return 0 }

// Starved is 0 as well.
func (u *Users) Starved() int64 { return 0 }

// Offered is how many requests were sent, whatever the time: none is due before it is sent.
func (u *Users) Offered(time.Time) int64 { return u.Sent() }

// Wake has users arrive and leave as the schedule says by now: it was changed.
func (u *Users) Wake() {
	select {
	case u.changed <- struct{}{}:
	default: // it is looked at anyway
	}
}

// Halt is End: users who think send nothing more.
func (u *Users) Halt() { u.End() }

// End has all users leave.
func (u *Users) End() {
	u.ending.Store(true)
	u.Wake()
}

// Run has users arrive and leave until End, and waits for requests in flight, which Timeout
// bounds. It is for one call.
func (u *Users) Run() {
	ctx, leaveAll := context.WithCancel(context.Background())
	var present []context.CancelFunc
	var all sync.WaitGroup
	defer all.Wait()
	defer leaveAll()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for !u.ending.Load() {
		want := int(math.Round(u.cfg.Schedule.Rate(time.Since(u.cfg.Began))))
		for len(present) < want {
			number := len(present)
			stays, leave := context.WithCancel(ctx)
			present = append(present, leave)
			all.Go(func() { u.live(stays, number) })
		}
		for len(present) > want { // the last one goes first
			present[len(present)-1]()
			present = present[:len(present)-1]
		}
		select {
		case <-ticker.C:
		case <-u.changed:
		}
	}
}

// live is a user's stay, until ctx ends.
func (u *Users) live(ctx context.Context, number int) {
	c := u.cfg.NewClient()
	defer c.Close()
	var request client.Request
	random := rand.New(rand.NewPCG(u.behavior.Seed, uint64(number)))
	lane := u.lanes[number%len(u.lanes)]
	due := time.Now()
	var timer *time.Timer
	for ctx.Err() == nil {
		seq := u.next.Add(1) - 1
		if most := u.behavior.MaxRequests; most > 0 && seq >= uint64(most) {
			return
		}
		o := Outcome{Result: vegeta.Result{Seq: seq}, Due: due, Request: &request}
		u.exchange(lane, c, &o)
		pause := u.behavior.Think.draw(random)
		if o.Err != nil {
			pause = max(pause, afterFailure)
		}
		due = o.Timestamp.Add(o.Latency + pause)
		if pause <= 0 {
			continue
		}
		if timer == nil {
			timer = time.NewTimer(time.Until(due))
			defer timer.Stop()
		} else {
			timer.Reset(time.Until(due))
		}
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
}
