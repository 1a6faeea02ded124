// Package lines has lines of more than 140 characters.
package lines

// https://example.com/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx

const (
	exact  = "word word word word word word word word word word word word word word word word word word word word word word word word xxxxxxxx"
	umlaut = "äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü "
	long   = "word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word" // want "the line has [0-9]+ characters"
	raw    = `word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word`
	both   = `word word word word word word word word word word word word word word word word word word word word xxxxxxxxxxxxxxxxxxxxxxxxx
word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word`
)
