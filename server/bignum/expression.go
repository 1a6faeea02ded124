package bignum

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"
)

// parser evaluates an expression while it reads it. The grammar, loosest first:
//
//	sum     = term { ("+" | "-") term }
//	term    = sign { ("*" | "/" | "//" | "%") sign }
//	sign    = { "+" | "-" } power              -2^2 is -4
//	power   = postfix [ ("^" | "**") sign ]    2^3^2 is 2^9
//	postfix = atom { "!" }
//	atom    = number | name "(" sum { "," sum } ")" | "(" sum ")"
//
// × · ÷ − are read as * * / -. A name is that of an Operation of letters, with
// "-" or "_".
type parser struct {
	*calculation
	text     string
	at       int  // byte offset of what comes next
	check    bool // read only: nothing is calculated
	depth    int
	operands int
	held     int // digits of the numbers that wait for the rest of what they are in
}

// evaluate reads the whole expression before it calculates anything, so that a
// slip at its end costs nothing.
func (c *calculation) evaluate(ctx context.Context, text string) (number, error) {
	for _, check := range []bool{true, false} {
		p := &parser{calculation: c, text: text, check: check}
		result, err := p.sum(ctx)
		if err == nil && p.peek() != "" {
			err = p.fault(p.at, "%s was not expected here", p.shown())
		}
		if err != nil || !check {
			return result, err
		}
	}
	panic("unreachable: the second reading returns")
}

// fault says what is wrong at a byte offset.
func (p *parser) fault(offset int, format string, args ...any) error {
	return &InputError{Position: utf8.RuneCountInString(p.text[:offset]) + 1, Reason: fmt.Sprintf(format, args...)}
}

// shown describes the next character for an error message.
func (p *parser) shown() string {
	if p.at >= len(p.text) {
		return "the end"
	}
	r, size := utf8.DecodeRuneInString(p.text[p.at:])
	if r == utf8.RuneError && size == 1 {
		return "a byte that is not UTF-8"
	}
	return fmt.Sprintf("%q", r)
}

// typed are the operators of one character that mean themselves; meant are the
// others, the longer before the shorter.
const typed = "+-*/%^!(),"

var meant = [...][2]string{{"**", "^"}, {"//", "//"}, {"×", "*"}, {"·", "*"}, {"÷", "/"}, {"−", "-"}}

// peek returns the operator that comes next, "atom" before anything else, and
// "" at the end.
func (p *parser) peek() string {
	sign, _ := p.next()
	return sign
}

func (p *parser) next() (sign string, length int) {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	rest := p.text[p.at:]
	if rest == "" {
		return "", 0
	}
	if c := rest[0]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '.' {
		return "atom", 0
	}
	for _, m := range meant {
		if rest[0] == m[0][0] && strings.HasPrefix(rest, m[0]) {
			return m[1], len(m[0])
		}
	}
	if strings.IndexByte(typed, rest[0]) >= 0 {
		return rest[:1], 1
	}
	return "atom", 0
}

// accept takes the next operator if it is one of those, and returns it.
func (p *parser) accept(wanted ...string) (sign string, at int) {
	sign, length := p.next()
	for _, w := range wanted {
		if sign == w {
			at, p.at = p.at, p.at+length
			return sign, at
		}
	}
	return "", 0
}

// nest enters a level of nesting; the returned function leaves it.
func (p *parser) nest() (leave func(), err error) {
	if p.depth++; p.depth > p.MaxDepth {
		return nil, p.fault(p.at, "this is nested more than %d levels deep", p.MaxDepth)
	}
	return func() { p.depth-- }, nil
}

func (p *parser) sum(ctx context.Context) (number, error) {
	leave, err := p.nest()
	if err != nil {
		return number{}, err
	}
	defer leave()
	return p.chain(ctx, p.term, "+", "-")
}

func (p *parser) term(ctx context.Context) (number, error) {
	return p.chain(ctx, p.sign, "*", "/", "//", "%")
}

// chain reads what is joined by operators of one rank, from the left.
func (p *parser) chain(ctx context.Context, operand func(context.Context) (number, error), signs ...string) (number, error) {
	x, err := operand(ctx)
	for err == nil {
		sign, at := p.accept(signs...)
		if sign == "" {
			return x, nil
		}
		var y number
		if y, err = p.holding(ctx, x, at, operand); err == nil {
			x, err = p.apply(ctx, Operation(sign), at, x, y)
		}
	}
	return number{}, err
}

// holding reads an operand while x waits for it. Without a bound a short text
// could keep a long number at each of its levels.
func (p *parser) holding(ctx context.Context, x number, at int, operand func(context.Context) (number, error)) (number, error) {
	length := x.size()
	defer func() { p.held -= length }()
	if p.held += length; p.held > maxHeld*p.MaxDigits {
		return number{}, p.fault(at, "the operands that wait here have more than %d digits in total: calculate in several steps",
			maxHeld*p.MaxDigits)
	}
	return operand(ctx)
}

func (p *parser) sign(ctx context.Context) (number, error) {
	negative, first := false, p.at
	for count := 0; ; count++ {
		sign, at := p.accept("+", "-")
		if sign == "" {
			break
		}
		if count == p.MaxDepth {
			return number{}, p.fault(at, "there are more than %d signs in a row", p.MaxDepth)
		}
		negative, first = negative != (sign == "-"), at
	}
	x, err := p.power(ctx)
	if err != nil || !negative {
		return x, err
	}
	return p.apply(ctx, Multiply, first, x, integer(big.NewInt(-1)))
}

