package mix

import (
	"regexp"
	"strconv"
	"strings"
)

// marker is a place in a text where a value goes.
var marker = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// Columns that no file has.
const (
	columnNone = -1 - iota
	columnUser
	columnSeq
)

// template is a text with places for values.
type template []piece

// piece is a literal text, and the column whose value follows.
type piece struct {
	literal []byte
	column  int
}

// parse reads a text. column finds a marker's column by its name, and by the text before.
func parse(text string, column func(name, before string) (int, error)) (template, error) {
	var t template
	end := 0
	for _, at := range marker.FindAllStringSubmatchIndex(text, -1) {
		c, err := column(strings.TrimSpace(text[at[2]:at[3]]), text[:at[0]])
		if err != nil {
			return nil, err
		}
		t = append(t, piece{[]byte(text[end:at[0]]), c})
		end = at[1]
	}
	return t.then(text[end:]), nil
}

// then returns the template with a literal text behind it.
func (t template) then(text string) template {
	if text == "" {
		return t
	}
	return t.and(template{{[]byte(text), columnNone}})
}

// and returns the template with another one behind it, in as few pieces as possible.
func (t template) and(more template) template {
	for _, p := range more {
		if last := len(t) - 1; last >= 0 && t[last].column == columnNone {
			t[last] = piece{append(t[last].literal, p.literal...), p.column}
		} else {
			t = append(t, p)
		}
	}
	return t
}

// draw is what request seq is.
type draw struct {
	*entry
	seq  uint64
	user uint64 // with a leading 1, which keeps the zeros that follow
	row  int

	digits [20]byte // of a value
}

// value is a column's value, valid until the next one.
func (d *draw) value(column int) []byte {
	switch column {
	case columnNone:
		return nil // without a look at d
	case columnUser:
		return strconv.AppendUint(d.digits[:0], d.user, 10)[1:]
	case columnSeq:
		return strconv.AppendUint(d.digits[:0], d.seq, 10)
	}
	return d.rows[d.row][column]
}

// expand appends the text with its values.
func (t template) expand(to []byte, d *draw) []byte {
	for i := range t {
		to = append(to, t[i].literal...)
		to = append(to, d.value(t[i].column)...)
	}
	return to
}

// size is how many bytes expand appends.
func (t template) size(d *draw) (n int) {
	for i := range t {
		n += len(t[i].literal) + len(d.value(t[i].column))
	}
	return n
}

// whole is the text if it is in memory in one piece, and need not be put together.
func (t template) whole(d *draw) (text []byte, ok bool) {
	switch {
	case len(t) == 0:
		return nil, true
	case len(t) > 1:
		return nil, false
	case t[0].column == columnNone:
		return t[0].literal, true
	}
	if len(t[0].literal) > 0 || t[0].column < 0 {
		return nil, false
	}
	return d.rows[d.row][t[0].column], true // by value, d would have to be on the heap
}
