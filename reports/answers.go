package reports

import (
	"encoding/json"

	"secondwind/runlog"
)

// answers decodes the answers of one operation; an answer that repeats an
// earlier one is that one.
type answers[T any] struct {
	bySeq map[int64]*T
	// Unreadable counts answers that did not decode.
	Unreadable int
}

// decode returns the answer of an observation, or nil if it was an error or
// cannot be read.
func (a *answers[T]) decode(o runlog.Observation) *T {
	if o.Error != nil {
		return nil
	}
	if a.bySeq == nil {
		a.bySeq = map[int64]*T{}
	}
	if o.Unchanged != 0 && a.bySeq[o.Unchanged] != nil {
		return a.bySeq[o.Unchanged]
	}
	answer := new(T)
	if err := json.Unmarshal(o.Answer, answer); err != nil {
		a.Unreadable++
		return nil
	}
	a.bySeq[o.Seq] = answer
	return answer
}
