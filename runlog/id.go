package runlog

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"time"
)

var idPattern = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{4}$`)

// NewID names a run that begins at now, "20061102T150405Z-3fa9": it sorts by
// time, and two runs of one second still differ.
func NewID(now time.Time) string {
	var tail [2]byte
	rand.Read(tail[:]) // never fails: crypto/rand ends the program instead
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(tail[:])
}

// ValidID reports whether id has the form that NewID gives.
func ValidID(id string) bool { return idPattern.MatchString(id) }
