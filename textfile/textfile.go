// Package textfile reads text that a person or a command has written to a file:
// editors and shells differ in the encoding and in what they put in front.
package textfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// UTF8 returns the text of a file without its byte order mark. Its error names the
// encoding of what is not UTF-8.
func UTF8(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")), hasZero(data):
		return nil, errors.New("this is UTF-16 text, as `>` in Windows PowerShell writes it; " +
			"save it as UTF-8, for instance with `| Out-File -Encoding utf8`")
	case !utf8.Valid(data):
		return nil, errors.New("this is not UTF-8 text; save it as UTF-8")
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// hasZero reports whether one of the first two bytes is zero: UTF-16 without a byte
// order mark begins so, and no text in UTF-8 does.
func hasZero(data []byte) bool { return bytes.IndexByte(data[:min(2, len(data))], 0) >= 0 }

// JSON decodes the text of a file that holds one JSON value. Unknown members, a
// second value and an empty file are errors.
func JSON(data []byte, into any) error {
	text, err := UTF8(data)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return ErrEmpty
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("not valid at byte %d: %w", decoder.InputOffset(), err)
	}
	if err := decoder.Decode(new(json.RawMessage)); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value: remove what comes after the first")
	}
	return nil
}

// ErrEmpty is the error for a file with nothing in it.
var ErrEmpty = errors.New("the file is empty")
