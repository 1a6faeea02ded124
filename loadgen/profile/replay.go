package profile

import (
	"cmp"
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

var (
	_ Profile  = Replay{}
	_ inverter = Replay{}
)

// Point is the rate at a time.
type Point struct {
	At   time.Duration // from the profile's start
	Rate float64       // requests per second
}

// Replay is a rate that was recorded or made up as points; the first is at 0, and the last
// one is the end. The zero value is none: use NewReplay, ReadReplay or Parse.
type Replay struct {
	points []Point
	linear bool
	hits   []float64 // before each point
}

// NewReplay returns a profile through the points. The rate goes from one to the next in a
// straight line if it is linear; otherwise it holds until the next.
func NewReplay(points []Point, linear bool) Replay {
	r := Replay{points: slices.Clone(points), linear: linear, hits: make([]float64, len(points))}
	for i := 1; i < len(points); i++ {
		r.hits[i] = r.hits[i-1] + r.within(i-1, points[i].At)
	}
	return r
}

// ReadReplay reads the rows of a CSV, `seconds,rate`, in the order of time. The first row may
// name the columns. Errors say in which line.
func ReadReplay(src io.Reader, linear bool) (Replay, error) {
	rows := csv.NewReader(src)
	rows.FieldsPerRecord = 2
	rows.Comment = '#'
	rows.TrimLeadingSpace = true
	var points []Point
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Replay{}, fmt.Errorf("read rows of seconds,rate: %w", err)
		}
		line, _ := rows.FieldPos(0)
		if line == 1 && strings.TrimSpace(row[0]) == "seconds" {
			continue
		}
		point, err := parsePoint(row)
		if err != nil {
			return Replay{}, fmt.Errorf("line %d: %w", line, err)
		}
		points = append(points, point)
	}
	r := NewReplay(points, linear)
	return r, r.Validate()
}

func parsePoint(row []string) (Point, error) {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(row[0]), 64)
	if err != nil || !(seconds >= 0 && seconds <= forever.Seconds()) {
		return Point{}, fmt.Errorf("%q is not a number of seconds from the start", row[0])
	}
	rate, err := parseRate(row[1])
	return Point{At: time.Duration(math.Round(seconds * float64(time.Second))), Rate: rate}, err
}

// Rate implements Profile.
func (r Replay) Rate(at time.Duration) float64 {
	if at < 0 || at >= r.Duration() {
		return 0
	}
	i := r.row(at)
	if !r.linear {
		return r.points[i].Rate
	}
	from, to := r.points[i], r.points[i+1]
	return from.Rate + (to.Rate-from.Rate)*float64(at-from.At)/float64(to.At-from.At)
}

// Hits implements Profile.
func (r Replay) Hits(at time.Duration) float64 {
	at = min(at, r.Duration())
	if at <= 0 {
		return 0
	}
	i := r.row(at)
	return r.hits[i] + r.within(i, at)
}

// row is the last point that is not after a time of the profile, its end excepted.
func (r Replay) row(at time.Duration) int {
	i, found := slices.BinarySearchFunc(r.points, at, func(p Point, at time.Duration) int { return cmp.Compare(p.At, at) })
	if !found {
		i--
	}
	return min(i, len(r.points)-2)
}

// within are the hits from point i to a time before the next.
func (r Replay) within(i int, at time.Duration) float64 {
	from, to := r.points[i], r.points[i+1]
	t := (at - from.At).Seconds()
	if !r.linear {
		return from.Rate * t
	}
	return from.Rate*t + (to.Rate-from.Rate)*t*t/(2*(to.At-from.At).Seconds())
}

// reaches implements inverter. In a straight line from rate a, which changes by b a second,
// n more hits take t, where a·t + b·t²/2 = n.
func (r Replay) reaches(n float64) time.Duration {
	// The first point that has more hits before it follows the row in which n is reached.
	i, _ := slices.BinarySearchFunc(r.hits, n, func(hits, n float64) int {
		if hits <= n {
			return -1
		}
		return 1
	})
	i = min(max(i-1, 0), len(r.points)-2)
	from, to := r.points[i], r.points[i+1]
	a, b := from.Rate, 0.0
	if r.linear {
		b = (to.Rate - from.Rate) / (to.At - from.At).Seconds()
	}
	n -= r.hits[i]
	if n <= 0 {
		return from.At
	}
	// This form of the root is exact where b is small, and needs none of 0/0.
	t := 2 * n / (a + math.Sqrt(max(0, a*a+2*b*n)))
	return min(from.At+time.Duration(t*float64(time.Second)), to.At)
}

// Duration implements Profile.
func (r Replay) Duration() time.Duration {
	if len(r.points) < 2 {
		return 0
	}
	return r.points[len(r.points)-1].At
}

// Validate implements Profile.
func (r Replay) Validate() error {
	if len(r.points) < 2 {
		return fmt.Errorf("replay: %d points; give the rate at second 0 and, last of all, when it ends", len(r.points))
	}
	if first := r.points[0].At; first != 0 {
		return fmt.Errorf("replay: it begins at %v; the first point is at second 0", first)
	}
	for i, p := range r.points {
		if i > 0 && p.At <= r.points[i-1].At || p.At > forever {
			return fmt.Errorf("replay: point %d is at %v, not after the one before it; sort the points by time", i+1, p.At)
		}
		if err := validRate("replay", p.Rate); err != nil {
			return err
		}
	}
	return nil
}

// String implements Profile: "replay:10@0s,200@1m0s,0@2m0s", or "replay-linear:…".
func (r Replay) String() string {
	var b strings.Builder
	b.WriteString(map[bool]string{false: "replay:", true: "replay-linear:"}[r.linear])
	for i, p := range r.points {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(number(p.Rate) + "@" + p.At.String())
	}
	return b.String()
}

func parseReplay(text string, linear bool) (Profile, error) {
	var points []Point
	for pointText := range strings.SplitSeq(text, ",") {
		rateText, atText, ok := strings.Cut(pointText, "@")
		if !ok {
			return nil, fmt.Errorf("%q is not a rate at a time; write it as in replay:10@0s,200@1m,0@2m", pointText)
		}
		rate, err := parseRate(rateText)
		if err != nil {
			return nil, err
		}
		at, err := parseTime(atText)
		if err != nil {
			return nil, err
		}
		points = append(points, Point{At: at, Rate: rate})
	}
	return NewReplay(points, linear), nil
}
