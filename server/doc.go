// Package server is the calculator that an instance of the fleet runs: a web
// page, the original Flask calculator's /_calculate, an exact JSON API, and the
// health check of the load balancer.
//
// Every answer names the instance that gave it in the X-Instance-Id header. The
// package knows nothing of the harness that drives it, so what is measured is
// what any instance would do.
//
//	GET  /              the page; ?number1=&operator=&number2= works without JavaScript
//	GET  /_calculate    {"result":…} as the original answers
//	POST /v1/calculate  {"operation":"*","operands":["2","3"]} → {"result":"6"}
//	GET  /healthz       200 "ok"
package server
