// Package server is the calculator that an instance of the fleet runs: a web
// page, the original Flask calculator's /_calculate, an exact JSON API, and the
// health check of the load balancer.
//
// Every answer names the instance that gave it in the X-Instance-Id header. The
// package knows nothing of the harness that drives it, so what is measured is
// what any instance would do.
//
//	GET  POST   /                page; its forms work without JavaScript
//	GET         /_calculate      {"result":…} as the original answers
//	POST        /v1/calculate    {"operation":"*","operands":["2","3"]} → {"result":"6","exact":true}
//	POST        /v1/batch        calculations as JSON lines or an array, answered as a stream
//	POST        /v1/statistics   figures of numbers in CSV or JSON lines
//	GET  DELETE /v1/history      what the user of the cookie has calculated
//	GET         /openapi.json    all of it, described
//	GET         /healthz /readyz /metrics /v1/version
//
// Nothing that a client sends makes it take more memory than Server.MemoryBound.
package server
