// Package loadgen turns a scenario into traffic and records what was sent.
//
//	scenario     what a run is to do, read strictly from YAML
//	profile      offered load over time
//	mix          which requests are sent, and what is expected of the answers; all made beforehand
//	client       sends one request and reads its answer
//	executor     who sends when: at a rate, or as users
//	attack       records what became of every request, one line a second
//	latency      the histograms of latencies
//	summary      sums a load up
//	raw          every result, in Vegeta's formats
//	otlp         pushes metrics to an OpenTelemetry collector
//	generator    whether the generator itself was the limit
//
// The package itself is empty.
package loadgen
