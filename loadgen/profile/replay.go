package profile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// ReadReplay reads the rows of a CSV, `seconds,rate`, in the order of time. A rate holds until
// the next row, or goes there in a straight line if it is linear; the first row is at second
// 0, and the last one is the end. A row before them may name the columns. Errors say in which line.
func ReadReplay(src io.Reader, linear bool) (Sequence, error) {
	rows := csv.NewReader(src)
	rows.FieldsPerRecord, rows.Comment, rows.TrimLeadingSpace = 2, '#', true
	var pieces []Profile
	var last time.Duration
	var lastRate float64
	for n := 0; ; {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			if n < 2 {
				return Sequence{}, errors.New("too few rows of seconds,rate: give the rate at second 0 and, last of all, when it ends")
			}
			return NewSequence(pieces...), nil
		}
		if err != nil {
			return Sequence{}, fmt.Errorf("read rows of seconds,rate: %w", err)
		}
		line, _ := rows.FieldPos(0)
		if n == 0 && strings.TrimSpace(row[0]) == "seconds" {
			continue
		}
		at, rate, err := readRow(row)
		switch {
		case err != nil:
		case n == 0 && at != 0:
			err = fmt.Errorf("it begins at second %s; the first row is at second 0", row[0])
		case n > 0 && at <= last:
			err = fmt.Errorf("second %s does not come after the row before it; sort the rows by time", row[0])
		}
		if err != nil {
			return Sequence{}, fmt.Errorf("line %d: %w", line, err)
		}
		if n++; n > 1 {
			to := lastRate
			if linear {
				to = rate
			}
			pieces = append(pieces, Linear{{From: lastRate, To: to, For: at - last}})
		}
		last, lastRate = at, rate
	}
}

func readRow(row []string) (at time.Duration, rate float64, err error) {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(row[0]), 64)
	if err != nil || !(seconds >= 0 && seconds < forever.Seconds()) {
		return 0, 0, fmt.Errorf("%q is not a number of seconds from the start", row[0])
	}
	var p parser
	rate = p.rate(row[1])
	if p.err == nil {
		p.err = validRates(rate)
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), rate, p.err
}
