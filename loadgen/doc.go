// Package loadgen turns a scenario into traffic and records what was sent.
//
//	scenario     what a run is to do, read strictly from YAML
//	profile      offered load over time
//	mix          which requests are sent, and what is expected of the answers; all made beforehand
//	attack       sends them, and writes one line a second
//	calibration  what a request costs, and which rate follows from that
//
// The package itself is empty.
package loadgen
