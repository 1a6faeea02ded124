// Package balancer is the data plane of an Application Load Balancer on
// loopback: listeners, health checks, routing of each request, draining.
//
// It follows ELBv2 in what a caller can see: each request is routed by itself,
// whatever connection it came on; a new target is healthy after one successful
// check; a target group with no healthy target fails open; a target that is
// deregistered gets no new requests and finishes those it has.
// Source: Elastic Load Balancing User Guide for Application Load Balancers.
package balancer
