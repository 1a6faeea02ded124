// Package cloudwatchapi serves Amazon CloudWatch. Of the state it needs the engine
// (alarms and metrics) and the tags of alarms.
package cloudwatchapi
