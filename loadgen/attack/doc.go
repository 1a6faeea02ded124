// Package attack sends the load, in an open or a closed model, and
// records what became of every request: latency from when it was due, which
// shows what a stalled server does to users, and from when it was sent, which
// alone would hide it.
package attack
