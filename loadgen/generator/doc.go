// Package generator judges whether a load generator was itself the limit of what it measured.
// A run of which that is true is invalid, which is another word than failed: it says nothing
// about the service.
package generator
