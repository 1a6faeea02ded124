package awsapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	amzDate    = "20060102T150405Z"

	// maxSkew is how far a request's date may be off. Source: AWS General
	// Reference, "Troubleshooting requests".
	maxSkew = 5 * time.Minute
)

// authorization is the parsed Authorization header of Signature Version 4.
type authorization struct {
	accessKeyID           string
	date, region, service string   // credential scope; date is YYYYMMDD
	signedHeaders         []string // in lower case, as the client ordered them
	signature             []byte
}

// scope is the credential scope as it is signed.
func (a authorization) scope() string {
	return strings.Join([]string{a.date, a.region, a.service, terminator}, "/")
}

// parseAuthorization parses a header such as
//
//	AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, Signature=5d67…
func parseAuthorization(header string) (a authorization, err error) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return a, fmt.Errorf("the algorithm is not %s", algorithm)
	}
	parts := make(map[string]string)
	for part := range strings.SplitSeq(rest, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := parts[key]; !ok || twice {
			return a, fmt.Errorf("%.40q is not a key=value pair, or is there twice", part)
		}
		parts[key] = value
	}
	if len(parts) != 3 {
		return a, errors.New("it needs exactly Credential, SignedHeaders and Signature")
	}
	credential := strings.Split(parts["Credential"], "/")
	if len(credential) != 5 || slices.Contains(credential, "") || credential[4] != terminator {
		return a, errors.New("the Credential is not KEY/DATE/REGION/SERVICE/" + terminator)
	}
	a.accessKeyID, a.date, a.region, a.service = credential[0], credential[1], credential[2], credential[3]
	if a.signedHeaders, err = parseSignedHeaders(parts["SignedHeaders"]); err != nil {
		return a, err
	}
	if a.signature, err = hex.DecodeString(parts["Signature"]); err != nil || len(a.signature) != sha256.Size {
		return a, errors.New("the Signature is not 64 hexadecimal digits")
	}
	return a, nil
}

// parseSignedHeaders parses names separated by semicolons.
func parseSignedHeaders(s string) ([]string, error) {
	names := strings.Split(s, ";")
	seen := make(map[string]bool)
	for _, name := range names {
		if name == "" || name != strings.ToLower(name) || seen[name] {
			return nil, fmt.Errorf("%.40q is not in lower case in SignedHeaders, or is empty or there twice", name)
		}
		seen[name] = true
	}
	if !seen["host"] {
		return nil, errors.New("'Host' must be a 'SignedHeader' in the AWS Authorization")
	}
	return names, nil
}

// credentials are what requests must be signed with, for one region.
type credentials struct {
	accessKeyID, secretAccessKey, sessionToken string
	region                                     string // "" accepts every region
}

// verify checks the signature of a request whose body, as sent, is body. That
// the scope's service is the one that is called remains to be checked.
func (c credentials) verify(r *http.Request, body []byte, f family, now time.Time) *Error {
	header := r.Header["Authorization"]
	if len(header) == 0 {
		return f.refuse(
			missingAuthentication, "Request is missing Authentication Token: sign it with Signature Version 4 in the Authorization header.",
		)
	}
	if len(header) > 1 {
		return f.refuse(incompleteSignature, "Authorization header: it is there %d times.", len(header))
	}
	a, err := parseAuthorization(header[0])
	if err != nil {
		return f.refuse(incompleteSignature, "Authorization header: %v.", err)
	}
	if refused := c.verifyScope(r, a, f, now); refused != nil {
		return refused
	}
	canonical, err := canonicalRequest(r, a.signedHeaders, body)
	if err != nil {
		return f.refuse(incompleteSignature, "%v.", err)
	}
	want := c.sign(a, r.Header.Get("X-Amz-Date"), canonical)
	if !hmac.Equal(want, a.signature) {
		return f.refuse(
			wrongSignature,
			"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
		)
	}
	return nil
}

