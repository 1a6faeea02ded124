// Package schema holds the JSON Schemas (draft 2020-12) of a run's files, for
// readers that are not written in Go.
package schema

import "embed"

// FS holds hypothesis.json, load-line.json, observation.json, verdict.json,
// manifest.json, history.json and audit-line.json: each the schema of the file, or of a line of it.
//
//go:embed *.json
var FS embed.FS
