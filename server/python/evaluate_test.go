package python_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"secondwind/server/python"
)

// question is what /_calculate is asked.
type question struct{ number1, operator, number2 string }

func (q question) String() string {
	return fmt.Sprintf("%.30q %q %.30q", q.number1, q.operator, q.number2)
}

// cases were checked with CPython 3.11; TestPythonAgrees checks them again
// where there is a Python.
var cases = []struct {
	name string
	question
	want string
}{
	{"integers stay integers", question{"2", "+", "3"}, "5"},
	{"integers of any length", question{strings.Repeat("9", 60), "*", "9"}, "8" + strings.Repeat("9", 59) + "1"},
	{"floats show their shortest form", question{"0.1", "+", "0.2"}, "0.30000000000000004"},
	{"division is of floats", question{"6", "/", "3"}, "2.0"},
	{"division by a negative", question{"1", "/", "-8"}, "-0.125"},
	{"a third", question{"1", "/", "3"}, "0.3333333333333333"},
	{"an integer and a float are floats", question{"1.", "+", "1"}, "2.0"},
	{"the last float without an exponent", question{"9999999999999998.0", "+", "0"}, "9999999999999998.0"},
	{"the first large float with an exponent", question{"10000000000000000.0", "+", "0"}, "1e+16"},
	{"the last small float without an exponent", question{"0.0001", "+", "0"}, "0.0001"},
	{"the first small float with an exponent", question{"0.00001", "+", "0"}, "1e-05"},
	{"an exponent of three digits", question{"1" + strings.Repeat("0", 100), "*", "2.5"}, "2.5e+100"},
	{"division by a float that needs an exponent", question{"1", "/", "100000000000000000000"}, "1e-20"},
	{"minus minus", question{"1", "-", "-1"}, "2"},
	{"a negative zero of floats", question{"-0.0", "*", "1"}, "-0.0"},
	{"a negative zero of integers", question{"-0", "*", "1"}, "0"},
	{"an empty first number is a sign", question{"", "-", "3"}, "-3"},
	{"a first number that is only a sign", question{"-", "+", "5"}, "-5"},
	{"zeros are zero", question{"00", "+", "0"}, "0"},
	{"leading zeros of a float", question{"010.5", "+", "0"}, "10.5"},
	{"an empty operator joins the numbers", question{"1", "", "1"}, "11"},
	{"an operator of two signs", question{"1", "+-", "1"}, "0"},
	{"an underflow is zero", question{"0." + strings.Repeat("0", 400) + "1", "+", "0"}, "0.0"},
	{"an integer beyond every float divided", question{"1" + strings.Repeat("0", 400), "/", "1"}, ""},
	{"leading zeros of an integer", question{"05", "+", "1"}, ""},
	{"an empty second number", question{"5", "*", ""}, ""},
	{"an empty divisor", question{"5", "/", ""}, ""},
	{"nothing at all", question{"", "", ""}, ""},
	{"a point alone", question{".", "+", "1"}, ""},
	{"an unknown operator", question{"2", "**", "3"}, ""},
	{"operators that are no expression", question{"1", "+-*/", "1"}, ""},
	{"an expression as a number", question{"1+1", "+", "1"}, ""},
	{"a call as a number", question{"1", "+", "1,exit()"}, ""},
	{"division by zero", question{"-5", "/", "0"}, ""},
	{"division by a negative zero", question{"0.0", "/", "-0"}, ""},
	{"letters", question{"abc", "+", "1"}, ""},
}

func TestEvaluate(t *testing.T) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := python.Evaluate(t.Context(), tt.number1, tt.operator, tt.number2)
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("Evaluate(%v) = %q, %v, want %q", tt.question, got, err, tt.want)
			}
		})
	}
}

func TestEvaluateRefusesWhatJSONCannotSay(t *testing.T) {
	huge := strings.Repeat("9", 308) + ".0"
	if got, err := python.Evaluate(t.Context(), huge, "*", "100"); err == nil {
		t.Errorf("Evaluate(%.10s… * 100) = %q, want an error instead of an infinity", huge, got)
	}
}

// oracle is the original's code. It reads a list of questions and writes a list
// of answers.
const oracle = `
import json, math, re, sys, warnings
warnings.simplefilter("ignore")
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
def calculate(a, operator, b):
    m = re.match(r'^\-?\d*[.]?\d*$', a)
    n = re.match(r'^\-?\d*[.]?\d*$', b)
    if m is None or n is None or operator not in '+-*/':
        return ""
    try:
        result = eval(a + operator + (str(float(b)) if operator == '/' else b))
    except Exception:
        return ""
    return repr(result) if isinstance(result, int) or math.isfinite(result) else ""
print(json.dumps([calculate(*q) for q in json.load(sys.stdin)]))
`

func TestPythonAgrees(t *testing.T) {
	program, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the fixed cases alone are tested")
	}
	questions := combinations()
	asked := make([][3]string, len(questions))
	for i, q := range questions {
		asked[i] = [3]string{q.number1, q.operator, q.number2}
	}
	input, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-c", oracle)
	cmd.Stdin = bytes.NewReader(input)
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("run python3: %v", err)
	}
	var answers []string
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatalf("read python3's answers: %v", err)
	}
	for i, q := range questions {
		got, _ := python.Evaluate(t.Context(), q.number1, q.operator, q.number2)
		if got != answers[i] {
			t.Errorf("Evaluate(%v) = %q, want %q as Python answers", q, got, answers[i])
		}
	}
}

// combinations is the table, and every pair of awkward numbers with every operator.
func combinations() []question {
	var all []question
	for _, c := range cases {
		all = append(all, c.question)
	}
	numbers := []string{
		"", "-", ".", "-.", "0", "-0", "00", "007", "1", "-1", "3", "1.", ".1", "-.5", "0.1", "2.675", "1e5",
		"0.0001", "0.00001234", "123456789012345680", "9007199254740993", "9999999999999999.0", "1000000000000000000000.0",
		"1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070" +
			"9633028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447" +
			"5730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
		strings.Repeat("9", 309), strings.Repeat("7", 5000), "0." + strings.Repeat("0", 330) + "1", "4.9" + strings.Repeat("0", 30) + "1",
	}
	for _, a := range numbers {
		for _, b := range numbers {
			for _, op := range []string{"+", "-", "*", "/", "", "+-", "-*", "*/"} {
				all = append(all, question{a, op, b})
			}
		}
	}
	return all
}

func FuzzEvaluate(f *testing.F) {
	for _, c := range cases {
		f.Add(c.number1, c.operator, c.number2)
	}
	f.Fuzz(func(t *testing.T, number1, operator, number2 string) {
		got, err := python.Evaluate(t.Context(), number1, operator, number2)
		if err == nil && !json.Valid([]byte(got)) {
			t.Errorf("Evaluate(%q %q %q) = %q, which is not JSON", number1, operator, number2, got)
		}
	})
}

func ExampleRepr() {
	for _, f := range []float64{2, 0.1, 1e16, 0.00001} {
		fmt.Println(python.Repr(f))
	}
	// Output:
	// 2.0
	// 0.1
	// 1e+16
	// 1e-05
}
