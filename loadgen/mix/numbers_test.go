package mix

import (
	"bytes"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// calculated is what a calculator answers to a body of any shape, with numbers computed apart.
func calculated(t *testing.T, body []byte) (answer string, operands []string) {
	t.Helper()
	for line := range bytes.Lines(body) {
		var in struct {
			Operation, Expression string
			Operands              []string
		}
		if err := json.Unmarshal(line, &in); err != nil {
			t.Fatalf("%.200s is no JSON: %v", line, err)
		}
		if in.Expression != "" {
			in.Operation = strings.Trim(in.Expression, "0123456789")
			in.Operands = strings.Split(in.Expression, in.Operation)
		}
		x, _ := new(big.Rat).SetString(in.Operands[0])
		y, _ := new(big.Rat).SetString(in.Operands[1])
		quotient := new(big.Int).Div(x.Num(), y.Num())
		product := new(big.Rat).SetInt(quotient)
		result := map[string]*big.Rat{
			"*": new(big.Rat).Mul(x, y), "+": new(big.Rat).Add(x, y), "-": new(big.Rat).Sub(x, y),
			"//": product, "%": new(big.Rat).Sub(x, new(big.Rat).Mul(product, y)),
		}[in.Operation]
		answer += `{"result":"` + result.Num().String() + `","exact":true}` + "\n"
		operands = append(operands, in.Operands...)
	}
	return answer, operands
}

func numbers(n Numbers) Spec {
	return Spec{Seed: 7, Requests: []Request{{Numbers: n, Expect: Expect{Exact: true}}}}
}

func TestABodyOfNumbersIsJSONAndItsResultIsRight(t *testing.T) {
	for operation := range operations {
		for shape, want := range shapes {
			m := made(t, numbers(Numbers{Operation: operation, Shape: shape, Digits: Digits{Min: 30, Max: 60}, Bodies: 8}))
			for seq := range uint64(16) {
				head, body, _ := strings.Cut(wire(m, seq), "\r\n\r\n")
				right, operands := calculated(t, []byte(body))
				if !strings.HasPrefix(head, "POST "+want.path) || !strings.Contains(head, "\r\nContent-Type: "+want.contentType) {
					t.Errorf("%s: head is %q", shape, head)
				}
				if got := failure(m, seq, 200, right); got != "" || len(operands) != 2*want.count {
					t.Errorf("%s: Failure(%q) = %q to %d operands, want none to %d", shape, right, got, len(operands), 2*want.count)
				}
				for _, wrong := range []string{
					"", "{}", `{"result":"1"}`, strings.Replace(right, `",`, `0",`, 1), strings.Replace(right, `":"`, `":"1`, 1),
				} {
					if got := failure(m, seq, 200, wrong); got != "wrong result" {
						t.Errorf("%s: Failure(%q) = %q, want a wrong result", shape, wrong, got)
					}
				}
				for _, operand := range operands {
					if len(operand) < 30 || len(operand) > 60 || operand[0] == '0' {
						t.Errorf("operand %s has %d digits, want 30 to 60 and no leading zero", operand, len(operand))
					}
				}
			}
		}
	}
}

func TestLongNumbersAreRight(t *testing.T) {
	m := made(t, numbers(Numbers{Operation: "*", Digits: Digits{List: []int{30_001}}, Bodies: 1}))
	_, body, _ := strings.Cut(wire(m, 0), "\r\n\r\n")
	right, operands := calculated(t, []byte(body))
	if got := failure(m, 0, 200, right); got != "" || len(operands[1]) != 30_001 {
		t.Errorf("Failure() = %q with %d digits, want none", got, len(operands[1]))
	}
}

// lengths are the digits of the first operand of each body.
func lengths(t *testing.T, m *Mix) (all []int) {
	t.Helper()
	for _, row := range m.entries[0].rows {
		_, operands := calculated(t, row[0])
		all = append(all, len(operands[0]))
	}
	return all
}

func TestDigitsFollowTheirDistribution(t *testing.T) {
	tests := []struct {
		digits   Digits
		low, mid int // no number is shorter than low; about half of them are shorter than mid
	}{
		{Digits{Min: 10, Max: 1000}, 10, 505},
		{Digits{Min: 10, Max: 1000, Distribution: "uniform"}, 10, 505},
		{Digits{Min: 10, Max: 1000, Distribution: "log-uniform"}, 10, 100},
		{Digits{List: []int{20, 400}}, 20, 400},
		{Digits{Min: 5, Max: 5, Distribution: "log-uniform"}, 5, 6},
	}
	for _, tt := range tests {
		all := lengths(t, made(t, numbers(Numbers{Operation: "+", Digits: tt.digits, Bodies: 1000})))
		slices.Sort(all)
		short, _ := slices.BinarySearch(all, tt.mid)
		if all[0] < tt.low || all[len(all)-1] > max(tt.digits.Max, tt.mid) || tt.digits.Min < tt.digits.Max && (short < 430 || short > 570) {
			t.Errorf("%+v: %d to %d digits, %d of %d below %d", tt.digits, all[0], all[len(all)-1], short, len(all), tt.mid)
		}
	}
}

func TestThePoolBoundsGeneratedBodies(t *testing.T) {
	s := numbers(Numbers{Operation: "*", Digits: Digits{Min: 1000, Max: 1000}, Bodies: 10_000})
	s.Requests = append(s.Requests, s.Requests[0])
	s.Pool = "1MB"
	held := 0
	m := made(t, s)
	for _, e := range m.entries {
		if n := len(e.rows); n < 110 || n != len(e.results) {
			t.Errorf("%d bodies and %d results, want about 120 of each", n, len(e.results))
		}
		for i := range e.rows {
			held += len(e.rows[i][0]) + len(e.results[i][0])
		}
	}
	if held > 1_000_000 || held < 900_000 {
		t.Errorf("bodies and results hold %d bytes, want at most 1000000 and nearly as many", held)
	}
	if _, err := Make(Spec{Pool: "1kB", Requests: s.Requests}, parseURL(t, "http://a"), nil); err == nil ||
		!strings.Contains(err.Error(), "requests[0].numbers: does not fit into the pool") {
		t.Errorf("Make(pool 1kB) = %v, want that the numbers do not fit", err)
	}
}

func TestTheSameSeedMakesTheSameBodies(t *testing.T) {
	s := numbers(Numbers{Operation: "*", Digits: Digits{Min: 30, Max: 60}, Bodies: 16})
	first, again := made(t, s), made(t, s)
	s.Seed++
	other := made(t, s)
	for i, row := range first.entries[0].rows {
		if !bytes.Equal(row[0], again.entries[0].rows[i][0]) {
			t.Errorf("body %d differs for the same seed", i)
		}
		if bytes.Equal(row[0], other.entries[0].rows[i][0]) {
			t.Errorf("body %d is the same for another seed", i)
		}
	}
}

func TestNumbersAreSentAsACalculatorTakesThem(t *testing.T) {
	s := numbers(Numbers{Operation: "-", Digits: Digits{Min: 3, Max: 3}, Bodies: 1})
	s.Users, s.Requests[0].Expect.Status = 200, []string{"200"}
	m := made(t, s)
	head, body, _ := strings.Cut(wire(m, 5), "\r\n\r\n")
	right, _ := calculated(t, []byte(body))
	for _, part := range []string{"POST /v1/calculate HTTP/1.1\r\n", "\r\nCookie: user=u00", "\r\nContent-Type: application/json"} {
		if !strings.Contains(head, part) {
			t.Errorf("head = %q, want %q in it", head, part)
		}
	}
	if got := failure(m, 5, http.StatusOK, right); got != "" {
		t.Errorf("Failure(200) = %q, want none", got)
	}
	if got := failure(m, 5, http.StatusAccepted, right); got != "status 202" {
		t.Errorf("Failure(202) = %q, want a failure", got)
	}
}

// TestWhatCheckFindsIsWhatMakeRefuses: a scenario is checked before anything starts, and
// made once the address of its service is known.
func TestWhatCheckFindsIsWhatMakeRefuses(t *testing.T) {
	open := files(map[string]string{"rows.csv": "id\n1\n", "empty.csv": "id\n", "large.bin": strings.Repeat("x", 2000)})
	exact := Request{Numbers: Numbers{Operation: "*", Digits: Digits{Min: 900, Max: 900}}, Expect: Expect{Exact: true}}
	for _, tt := range []struct {
		name, want string
		spec       Spec
	}{
		{"a good one", "", Spec{Requests: []Request{{Path: "/{{id}}", Rows: "rows.csv"}, exact}}},
		{"a file that is not there", "requests[0].rows", one(Request{Path: "/{{id}}", Rows: "none.csv"})},
		{"a file without rows", "requests[0].rows", one(Request{Path: "/{{id}}", Rows: "empty.csv"})},
		{"a column that is not there", "requests[0].path", one(Request{Path: "/{{name}}", Rows: "rows.csv"})},
		{"a body that is too large", "requests[0].body_file", Spec{Pool: "1kB", Requests: []Request{{BodyFile: "large.bin"}}}},
		{"numbers that are too large", "requests[1].numbers", Spec{Pool: "1kB", Requests: []Request{{}, exact}}},
		{"two faults", "requests[0].rows requests[1].body_file",
			Spec{Requests: []Request{{Path: "/{{id}}", Rows: "none.csv"}, {BodyFile: "none.bin"}}}},
		{"what shows without files", "users", Spec{Users: -1, Requests: []Request{{Rows: "none.csv"}}}},
	} {
		var keys, texts []string
		for _, f := range tt.spec.Check(open) {
			keys, texts = append(keys, f.Key), append(texts, f.Error())
		}
		if got := strings.Join(keys, " "); got != tt.want {
			t.Errorf("%s: Check() finds %q, want %q", tt.name, got, tt.want)
		}
		m, err := Make(tt.spec, parseURL(t, "http://host.test"), open)
		if (err == nil) != (tt.want == "") || (m == nil) != (err != nil) {
			t.Errorf("%s: Make() = %v, want what Check() finds", tt.name, err)
		}
		if err != nil && err.Error() != strings.Join(texts, "\n") {
			t.Errorf("%s: Make() = %v, want %q", tt.name, err, texts)
		}
	}
}

func BenchmarkExactResult(b *testing.B) {
	m := made(b, numbers(Numbers{Operation: "*", Digits: Digits{Min: 14000, Max: 14000}, Bodies: 1}))
	answer := `{"result":` + string(m.entries[0].results[0][0]) + `}`
	e := m.entries[0]
	for b.Loop() {
		if got := e.expect.failure(answerOf(200, answer), e.results[0]); got != "" {
			b.Fatal(got)
		}
	}
}
