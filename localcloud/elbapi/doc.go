// Package elbapi serves Elastic Load Balancing v2. Of the state it needs load
// balancers, listeners, target groups and their tags; the balancer itself is called
// off the lock, for it waits for sockets.
package elbapi
