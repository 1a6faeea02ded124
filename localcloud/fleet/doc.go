// Package fleet runs instances as real processes: each with a loopback address,
// an IMDSv2 endpoint of its own and CPU measured by the operating system.
//
// No instance outlives the Fleet that launched it, not even when that Fleet's
// process is killed: Linux kills instances with the thread that started them,
// every Unix has a guard process that kills their process groups, and Windows
// holds them in job objects that end with their last handle.
package fleet