func (p *parser) power(ctx context.Context) (number, error) {
	x, err := p.postfix(ctx)
	if err != nil {
		return x, err
	}
	sign, at := p.accept("^")
	if sign == "" {
		return x, nil
	}
	leave, err := p.nest()
	if err != nil {
		return number{}, err
	}
	defer leave()
	y, err := p.holding(ctx, x, at, p.sign)
	if err != nil {
		return number{}, err
	}
	return p.apply(ctx, Power, at, x, y)
}

func (p *parser) postfix(ctx context.Context) (number, error) {
	x, err := p.atom(ctx)
	for err == nil {
		sign, at := p.accept("!")
		if sign == "" {
			return x, nil
		}
		x, err = p.apply(ctx, Factorial, at, x)
	}
	return number{}, err
}

func (p *parser) atom(ctx context.Context) (number, error) {
	sign, at := p.accept("(")
	if sign != "" {
		x, err := p.sum(ctx)
		if err == nil {
			err = p.closed(at)
		}
		return x, err
	}
	if p.peek() != "atom" {
		return number{}, p.fault(p.at, "a number, a function or a parenthesis was expected here, not %s", p.shown())
	}
	if c := p.text[p.at]; c >= '0' && c <= '9' || c == '.' {
		return p.literal(ctx)
	}
	return p.function(ctx)
}

func (p *parser) closed(opened int) error {
	if sign, _ := p.accept(")"); sign == "" {
		return p.fault(opened, "this parenthesis is not closed before %s", p.shown())
	}
	return nil
}

// literal reads digits, a point, and an exponent.
func (p *parser) literal(ctx context.Context) (number, error) {
	if p.operands++; p.operands > p.MaxOperands {
		return number{}, p.fault(p.at, "there are more than %d numbers, the maximum allowed here", p.MaxOperands)
	}
	from := p.at
	p.digits(true)
	if mark := p.at; p.at < len(p.text) && (p.text[p.at] == 'e' || p.text[p.at] == 'E') {
		p.at++
		if p.at < len(p.text) && (p.text[p.at] == '+' || p.text[p.at] == '-') {
			p.at++
		}
		if !p.digits(false) {
			return number{}, p.fault(mark, "an exponent needs digits, such as 1.5e10")
		}
	}
	if p.check {
		return number{}, nil
	}
	d, err := p.parseDecimal(ctx, p.text[from:p.at])
	switch {
	case ctx.Err() != nil:
		return number{}, ctx.Err()
	case err != nil:
		return number{}, p.fault(from, "this number %s", err)
	}
	return number{decimal: d}, nil
}

func (p *parser) digits(point bool) (some bool) {
	from := p.at
	for p.at < len(p.text) && (p.text[p.at] >= '0' && p.text[p.at] <= '9' || point && p.text[p.at] == '.') {
		p.at++
	}
	return p.at > from
}

// function reads a name and its arguments.
func (p *parser) function(ctx context.Context) (number, error) {
	from := p.at
	a, ok := p.name()
	if !ok {
		return number{}, p.fault(from, "%s is neither a number nor a function that is known here: the functions are %s", p.shown(),
			strings.Join(Functions(), " "))
	}
	if sign, _ := p.accept("("); sign == "" {
		return number{}, p.fault(p.at, "%s needs its arguments in parentheses", a.operation)
	}
	opened := p.at
	arguments, err := p.arguments(ctx)
	if err != nil {
		return number{}, err
	}
	if err := p.closed(opened - 1); err != nil {
		return number{}, err
	}
	if err := a.check(len(arguments)); err != nil {
		return number{}, p.fault(from, "%s", err)
	}
	return p.apply(ctx, a.operation, from, arguments...)
}

// arguments reads the arguments of a function, separated by commas.
func (p *parser) arguments(ctx context.Context) ([]number, error) {
	var all []number
	held := p.held
	defer func() { p.held = held }()
	for {
		at := p.at
		x, err := p.sum(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
		if sign, _ := p.accept(","); sign == "" {
			return all, nil
		}
		if p.held += x.size(); p.held > maxHeld*p.MaxDigits {
			return nil, p.fault(at, "the arguments have more than %d digits in total, the maximum allowed here", maxHeld*p.MaxDigits)
		}
	}
}

// Functions returns the names of the operations that an expression calls.
func Functions() []string {
	var names []string
	for _, o := range Operations() {
		if o[0] >= 'a' && o[0] <= 'z' {
			names = append(names, string(o))
		}
	}
	return names
}

// name reads the name of a function; it reads nothing if there is none.
func (p *parser) name() (arity, bool) {
	rest := p.text[p.at:min(len(p.text), p.at+16)]
	length := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz_-"))
	a, ok := Operation(strings.ReplaceAll(rest[:length], "_", "-")).arity()
	if !ok || a.operation[0] < 'a' {
		return arity{}, false
	}
	p.at += length
	return a, true
}

// apply calculates, and reports a fault at the position of the operation.
func (p *parser) apply(ctx context.Context, op Operation, at int, operands ...number) (number, error) {
	if p.check {
		return number{}, nil
	}
	if err := ctx.Err(); err != nil {
		return number{}, err
	}
	for _, o := range operands {
		if o.truth != "" {
			return number{}, p.fault(at, "%s is applied to %q, which is not a number", op, o.truth)
		}
	}
	a, _ := op.arity()
	result, err := a.run(p.calculation, ctx, operands)
	input, ok := errors.AsType[*InputError](err)
	switch {
	case !ok:
		return result, err
	case input.Operand > 0:
		return number{}, p.fault(at, "operand %d of %s %s", input.Operand, op, input.Reason)
	}
	return number{}, p.fault(at, "%s", input.Reason)
}
