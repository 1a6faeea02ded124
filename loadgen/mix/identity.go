package mix

import (
	"bytes"
	"strings"

	"secondwind/loadgen/client"
)

// identity is an Identity that was prepared.
type identity struct {
	header string // "" with the others nil: no answer is asked
	cookie []byte // name=
	json   []string
}

func (i Identity) prepare() identity {
	switch {
	case i.Cookie != "":
		return identity{cookie: []byte(i.Cookie + "=")}
	case i.JSON != "":
		return identity{json: strings.Split(i.JSON, ".")}
	case i.Header != "":
		return identity{header: i.Header}
	case i.Target:
		return identity{}
	}
	return identity{header: Calculator.Header}
}

// of is who gave an answer, nil if it does not say.
func (i *identity) of(a *client.Answer) []byte {
	switch {
	case i.cookie != nil:
		for line := range a.Headers("Set-Cookie") {
			if value, ok := bytes.CutPrefix(line, i.cookie); ok {
				value, _, _ = bytes.Cut(value, []byte(";"))
				return bytes.TrimSpace(value)
			}
		}
		return nil
	case i.json != nil:
		value, _ := find(a.Body, i.json)
		return value
	case i.header == "":
		return nil
	}
	return a.Header(i.header)
}
