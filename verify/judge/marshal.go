package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Marshal gives verdict.json: the same bytes for the same verdict. Lists that
// are empty are [], never null.
func (v Verdict) Marshal() ([]byte, error) {
	v.Premises, v.Controls, v.Confounders = filled(v.Premises), filled(v.Controls), filled(v.Confounders)
	v.Chain = filled(v.Chain)
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode verdict: %w", err)
	}
	return buf.Bytes(), nil
}

func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
