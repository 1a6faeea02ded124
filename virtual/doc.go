// Package virtual runs whole soaks in virtual time, for tests: a World holds the
// real local cloud (engine, API, load balancer), the real AWS SDK, observer, load
// generator and experiment in one testing/synctest bubble. Only processes and
// sockets are replaced: instances are a small model of CPU around any
// http.Handler, and connections are pipes. Two minutes of a soak take about a second.
package virtual
