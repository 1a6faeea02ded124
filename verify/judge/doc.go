// Package judge decides from the record of a run, and from nothing else,
// whether a second instance came because CPU crossed the threshold.
//
// It is pure: the same folder gives the same verdict, byte for byte, offline,
// on another machine, years later. It shares no code with the engine or the
// local cloud, whose errors it would repeat.
package judge
