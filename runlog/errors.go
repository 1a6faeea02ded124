package runlog

import "fmt"

// TamperedError says that a file of a sealed run is not what was sealed.
type TamperedError struct {
	File string // slash-separated, relative to the run's folder
	What string // what is wrong: "SHA-256 is …, sealed was …"
}

// Error names the file and says that the folder is no evidence any more.
func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s %s; use an unchanged copy of the folder", e.File, e.What)
}

// FormatError says that a file of a run cannot be read as what it should be.
type FormatError struct {
	File string
	Line int64 // 1-based; 0 when the file as a whole is meant
	Err  error
}

// Error names the file, the line and what is wrong there.
func (e *FormatError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns what is wrong.
func (e *FormatError) Unwrap() error { return e.Err }
