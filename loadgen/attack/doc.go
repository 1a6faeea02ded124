// Package attack sends the load, with Vegeta under a schedule of its own, and
// records what became of every request: latency from when it was due, which
// shows what a stalled server does to users, and from when it was sent, which
// alone would hide it.
package attack
