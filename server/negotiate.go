package server

import (
	"cmp"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// negotiate returns which of the offered media types the client likes best, the
// first of them when it does not say, and a problem when it takes none.
func negotiate(c *gin.Context, offered ...string) (string, error) {
	c.Writer.Header().Add("Vary", "Accept")
	accept := strings.Join(c.Request.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return offered[0], nil
	}
	best, liked := "", 0.0
	for _, o := range offered {
		if q := quality(accept, o); q > liked {
			best, liked = o, q
		}
	}
	if best == "" {
		return "", newProblem(http.StatusNotAcceptable, "no format that Accept allows is available: accept %s", strings.Join(offered, " or "))
	}
	return best, nil
}

// quality is how much the header wants the media type, from 0 (not at all) to
// 1: what its most specific range says (RFC 9110, 12.5.1).
func quality(accept, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	found, q := 0, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		specific := 0
		switch media {
		case mediaType:
			specific = 3
		case kind + "/*":
			specific = 2
		case "*/*":
			specific = 1
		}
		if specific > found {
			found, q = specific, weight(parameters["q"])
		}
	}
	return q
}

func weight(text string) float64 {
	q, err := strconv.ParseFloat(cmp.Or(text, "1"), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
