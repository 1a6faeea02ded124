package cost

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// Total is what the run costs, as a range in whole cents.
func (e Estimate) Total() string { return dollars(e.Low, e.High) }

// Hour is what an hour more costs, likewise.
func (e Estimate) Hour() string { return dollars(e.HourLow, e.HourHigh) }

// dollars rounds the low end down and the high end up: more digits would promise
// what the estimate does not know.
func dollars(low, high float64) string {
	return fmt.Sprintf("$%.2f to $%.2f", math.Floor(low*100)/100, math.Ceil(high*100)/100)
}

// instances is how many there are at any time.
func instances(low, high int) string {
	if low == high {
		return strings.TrimSuffix(fmt.Sprintf("%d instances", high), map[bool]string{true: "s"}[high == 1])
	}
	return fmt.Sprintf("%d to %d instances", low, high)
}

// Write writes the estimate for a person. Width is that of the terminal in columns,
// 0 if there is none: notes that do not fit are left out, and a line says so.
func Write(w io.Writer, e Estimate, width int) error {
	fmt.Fprintf(w, "%s, %s, %s for %.4g h\n\n", e.Region, e.InstanceType, instances(e.MinSize, e.MaxSize), e.Hours)
	text, err := table(e, true)
	short := err == nil && width > 0 && columns(text) > width
	if short {
		text, err = table(e, false)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\nEach further hour costs %s.\n", text, e.Hour())
	if short {
		fmt.Fprintln(w, "A wider terminal, or --json, also shows what each item covers.")
	}
	fmt.Fprintf(w, "\nPrices of %s: %s. %s\n", e.PricesOf, e.Source, e.Verify)
	for _, note := range e.Notes {
		fmt.Fprintln(w, note)
	}
	return nil
}

// table is the items, with or without what each counts.
func table(e Estimate, notes bool) (string, error) {
	var text bytes.Buffer
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, i := range e.Items {
		cells := []string{i.Name, fmt.Sprintf("$%.3f to $%.3f", i.Low, i.High), fmt.Sprintf("%s at $%g", i.Quantity, i.UnitPrice)}
		if notes && i.Note != "" {
			cells = append(cells, i.Note)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	fmt.Fprintf(t, "total\t%s\n", e.Total())
	err := t.Flush()
	return text.String(), err
}

// columns is the length of the longest line.
func columns(text string) (most int) {
	for line := range strings.Lines(text) {
		most = max(most, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
	}
	return most
}
