package profile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

var _ Profile = Replay{}

// Replay is a Linear of any number of pieces, such as the rates of a day, second by second:
// it searches where a Linear walks. The zero value offers nothing.
type Replay struct {
	pieces Linear
	from   []time.Duration // when each begins
	hits   []float64       // before each
}

// NewReplay returns the pieces, all of which have an end.
func NewReplay(pieces Linear) Replay {
	r := Replay{pieces: pieces}
	var at time.Duration
	var hits float64
	for _, p := range pieces {
		r.from, r.hits = append(r.from, at), append(r.hits, hits)
		at += p.For
		hits += Linear{p}.Hits(p.For)
	}
	return r
}

// ReadReplay reads the rows of a CSV, `seconds,rate`, in the order of time. A rate holds until
// the next row, or goes there in a straight line if it is linear; the first row is at second
// 0, and the last one is the end. A row before them may name the columns. Errors say in which line.
func ReadReplay(src io.Reader, linear bool) (Replay, error) {
	rows := csv.NewReader(src)
	rows.FieldsPerRecord, rows.Comment, rows.TrimLeadingSpace = 2, '#', true
	var pieces Linear
	var last time.Duration
	var lastRate float64
	for n := 0; ; {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			if n < 2 {
				return Replay{}, errors.New("too few rows of seconds,rate: give the rate at second 0 and, last of all, when it ends")
			}
			return NewReplay(pieces), nil
		}
		if err != nil {
			return Replay{}, fmt.Errorf("read rows of seconds,rate: %w", err)
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
			return Replay{}, fmt.Errorf("line %d: %w", line, err)
		}
		if n++; n > 1 {
			to := lastRate
			if linear {
				to = rate
			}
			pieces = append(pieces, Piece{From: lastRate, To: to, For: at - last})
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

// piece is the one in which a time is, or in which a number of hits is passed.
func piece[T time.Duration | float64](of []T, at T) int {
	after, found := slices.BinarySearch(of, at)
	if found { // of pieces that offer nothing, the last
		for after+1 < len(of) && of[after+1] == at {
			after++
		}
		return after
	}
	return max(0, after-1)
}

// Rate implements Profile.
func (r Replay) Rate(at time.Duration) float64 {
	if at < 0 || len(r.pieces) == 0 {
		return 0
	}
	i := piece(r.from, at)
	return r.pieces[i : i+1].Rate(at - r.from[i])
}

// Hits implements Profile.
func (r Replay) Hits(at time.Duration) float64 {
	if at < 0 || len(r.pieces) == 0 {
		return 0
	}
	i := piece(r.from, at)
	return r.hits[i] + r.pieces[i:i+1].Hits(at-r.from[i])
}

// passes is as for any profile.
func (r Replay) passes(n float64) (time.Duration, bool) {
	if n >= r.Hits(r.Duration()) {
		return 0, false
	}
	i := piece(r.hits, n)
	after, ok := passes(r.pieces[i:i+1], n-r.hits[i])
	if !ok { // by rounding
		after = r.pieces[i].For
	}
	return min(r.from[i]+after, r.Duration()-1), true
}

// Duration implements Profile.
func (r Replay) Duration() time.Duration {
	if len(r.pieces) == 0 {
		return 0
	}
	last := len(r.pieces) - 1
	return r.from[last] + r.pieces[last].For
}

// Validate implements Profile.
func (r Replay) Validate() error { return r.pieces.Validate() }
