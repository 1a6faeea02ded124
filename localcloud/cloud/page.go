package cloud

import (
	"encoding/base64"
	"strconv"

	"secondwind/localcloud/awsapi"
)

// paging is how an operation cuts its answer into pages.
type paging struct {
	defaultSize, maxSize int
	sizeName             string // of the member, for errors
	badToken             string // error code of a token that is not ours
}

// pageOf returns a page of items and the token of the next one, nil after the
// last. A token is a place in the list: what comes or goes between two calls may
// be seen twice or missed, as with AWS's own lists.
func pageOf[T any](items []T, size *int32, token *string, p paging) ([]T, *string, error) {
	n := p.defaultSize
	if size != nil {
		if n = int(*size); n < 1 || n > p.maxSize {
			return nil, nil, validationError("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value between 1 and %d", n, p.sizeName, p.maxSize)
		}
	}
	start, err := p.decode(token)
	if err != nil {
		return nil, nil, err
	}
	start = min(start, len(items))
	end := min(start+n, len(items))
	if end == len(items) {
		return items[start:end], nil, nil
	}
	next := encodeToken(end)
	return items[start:end], &next, nil
}

func encodeToken(place int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("at:" + strconv.Itoa(place)))
}

func (p paging) decode(token *string) (int, error) {
	if token == nil || *token == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	if err == nil && len(text) > 3 && string(text[:3]) == "at:" {
		if place, err := strconv.Atoi(string(text[3:])); err == nil && place >= 0 {
			return place, nil
		}
	}
	return 0, &awsapi.Error{Code: p.badToken, Message: "The token '" + *token + "' is invalid."}
}
