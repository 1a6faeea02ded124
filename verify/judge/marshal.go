package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Marshal gives verdict.json: the same bytes for the same verdict.
func (v Verdict) Marshal() ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode verdict: %w", err)
	}
	return buf.Bytes(), nil
}
