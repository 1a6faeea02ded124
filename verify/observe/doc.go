// Package observe watches an Auto Scaling group through the AWS SDK and records
// every answer whole, as a line of cloud.jsonl.
//
// It knows no local cloud: the same calls run against AWS, and only read
// permissions are needed (see Operations in package runlog).
package observe
