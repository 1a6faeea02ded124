// Package reports turns the record of a run and its verdict into what people
// and CI systems read: report.html, which needs nothing outside itself,
// report.md, junit.xml and plots/ as SVG and PNG.
//
// Write is all a command needs. The package decides nothing: every status in a
// report is the judge's. The same record and verdict give the same bytes.
package reports
