//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"secondwind/server/bignum"
)

// rival multiplies in a program of its own: it reads a number of digits from its
// arguments and prints the seconds that decimal in, product and decimal out took.
type rival struct {
	name, program string
	digits        int
	script        string // of Python; rivals without one are measured whole
}

const clocked = `
import sys, time
%s
text = ("1234567890987654321" * (int(sys.argv[1]) // 19 + 1))[:int(sys.argv[1])]
start = time.process_time()
x, y = number(text), number(text)
product = str(x * y)
print(time.process_time() - start)
`

// compareDigits multiplies two numbers of a million digits on one core. The
// rivals whose time grows with the square get a tenth of them too.
func compareDigits(ctx context.Context, o options) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	gmp := fmt.Sprintf(clocked, "from gmpy2 import mpz as number")
	cpython := fmt.Sprintf(clocked, "getattr(sys, 'set_int_max_str_digits', id)(0)\nnumber = int")
	fmt.Printf("%-10s %12s %14s %14s %s\n", "digits", "rival", "rival", "calculator", "rival / calculator")
	for _, r := range []rival{
		{"GMP", "/usr/bin/python3", 100_000, gmp},
		{"GMP", "/usr/bin/python3", 1_000_000, gmp},
		{"CPython", "/usr/bin/python3", 100_000, cpython},
		{"CPython", "/usr/bin/python3", 1_000_000, cpython},
		{"bc", "bc", 100_000, ""},
	} {
		if err := r.compare(ctx, o); err != nil {
			fmt.Printf("%-10d %12s left out: %v\n", r.digits, r.name, err)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	fmt.Println("\nasked: 1,000,000 × 1,000,000 digits in under 1 s on one core, decimal in and out included")
	return nil
}

func (r rival) compare(ctx context.Context, o options) error {
	rounds := o.rounds
	if r.name == "CPython" && r.digits > 500_000 {
		rounds = 1 // a minute each
	}
	var theirs, ours []time.Duration
	for range rounds {
		seconds, err := r.multiply(ctx)
		if err != nil {
			return err
		}
		mine, err := multiply(ctx, r.digits)
		if err != nil {
			return err
		}
		theirs, ours = append(theirs, seconds), append(ours, mine)
	}
	a, b := median(theirs), median(ours)
	fmt.Printf("%-10d %12s %14v %14v %.2f\n", r.digits, r.name, a.Round(time.Millisecond), b.Round(time.Millisecond), a.Seconds()/b.Seconds())
	return nil
}

func operand(digits int) string {
	return strings.Repeat("1234567890987654321", digits/19+1)[:digits]
}

// multiply is our own time.
func multiply(ctx context.Context, digits int) (time.Duration, error) {
	text := operand(digits)
	begun := time.Now()
	_, err := bignum.Limits{}.Answer(ctx, bignum.Question{Operation: bignum.Multiply, Operands: []string{text, text}})
	return time.Since(begun), err
}

func (r rival) multiply(ctx context.Context) (time.Duration, error) {
	if r.script == "" {
		return r.whole(ctx)
	}
	text, err := exec.CommandContext(ctx, r.program, "-c", r.script, fmt.Sprint(r.digits)).Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w (Debian: apt install python3 python3-gmpy2)", r.program, err)
	}
	return time.ParseDuration(strings.TrimSpace(string(text)) + "s")
}

// whole measures a program from start to end.
func (r rival) whole(ctx context.Context) (time.Duration, error) {
	command := exec.CommandContext(ctx, r.program)
	command.Env = append(os.Environ(), "BC_LINE_LENGTH=0")
	command.Stdin = strings.NewReader(operand(r.digits) + "*" + operand(r.digits) + "\n")
	begun := time.Now()
	if _, err := command.Output(); err != nil {
		return 0, fmt.Errorf("%s: %w (Debian: apt install %s)", r.program, err, r.program)
	}
	return time.Since(begun), nil
}
