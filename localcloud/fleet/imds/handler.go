package imds

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	maxTTL      = 21600 // seconds: six hours
)

// NewHandler serves the metadata of i: PUT /latest/api/token, and GET below
// /latest/meta-data/ and /latest/dynamic/ with the token. What i does not have
// (user data, an IAM role unless it has one) is 404, as on an instance without.
func NewHandler(i Instance) http.Handler {
	return &handler{tokens: newTokens(), tree: newTree(i)}
}

type handler struct {
	tokens *tokens
	tree   tree
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "EC2ws")
	switch {
	case r.Method == http.MethodPut && strings.TrimSuffix(r.URL.Path, "/") == "/latest/api/token":
		h.putToken(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS, PUT")
		fail(w, http.StatusMethodNotAllowed)
	case !h.tokens.valid(r.Header.Get(tokenHeader), time.Now()):
		fail(w, http.StatusUnauthorized)
	default:
		h.read(w, r)
	}
}

// putToken gives a session token. What came through a proxy is refused, lest
// the proxy of some web application open the metadata to the world.
func (h *handler) putToken(w http.ResponseWriter, r *http.Request) {
	if len(r.Header.Values("X-Forwarded-For")) > 0 {
		fail(w, http.StatusForbidden)
		return
	}
	ttl, err := strconv.Atoi(r.Header.Get(ttlHeader))
	if err != nil || ttl < 1 || ttl > maxTTL {
		fail(w, http.StatusBadRequest)
		return
	}
	w.Header().Set(ttlHeader, strconv.Itoa(ttl))
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, h.tokens.mint(time.Now().Add(time.Duration(ttl)*time.Second)))
}

func (h *handler) read(w http.ResponseWriter, r *http.Request) {
	body, ok := h.tree.read(r.URL.Path)
	if !ok {
		fail(w, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	io.WriteString(w, body)
}

// fail answers with a small page, as EC2 does.
func fail(w http.ResponseWriter, status int) {
	title := fmt.Sprintf("%d - %s", status, http.StatusText(status))
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprintf(
		w, "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n", title,
		title,
	)
}
