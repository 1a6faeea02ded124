package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"pgregory.net/rapid"
)

func TestAPatternIsFoundWhereverItStands(t *testing.T) {
	p := searchPattern{plaintext, "x", "as it is", []byte("sought in a haystack")}
	for _, at := range []int{0, 1, chunkBytes - 10, chunkBytes, chunkBytes + 10, chunkBytes + 19, chunkBytes + 20, 2*chunkBytes - 1,
		2*chunkBytes + 30, 3*chunkBytes - 20} {
		hay := bytes.Repeat([]byte("sought in a haystac"), 3*chunkBytes/19+2)[:3*chunkBytes]
		copy(hay[at:], p.bytes)
		want := int64(bytes.Index(hay, p.bytes))
		got := int64(-1)
		size, err := scan(t.Context(), iotest.HalfReader(bytes.NewReader(hay)), []searchPattern{p}, func(_ int, at int64) {
			if got < 0 {
				got = at
			}
		})
		if err != nil || size != int64(len(hay)) || got != want {
			t.Errorf("a pattern at %d: scan = %d bytes, %v, found at %d, want %d bytes and found at %d", at, size, err, got, len(hay), want)
		}
	}
}

// TestATextIsFoundInEveryEncoding writes texts by other means than patternsOf.
func TestATextIsFoundInEveryEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[0-9]{24,60}`), rapid.StringMatching(`[ -~]{12,40}`)).Draw(t, "text")
		around := rapid.SliceOfN(rapid.Byte(), 0, 7)
		before, after := around.Draw(t, "before"), around.Draw(t, "after")
		whole := bytes.Join([][]byte{before, []byte(text), after}, nil)
		utf16be := make([]byte, 0, 2*len(text))
		for _, unit := range utf16.Encode([]rune(text)) {
			utf16be = binary.BigEndian.AppendUint16(utf16be, unit)
		}
		forms := map[string][]byte{
			"as it is": whole, "hexadecimal": []byte(hex.EncodeToString(whole)), "base64": []byte(base64.StdEncoding.EncodeToString(whole)),
			"URL-safe base64": []byte(base64.URLEncoding.EncodeToString(whole)), "UTF-16": utf16be,
		}
		if n, ok := new(big.Int).SetString(text, 10); ok && n.BitLen() > 8*MinKnown && !monotonous(n.Bytes()) {
			forms["an integer"] = append(before, n.Bytes()...)
		}
		for name, form := range forms {
			hit := false
			if _, err := scan(t.Context(), bytes.NewReader(form), patternsOf(plaintext, "x", []byte(text)),
				func(int, int64) { hit = true }); err != nil {
				t.Fatal(err)
			}
			if !hit {
				t.Errorf("%q was not found in %s: %q", text, name, form)
			}
		}
	})
}

func TestANumberThatIsMostlyZerosIsNotLookedForInBinary(t *testing.T) {
	for _, p := range patternsOf(plaintext, "x", []byte("1267650600228229401496703205376")) { // 2^100
		if monotonous(p.bytes) {
			t.Errorf("it is looked for %s: % x stands in any file", p.encoding, p.bytes)
		}
	}
}

func FuzzPatternsNeverPanic(f *testing.F) {
	for _, seed := range []string{"", "1", "-123456789012345678901234567890", "\xff\xfe", "a b&c=d\"\\"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, p := range patternsOf(plaintext, "x", text) {
			if len(p.bytes) < MinKnown {
				t.Errorf("the pattern %s has %d bytes, want at least %d", p.encoding, len(p.bytes), MinKnown)
			}
		}
	})
}
