package history

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLongTextsLoseTheirMiddle(t *testing.T) {
	long := "1" + strings.Repeat("0", 98) + "9"
	got := Entry{Operation: "+", Operands: []string{"12345", long}, Result: long}.fitted(45)
	want := Entry{Operation: "+", Operands: []string{"12345", "10000000…000000009"}, Shortened: true}
	want.Operands[1] = "1" + strings.Repeat("0", 7) + ellipsis + strings.Repeat("0", 7) + "9"
	want.Result = want.Operands[1]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fitted differs (-want +got):\n%s", diff)
	}
}

func TestManyOperandsLoseTheirMiddle(t *testing.T) {
	operands := make([]string, 5000)
	for i := range operands {
		operands[i] = "7"
	}
	operands[0], operands[4999] = "1", "2"
	got := Entry{Operands: operands}.fitted(DefaultMaxEntryBytes)
	if n := len(got.Operands); n != maxOperands || got.Operands[0] != "1" || got.Operands[n-1] != "2" || !got.Shortened {
		t.Errorf("fitted keeps %d operands from %s to %s, shortened %v, want %d from 1 to 2, shortened", n, got.Operands[0], got.Operands[n-1],
			got.Shortened, maxOperands)
	}
	if operands[maxOperands/2] != "7" {
		t.Error("fitted changed the caller's operands")
	}
}

func anyEntry(t *rapid.T) Entry {
	return Entry{
		ID: "0198f2a0-0000-7000-8000-000000000000", Time: time.Unix(0, rapid.Int64().Draw(t, "time")).UTC(),
		Instance: rapid.String().Draw(t, "instance"), Operation: rapid.String().Draw(t, "operation"),
		Operands: rapid.SliceOf(rapid.String()).Draw(t, "operands"), Expression: rapid.String().Draw(t, "expression"),
		Result: rapid.String().Draw(t, "result"),
	}
}

func TestFittedEntriesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, most := anyEntry(t), rapid.IntRange(1, 500).Draw(t, "most")
		got := e.fitted(most)
		total := 0
		for _, text := range got.texts() {
			total += len(*text)
			if !utf8.ValidString(*text) {
				t.Errorf("fitted made %q of valid UTF-8", *text)
			}
		}
		if total > most {
			t.Errorf("fitted(%d) has %d bytes", most, total)
		}
		if same := cmp.Equal(e.Operands, got.Operands) && e.Expression == got.Expression && e.Result == got.Result; same == got.Shortened &&
			len(e.Operands) > 0 {
			t.Errorf("fitted says shortened %v, changed %v", got.Shortened, !same)
		}
	})
}

func TestEncodedEntriesComeBackAndHaveFewLengths(t *testing.T) {
	lengths := map[int]bool{}
	rapid.Check(t, func(t *rapid.T) {
		want := anyEntry(t)
		text, err := want.encode()
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		got, err := decode(text)
		if err != nil {
			t.Fatalf("decode(%q): %v", text, err)
		}
		if len(want.Operands) == 0 {
			want.Operands, got.Operands = nil, nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("decode differs (-want +got):\n%s", diff)
		}
		if padded(len(text)) != len(text) {
			t.Errorf("encode has %d bytes, which is not one of the lengths that are used", len(text))
		}
		lengths[len(text)] = true
	})
	for n := 0; n < 1<<16; n++ {
		if p := padded(n); p < n || n >= minEncoded && (p-n)*100 > 12*n {
			t.Fatalf("padded(%d) = %d, want from it to 12 %% more", n, p)
		}
	}
}

func FuzzDecodeNeverPanics(f *testing.F) {
	f.Add([]byte(`{"id":"a","time":"2026-01-01T00:00:00Z","result":"1"}   `))
	f.Add([]byte(`{"operands":[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if e, err := decode(text); err == nil {
			if _, err := e.encode(); err != nil && e.Time.Year() >= 0 && e.Time.Year() <= 9999 {
				t.Errorf("an entry that was decoded does not encode: %v", err)
			}
		}
	})
}
