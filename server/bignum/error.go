package bignum

import "fmt"

// InputError says why a calculation is not possible. It is the fault of what
// was asked, never of the machine.
type InputError struct {
	// Operand is the operand at fault, from 1; 0 means all together, or the
	// operation.
	Operand int
	// Position is the character of the expression at fault, from 1; 0 where
	// there is no expression.
	Position int
	// Reason continues a sentence whose subject is the operand, or is one.
	Reason string
}

// Error returns one sentence.
func (e *InputError) Error() string {
	switch {
	case e.Position > 0:
		return fmt.Sprintf("at character %d: %s", e.Position, e.Reason)
	case e.Operand > 0:
		return fmt.Sprintf("operand %d %s", e.Operand, e.Reason)
	}
	return e.Reason
}

func tooLong(verb string, digits, maxDigits int) error {
	return fmt.Errorf("%s %d digits; at most %d are allowed here", verb, digits, maxDigits)
}

// resultTooLong refuses a result, or what is needed on the way to it, before it
// is computed.
func resultTooLong(maxDigits int) error {
	return &InputError{Reason: fmt.Sprintf("this needs a number of more than %d digits, the maximum allowed here", maxDigits)}
}
