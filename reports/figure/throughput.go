package figure

import "gonum.org/v1/plot/plotter"

// Throughput draws what was offered, completed and failed, and what was due but
// never sent, each per second.
func Throughput(r Run) *Figure {
	f := overTime(r, "throughput", "Offered load and throughput",
		"Requests due (offered), answered as expected (completed), answered otherwise or not at all (failed) and due but never sent "+
			"(dropped), each divided by its interval's length.")
	f.plot.Y.Label.Text = "requests per second"
	for i, s := range []Series{r.Offered, r.Completed, r.Failed, r.Dropped} {
		look := styleAt(i)
		if i == 0 {
			// Completed lies on offered when all goes well, so offered is broader.
			look.Width, look.Color = 5, light()
		}
		f.addLine(s, look, plotter.NoStep)
	}
	return f
}
