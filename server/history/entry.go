package history

import (
	"bytes"
	"encoding/json"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Entry is one calculation that a user made.
type Entry struct {
	ID         string    `json:"id"` // sorts by time
	Time       time.Time `json:"time"`
	Instance   string    `json:"instance"` // that calculated it
	Operation  string    `json:"operation,omitempty"`
	Operands   []string  `json:"operands,omitempty"`
	Expression string    `json:"expression,omitempty"`
	Result     string    `json:"result"`
	Shortened  bool      `json:"shortened,omitempty"` // operands or result were too long to keep whole
}

const (
	maxOperands  = 64  // that an entry keeps
	maxNameBytes = 128 // of an operation's or an instance's name
	ellipsis     = "…" // stands for what was left out
)

// texts are the parts of an entry that can be long.
func (e *Entry) texts() []*string {
	all := []*string{&e.Expression, &e.Result}
	for i := range e.Operands {
		all = append(all, &e.Operands[i])
	}
	return all
}

// fitted returns the entry with at most max bytes of text: of a text that is too
// long its beginning and its end stay, of many operands the first and the last.
func (e Entry) fitted(max int) Entry {
	e.Operands = slices.Clone(e.Operands)
	if n := len(e.Operands); n > maxOperands {
		e.Operands = slices.Concat(e.Operands[:maxOperands/2], []string{ellipsis}, e.Operands[n-maxOperands/2+1:])
		e.Shortened = true
	}
	e.Operation = shortened(e.Operation, maxNameBytes)
	e.Instance = shortened(e.Instance, maxNameBytes)
	texts := e.texts()
	lengths := make([]int, len(texts))
	for i, t := range texts {
		lengths[i] = len(*t)
	}
	each := share(lengths, max)
	for _, t := range texts {
		if len(*t) > each {
			*t = shortened(*t, each)
			e.Shortened = true
		}
	}
	return e
}

// share is how long each text may be so that all fit into total: the short ones
// leave what they do not need to the long ones.
func share(lengths []int, total int) int {
	lengths = slices.Sorted(slices.Values(lengths))
	for i, length := range lengths {
		each := total / (len(lengths) - i)
		if length > each {
			return each
		}
		total -= length
	}
	return lengths[len(lengths)-1]
}

// shortened cuts the middle out of text so that at most max bytes stay.
func shortened(text string, max int) string {
	if len(text) <= max {
		return text
	}
	half := (max - len(ellipsis)) / 2
	if half < 1 {
		return ""
	}
	return strings.ToValidUTF8(text[:half], "") + ellipsis + strings.ToValidUTF8(text[len(text)-half:], "")
}

// contains says whether what a person would see of the entry has the text in it,
// which is in lower case.
func (e *Entry) contains(lower string) bool {
	for _, text := range append(e.texts(), &e.Operation, &e.Instance) {
		if strings.Contains(strings.ToLower(*text), lower) {
			return true
		}
	}
	return false
}

// minEncoded is the least length of an encoded entry, in bytes.
const minEncoded = 256

// encode writes the entry as JSON, and spaces behind it up to a length that
// reveals little of the entry's own.
func (e Entry) encode() ([]byte, error) {
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false)
	if err := w.Encode(e); err != nil {
		return nil, err
	}
	return append(out.Bytes(), bytes.Repeat([]byte{' '}, padded(out.Len())-out.Len())...), nil
}

// padded rounds a length up to one of few: Padmé's, of which there are about as
// many as the logarithm of the longest, and which add 12 % at most.
// Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
// Communication with PURBs", 2019.
func padded(length int) int {
	length = max(length, minEncoded)
	exponent := bits.Len(uint(length)) - 1
	zero := exponent - bits.Len(uint(exponent)) // so many last bits become 0
	mask := 1<<zero - 1
	return (length + mask) &^ mask
}

func decode(text []byte) (Entry, error) {
	var e Entry
	err := json.Unmarshal(text, &e)
	return e, err
}
