package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// MinKnown is the least length of a text to look for, in bytes. A shorter one
// would be found by chance in the random bytes of a large store.
const MinKnown = 6

// kind is what is looked for.
type kind int

const (
	plaintext kind = iota
	secret         // bytes of a key
	sealed         // bytes of a record as it is stored
)

// searchPattern is something to look for, in one encoding.
type searchPattern struct {
	kind     kind
	what     string // names it without showing it
	encoding string
	bytes    []byte
}

// patternsOf is a text in every encoding in which a database, a log or a program
// might have written it by mistake. Those shorter than MinKnown are left out.
func patternsOf(k kind, what string, text []byte) []searchPattern {
	forms := []searchPattern{
		{k, what, "as it is", text},
		{k, what, "reversed", reversed(text)},
		{k, what, "in hexadecimal", []byte(hex.EncodeToString(text))},
		{k, what, "in upper-case hexadecimal", bytes.ToUpper([]byte(hex.EncodeToString(text)))},
		{k, what, "in UTF-16LE", inUTF16(text, binary.LittleEndian)},
		{k, what, "in UTF-16BE", inUTF16(text, binary.BigEndian)},
		{k, what, "percent-encoded", []byte(url.QueryEscape(string(text)))},
		{k, what, "in JSON", inJSON(text)},
	}
	for offset := range 3 {
		forms = append(forms,
			searchPattern{k, what, "in base64", inBase64(base64.RawStdEncoding, text, offset)},
			searchPattern{k, what, "in URL-safe base64", inBase64(base64.RawURLEncoding, text, offset)})
	}
	forms = append(forms, asNumber(k, what, text)...)
	var distinct []searchPattern
	for _, form := range forms {
		same := func(p searchPattern) bool { return bytes.Equal(p.bytes, form.bytes) }
		if len(form.bytes) >= MinKnown && !slices.ContainsFunc(distinct, same) {
			distinct = append(distinct, form)
		}
	}
	return distinct
}

// asNumber are the binary forms of a text that is an integer.
func asNumber(k kind, what string, text []byte) []searchPattern {
	digits := strings.TrimPrefix(string(text), "-")
	if strings.Trim(digits, "0123456789") != "" {
		return nil
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return nil
	}
	packed, _ := hex.DecodeString(digits[len(digits)%2:])
	forms := []searchPattern{
		{k, what, "as a big-endian integer", n.Bytes()},
		{k, what, "as a little-endian integer", reversed(n.Bytes())},
		{k, what, "as packed decimal digits", packed},
	}
	return slices.DeleteFunc(forms, func(p searchPattern) bool { return monotonous(p.bytes) })
}

// monotonous says that b has so few different bytes that any file may contain it:
// 2^100 is a sixteen and twelve zeros.
func monotonous(b []byte) bool {
	var seen [256]bool
	different := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			different++
		}
	}
	return different < 4
}

func reversed(b []byte) []byte {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return b
}

func inUTF16(text []byte, order binary.AppendByteOrder) (out []byte) {
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func inJSON(text []byte) []byte {
	out, err := json.Marshal(string(text))
	if err != nil {
		return nil
	}
	return bytes.Trim(out, `"`)
}

// inBase64 is the part of a base64 text that does not depend on what is
// before and after text, where that begins offset bytes into a group of three.
func inBase64(encoding *base64.Encoding, text []byte, offset int) []byte {
	out := []byte(encoding.EncodeToString(append(make([]byte, offset), text...)))
	first := (offset*8 + 5) / 6
	end := (offset + len(text)) * 8 / 6
	if first >= end {
		return nil
	}
	return out[first:end]
}
