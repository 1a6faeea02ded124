// Package payload makes the inputs that load is made of, and what must come
// back, before the first request is sent: the time to make them must not count
// as latency.
package payload

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
)

// Spec describes the bodies to make.
type Spec struct {
	Operation string `yaml:"operation"` // + - * on integers
	Digits    Range  `yaml:"digits"`    // of each operand
	Bodies    int    `yaml:"bodies"`    // how many different ones
	Seed      uint64 `yaml:"seed"`
}

// Range is a range of whole numbers, both ends included.
type Range struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

// The most that may be asked for: a body must stay below the calculator's limit.
const (
	maxDigits = 2_000_000
	maxBodies = 10_000
)

// Fault is what is wrong with a key of a Spec, and what would be right.
type Fault struct{ Key, Text string }

// Faults are all that is wrong with the spec.
func (s Spec) Faults() []Fault {
	var found []Fault
	if !slices.Contains([]string{"+", "-", "*"}, s.Operation) {
		found = append(found, Fault{"operation", fmt.Sprintf("is %q; give +, - or *", s.Operation)})
	}
	if s.Digits.Min < 1 || s.Digits.Min > maxDigits {
		found = append(found, Fault{"digits.min", fmt.Sprintf("is %d; give 1 to %d", s.Digits.Min, maxDigits)})
	} else if s.Digits.Max < s.Digits.Min || s.Digits.Max > maxDigits {
		found = append(found, Fault{
			"digits.max", fmt.Sprintf("is %d; give at least digits.min (%d) and at most %d", s.Digits.Max, s.Digits.Min, maxDigits),
		})
	}
	if s.Bodies < 1 || s.Bodies > maxBodies {
		found = append(found, Fault{"bodies", fmt.Sprintf("is %d; give 1 to %d", s.Bodies, maxBodies)})
	}
	return found
}

// Set is a set of request bodies with the answers that they must get.
type Set struct{ items []item }

type item struct{ body, answer []byte }

// Make makes the set: the same spec gives the same bytes.
func Make(s Spec) (*Set, error) {
	if f := s.Faults(); len(f) > 0 {
		return nil, errors.New("payload." + f[0].Key + " " + f[0].Text)
	}
	random := rand.New(rand.NewPCG(s.Seed, 0x70a710ad))
	set := &Set{items: make([]item, s.Bodies)}
	for i := range set.items {
		a, b := number(random, s.Digits), number(random, s.Digits)
		set.items[i] = item{
			body:   fmt.Appendf(nil, `{"operation":%q,"operands":["%s","%s"]}`, s.Operation, a, b),
			answer: fmt.Appendf(nil, `"%s"`, compute(s.Operation, a, b)),
		}
	}
	return set, nil
}

// number draws decimal digits, the first one not 0.
func number(random *rand.Rand, r Range) []byte {
	digits := make([]byte, r.Min+random.IntN(r.Max-r.Min+1))
	for i := range digits {
		digits[i] = byte('0' + random.IntN(10))
	}
	digits[0] = byte('1' + random.IntN(9))
	return digits
}

func compute(operation string, a, b []byte) *big.Int {
	x, _ := new(big.Int).SetString(string(a), 10) // digits only
	y, _ := new(big.Int).SetString(string(b), 10)
	switch operation {
	case "+":
		return x.Add(x, y)
	case "-":
		return x.Sub(x, y)
	default:
		return x.Mul(x, y)
	}
}

// Len is how many bodies there are.
func (s *Set) Len() int { return len(s.items) }

// Body is a body of POST /v1/calculate; it must not be changed.
func (s *Set) Body(i int) []byte { return s.items[i].body }

// Answered reports whether answer holds the right result for body i.
func (s *Set) Answered(i int, answer []byte) bool {
	return bytes.Contains(answer, s.items[i].answer)
}
