package operation

import (
	"encoding/base64"
	"strconv"
)

// Paging is how an operation cuts its answer into pages.
type Paging struct {
	DefaultSize, MaxSize int
	SizeName             string // of the member, for errors
	BadToken             string // error code of a token that is not ours
}

// Page returns a page of items and the token of the next one, nil after the
// last. A token is a place in the list: what comes or goes between two calls may
// be seen twice or missed, as with AWS's own lists.
func Page[T any](items []T, size *int32, token *string, p Paging) ([]T, *string, error) {
	n := p.DefaultSize
	if size != nil {
		if n = int(*size); n < 1 || n > p.MaxSize {
			return nil, nil, Invalidf("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: "+
				"Member must have value between 1 and %d", n, p.SizeName, p.MaxSize)
		}
	}
	start, err := p.Place(token)
	if err != nil {
		return nil, nil, err
	}
	start = min(start, len(items))
	end := min(start+n, len(items))
	if end == len(items) {
		return items[start:end], nil, nil
	}
	return items[start:end], Token(end), nil
}

// Token is the token of the page that begins at a place.
func Token(place int) *string {
	token := base64.RawURLEncoding.EncodeToString([]byte("at:" + strconv.Itoa(place)))
	return &token
}

// Place is where the page of a token begins; without a token, at 0.
func (p Paging) Place(token *string) (int, error) {
	if token == nil || *token == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	if err == nil && len(text) > 3 && string(text[:3]) == "at:" {
		if place, err := strconv.Atoi(string(text[3:])); err == nil && place >= 0 {
			return place, nil
		}
	}
	return 0, Errorf(p.BadToken, "The token '%s' is invalid.", *token)
}
