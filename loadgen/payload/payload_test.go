package payload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
)

func spec() Spec {
	return Spec{Operation: "*", Digits: Range{Min: 30, Max: 60}, Bodies: 16, Seed: 7}
}

func TestABodyIsJSONAndItsAnswerIsRight(t *testing.T) {
	for _, operation := range []string{"*", "+", "-"} {
		s := spec()
		s.Operation = operation
		set, err := Make(s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range set.Len() {
			var in struct {
				Operation string
				Operands  []string
			}
			if err := json.Unmarshal(set.Body(i), &in); err != nil {
				t.Fatalf("Body(%d) = %s: %v", i, set.Body(i), err)
			}
			x, _ := new(big.Rat).SetString(in.Operands[0])
			y, _ := new(big.Rat).SetString(in.Operands[1])
			want := map[string]func(a, b *big.Rat) *big.Rat{"*": new(big.Rat).Mul, "+": new(big.Rat).Add, "-": new(big.Rat).Sub}[operation](x, y)
			if right := fmt.Sprintf(`{"result":"%s"}`, want.Num()); !set.Answered(i, []byte(right)) {
				t.Errorf("Answered(%d, %s) = false, want true", i, right)
			}
			for _, wrong := range []string{
				"", "{}", `{"result":"1"}`, fmt.Sprintf(`{"result":"%s0"}`, want.Num()), fmt.Sprintf(`{"result":"1%s"}`, want.Num()),
			} {
				if set.Answered(i, []byte(wrong)) {
					t.Errorf("Answered(%d, %s) = true, want false", i, wrong)
				}
			}
			for _, operand := range in.Operands {
				if len(operand) < 30 || len(operand) > 60 || operand[0] == '0' {
					t.Errorf("operand %s has %d digits, want 30 to 60 and no leading zero", operand, len(operand))
				}
			}
		}
	}
}

func TestTheSameSeedMakesTheSameBodies(t *testing.T) {
	first, err := Make(spec())
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Make(spec())
	other := spec()
	other.Seed++
	different, _ := Make(other)
	for i := range first.Len() {
		if !bytes.Equal(first.Body(i), again.Body(i)) {
			t.Errorf("Body(%d) differs for the same seed", i)
		}
		if bytes.Equal(first.Body(i), different.Body(i)) {
			t.Errorf("Body(%d) is the same for another seed", i)
		}
	}
}

func TestEveryFaultOfASpecIsTold(t *testing.T) {
	tests := []struct {
		name string
		spec Spec
		want []string
	}{
		{"a good spec has none", spec(), nil},
		// 0 to 0 is a range, though not of digits, so its end is not told twice.
		{"the zero spec", Spec{}, []string{"operation", "digits.min", "bodies"}},
		{"a range the wrong way round", Spec{Operation: "*", Digits: Range{Min: 9, Max: 8}, Bodies: 1}, []string{"digits.max"}},
		{"a minimum that the maximum is not held against", Spec{Operation: "+", Digits: Range{Min: maxDigits + 1, Max: 8}, Bodies: 1},
			[]string{"digits.min"}},
		{"too many digits", Spec{Operation: "+", Digits: Range{Min: 1, Max: maxDigits + 1}, Bodies: 1}, []string{"digits.max"}},
		{"negative bodies", Spec{Operation: "-", Digits: Range{Min: 1, Max: 1}, Bodies: -1}, []string{"bodies"}},
	}
	for _, tt := range tests {
		var got []string
		for _, f := range tt.spec.Faults() {
			got = append(got, f.Key)
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: Faults() = %v, want %v", tt.name, got, tt.want)
		}
		if _, err := Make(tt.spec); (err != nil) != (len(tt.want) > 0) {
			t.Errorf("%s: Make() = %v, want an error: %v", tt.name, err, len(tt.want) > 0)
		}
	}
}

func BenchmarkAnswered(b *testing.B) {
	set, err := Make(Spec{Operation: "*", Digits: Range{Min: 14000, Max: 14000}, Bodies: 1})
	if err != nil {
		b.Fatal(err)
	}
	answer := fmt.Appendf(nil, `{"result":%s}`, set.items[0].answer)
	for b.Loop() {
		if !set.Answered(0, answer) {
			b.Fatal("Answered() = false")
		}
	}
}