// verifyScope checks everything about the request that needs no secret.
func (c credentials) verifyScope(r *http.Request, a authorization, f family, now time.Time) *Error {
	if !equal(a.accessKeyID, c.accessKeyID) || !equal(r.Header.Get("X-Amz-Security-Token"), c.sessionToken) {
		if f == ec2Family {
			return f.refuse(unknownKey, "AWS was not able to validate the provided access credentials.")
		}
		return f.refuse(unknownKey, "The security token included in the request is invalid.")
	}
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(a.signedHeaders, name) {
			return f.refuse(incompleteSignature, "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	if c.region != "" && a.region != c.region {
		return f.refuse(wrongSignature, "Credential should be scoped to a valid region: '%s', not '%s'.", c.region, a.region)
	}
	return verifyDate(r, a, f, now)
}

// verifyDate checks the date that is signed against the scope and the clock.
func verifyDate(r *http.Request, a authorization, f family, now time.Time) *Error {
	date, err := time.Parse(amzDate, r.Header.Get("X-Amz-Date"))
	if err != nil {
		return f.refuse(incompleteSignature, "Header X-Amz-Date is missing or not of the form YYYYMMDDTHHMMSSZ.")
	}
	if a.date != date.Format("20060102") {
		return f.refuse(
			wrongSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'.", a.date,
			date.Format("20060102"),
		)
	}
	if skew := now.Sub(date); skew > maxSkew {
		return f.refuse(expiredSignature, "Signature expired: %s is now earlier than %s (%s - 5 min.).",
			date.Format(amzDate), now.Add(-maxSkew).UTC().Format(amzDate), now.UTC().Format(amzDate))
	} else if skew < -maxSkew {
		return f.refuse(expiredSignature, "Signature not yet current: %s is still later than %s (%s + 5 min.).",
			date.Format(amzDate), now.Add(maxSkew).UTC().Format(amzDate), now.UTC().Format(amzDate))
	}
	return nil
}

// equal compares in a time that does not tell how much of a is right.
func equal(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// sign computes the signature of a canonical request.
func (c credentials) sign(a authorization, date, canonical string) []byte {
	digest := sha256.Sum256([]byte(canonical))
	toSign := strings.Join([]string{algorithm, date, a.scope(), hex.EncodeToString(digest[:])}, "\n")
	key := []byte("AWS4" + c.secretAccessKey)
	for _, part := range []string{a.date, a.region, a.service, terminator, toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return key
}

// canonicalRequest puts the request into the form that is signed, over exactly
// the headers that the client says it signed.
// Source: AWS General Reference, "Create a signed AWS API request".
func canonicalRequest(r *http.Request, signedHeaders []string, body []byte) (string, error) {
	var b strings.Builder
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	// Every service but S3 encodes the path once more.
	fmt.Fprintf(&b, "%s\n%s\n%s\n", r.Method, escape(path, "/"), query)
	for _, name := range signedHeaders {
		value, ok := headerValue(r, name)
		if !ok {
			return "", fmt.Errorf("the signed header %.40q is missing", name)
		}
		fmt.Fprintf(&b, "%s:%s\n", name, value)
	}
	digest := sha256.Sum256(body)
	fmt.Fprintf(&b, "\n%s\n%s", strings.Join(signedHeaders, ";"), hex.EncodeToString(digest[:]))
	return b.String(), nil
}

// headerValue returns a header's values as they are signed: trimmed, with runs
// of spaces made one, joined by commas. net/http keeps some headers elsewhere.
func headerValue(r *http.Request, name string) (string, bool) {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		values = []string{r.Host}
	case name == "content-length" && r.ContentLength >= 0:
		values = []string{strconv.FormatInt(r.ContentLength, 10)}
	case name == "transfer-encoding":
		values = r.TransferEncoding
	}
	signed := make([]string, len(values))
	for i, value := range values {
		signed[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(signed, ","), len(values) > 0
}

// canonicalQuery sorts the parameters of a URL and encodes them anew.
func canonicalQuery(raw string) (string, error) {
	var pairs [][2]string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return "", fmt.Errorf("URL parameter: %w", err)
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return "", fmt.Errorf("URL parameter %.40q: %w", key, err)
		}
		pairs = append(pairs, [2]string{escape(key, ""), escape(value, "")})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	encoded := make([]string, len(pairs))
	for i, pair := range pairs {
		encoded[i] = pair[0] + "=" + pair[1]
	}
	return strings.Join(encoded, "&"), nil
}

// escape encodes everything but RFC 3986's unreserved characters and keep.
func escape(s, keep string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			strings.IndexByte("-._~"+keep, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
