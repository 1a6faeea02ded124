package cost

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Total is the range in whole cents, the low end down and the high end up: more
// digits would promise what the estimate does not know.
func (e Estimate) Total() string {
	return fmt.Sprintf("$%.2f to $%.2f", float64(int(e.Low*100))/100, float64(int(e.High*100)+1)/100)
}

// Write writes the estimate for a person.
func Write(w io.Writer, e Estimate) error {
	fmt.Fprintf(w, "%s, %s, %d to %d instances for %.4g h, USD\n\n", e.Region, e.InstanceType, e.MinSize, e.MaxSize, e.Hours)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, i := range e.Items {
		fmt.Fprintf(table, "%s\t%.3f to %.3f\t%s at %g\t%s\n", i.Name, i.Low, i.High, i.Quantity, i.UnitPrice, i.Note)
	}
	fmt.Fprintf(table, "total\t%s\t\t\n", e.Total())
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nPrices of %s: %s. %s\n", e.PricesOf, e.Source, e.Verify)
	for _, note := range e.Notes {
		fmt.Fprintln(w, note)
	}
	return nil
}
