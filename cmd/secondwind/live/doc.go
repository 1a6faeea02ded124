// Package live carries out an experiment in a cloud that is there: it wires
// observer, load generator and record to verify/experiment, which decides, and
// does what that commands.
package live
