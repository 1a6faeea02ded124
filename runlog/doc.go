// Package runlog is the record of a run: the only contract between the parts
// that produce evidence (loadgen, verify/observe, simulate) and those that read
// it (verify/judge, reports).
//
// A run is a folder. While it lives its files are only appended to and flushed
// at least once a second, so a run that is killed leaves a folder that can be
// judged as far as it goes:
//
//	scenario.yaml    the scenario as resolved, every default written out
//	hypothesis.json  what is claimed, with deadlines; written before any load
//	load.jsonl       what the load generator did: see LoadLine
//	cloud.jsonl      every answer of the AWS APIs: see Observation
//	manifest.json    SHA-256 of every file, versions, machine, seeds
//	verdict.json, report.html, report.md, junit.xml, plots/
//
// Create begins a folder, Seal ends it, Open reads it: sealed or not, on any
// machine. Every format has a JSON Schema in the folder schema.
//
// The package uses the standard library only.
package runlog
