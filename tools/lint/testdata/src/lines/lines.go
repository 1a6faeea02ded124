// Package lines has lines of more than 140 characters.
package lines

const (
	exact  = "word word word word word word word word word word word word word word word word word word word word word word word word word wo"
	umlaut = "äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü"
	long   = "word word word word word word word word word word word word word word word word word word word word word word word word word wor" // want "the line has 1[0-9]+ characters"
	raw    = `word word word word word word word word word word word word word word word word word word word word word word word word word wor` // want "the line has 1[0-9]+ characters"
	url    = "https://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" // want "the line has 1[0-9]+ characters"
)
