// Package doctor examines a group before a proof: whether it can scale at all,
// whether the proof could see it, and what it would take. It asks AWS's APIs and
// the load balancer, changes nothing, and reports with each finding what to change.
package doctor
