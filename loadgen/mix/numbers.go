package mix

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Numbers are generated calculations of a calculator.
type Numbers struct {
	Operation string `yaml:"operation,omitempty"` // + - * // % on whole numbers
	Digits    Digits `yaml:"digits,omitempty"`    // of each operand
	// Shape is how a calculation is asked for: calculate ("", the operands by themselves),
	// expression, or batch (ten at a time).
	Shape string `yaml:"shape,omitempty"`
	// Bodies is how many different bodies are made, at most: as many as fit into the pool.
	// 0 means 64.
	Bodies int `yaml:"bodies,omitempty"`
}

// Digits are numbers of decimal digits: those of List, or from Min to Max.
type Digits struct {
	Min int `yaml:"min,omitempty"`
	Max int `yaml:"max,omitempty"`
	// Distribution is uniform (""), or log-uniform: as many from 10 to 100 as from 100 to 1000.
	Distribution string `yaml:"distribution,omitempty"`
	List         []int  `yaml:"list,omitempty"`
}

// The most that may be asked for: a body must stay below the calculator's limit.
const (
	maxDigits     = 2_000_000
	maxBodies     = 10_000
	defaultBodies = 64
	batchSize     = 10
)

// operations are the results of operations, each written into z. They are math/big's, and
// not those of the library that the calculator multiplies with.
var operations = map[string]func(z, x, y *big.Int) *big.Int{
	"+": (*big.Int).Add, "-": (*big.Int).Sub, "*": (*big.Int).Mul, "//": (*big.Int).Quo, "%": (*big.Int).Rem,
}

// shapes are how calculations are sent.
var shapes = map[string]struct {
	path, contentType, format string
	count                     int // calculations in a body
}{
	"":           {"/v1/calculate", "application/json", `{"operation":"%s","operands":["%s","%s"]}`, 1},
	"calculate":  {"/v1/calculate", "application/json", `{"operation":"%s","operands":["%s","%s"]}`, 1},
	"expression": {"/v1/calculate", "application/json", `{"expression":"%[2]s%[1]s%[3]s"}`, 1},
	"batch":      {"/v1/batch", "application/jsonl", `{"operation":"%s","operands":["%s","%s"]}` + "\n", batchSize},
}

func (n Numbers) faults() []Fault {
	var f faults
	f.check(operations[n.Operation] != nil, "operation", "is %q; give one of %s",
		n.Operation, strings.Join(slices.Sorted(maps.Keys(operations)), " "))
	_, known := shapes[n.Shape]
	f.check(known, "shape", "is %q; give calculate, expression or batch", n.Shape)
	f.check(n.Bodies >= 0 && n.Bodies <= maxBodies, "bodies", "is %d; give 1 to %d", n.Bodies, maxBodies)
	f.add("digits.", n.Digits.faults())
	return f.found
}

func (d Digits) faults() []Fault {
	var f faults
	for _, n := range d.List {
		f.check(n >= 1 && n <= maxDigits, "list", "has %d; give 1 to %d", n, maxDigits)
	}
	if len(d.List) > 0 {
		f.check(d.Min == 0 && d.Max == 0 && d.Distribution == "", "list", "is given together with a range; keep one")
		return f.found
	}
	if d.Min < 1 || d.Min > maxDigits {
		f.check(false, "min", "is %d; give 1 to %d", d.Min, maxDigits)
	} else {
		f.check(d.Max >= d.Min && d.Max <= maxDigits, "max", "is %d; give at least digits.min (%d) and at most %d", d.Max, d.Min, maxDigits)
	}
	f.check(slices.Contains([]string{"", "uniform", "log-uniform"}, d.Distribution), "distribution",
		"is %q; give uniform or log-uniform", d.Distribution)
	return f.found
}

func (d Digits) draw(random *rand.Rand) int {
	switch {
	case len(d.List) > 0:
		return d.List[random.IntN(len(d.List))]
	case d.Distribution == "log-uniform":
		low, high := math.Log(float64(d.Min)), math.Log(float64(d.Max+1))
		return min(max(int(math.Exp(low+random.Float64()*(high-low))), d.Min), d.Max)
	}
	return d.Min + random.IntN(d.Max-d.Min+1)
}

// fit is how many bodies fit into limit bytes, with their results if they are wanted.
func (n Numbers) fit(seed uint64, limit int64, results bool) int {
	most := cmp.Or(n.Bodies, defaultBodies)
	for i := range most {
		_, bytes := n.sizes(n.random(seed, i), results)
		if limit -= bytes; limit < 0 {
			return i
		}
	}
	return most
}

// make makes the bodies as rows of one column, and by row the results that an answer must
// hold in this order. The same seed gives the same bytes, on any number of cores.
func (g generated) make() (rows, results [][][]byte) {
	rows = make([][][]byte, g.bodies)
	if g.results {
		results = make([][][]byte, g.bodies)
	}
	var cores errgroup.Group
	cores.SetLimit(runtime.GOMAXPROCS(0))
	for i := range rows {
		cores.Go(func() error {
			random := g.random(g.seed, i)
			digits, _ := g.sizes(random, g.results)
			body, expected := g.one(random, digits, g.results)
			if rows[i] = [][]byte{body}; g.results {
				results[i] = expected
			}
			return nil
		})
	}
	_ = cores.Wait() // nothing in it can fail
	return rows, results
}

// random is where body i comes from.
func (n Numbers) random(seed uint64, i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }

// sizes draws the digits of a body's operands, and estimates how many bytes it needs.
func (n Numbers) sizes(random *rand.Rand, results bool) (digits []int, bytes int64) {
	shape := shapes[n.Shape]
	for range 2 * shape.count {
		d := n.Digits.draw(random)
		digits = append(digits, d)
		bytes += int64(d + len(shape.format))
		if results {
			bytes += int64(d + 2) // a product has as many digits as its factors together, and nothing has more
		}
	}
	return digits, bytes
}

func (n Numbers) one(random *rand.Rand, digits []int, exact bool) (body []byte, results [][]byte) {
	for pair := range slices.Chunk(digits, 2) {
		a, b := number(random, pair[0]), number(random, pair[1])
		body = fmt.Appendf(body, shapes[n.Shape].format, n.Operation, a, b)
		if exact {
			z := operations[n.Operation](new(big.Int), integer(a), integer(b))
			results = append(results, append(z.Append([]byte{'"'}, 10), '"'))
		}
	}
	return body, results
}

// number draws decimal digits, the first one not 0.
func number(random *rand.Rand, n int) []byte {
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = byte('0' + random.IntN(10))
	}
	digits[0] = byte('1' + random.IntN(9))
	return digits
}

// integer reads decimal digits, long ones by halves: big.Int's SetString takes seconds for
// a million of them.
func integer(digits []byte) *big.Int {
	const short = 10_000
	if len(digits) <= short {
		n, _ := new(big.Int).SetString(string(digits), 10) // digits only
		return n
	}
	low := len(digits) / 2
	n := integer(digits[:len(digits)-low])
	n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(low)), nil))
	return n.Add(n, integer(digits[len(digits)-low:]))
}
