package imds

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// tokenSize is of a token before base64: when it expires, a nonce, a digest.
const tokenSize = 8 + 8 + sha256.Size

// tokens makes and checks session tokens. They carry their own expiry under an
// HMAC, so that nothing has to be remembered and no caller can fill the memory.
type tokens struct{ key [32]byte }

// newTokens returns tokens that no other tokens accept.
func newTokens() *tokens {
	t := new(tokens)
	rand.Read(t.key[:]) // never fails: crypto/rand ends the program instead
	return t
}

// mint returns a token that is good until expires.
func (t *tokens) mint(expires time.Time) string {
	raw := make([]byte, 16, tokenSize)
	binary.BigEndian.PutUint64(raw, uint64(expires.UnixNano()))
	rand.Read(raw[8:])
	return base64.RawURLEncoding.EncodeToString(t.sum(raw))
}

// valid reports whether token was minted here and is still good at now.
func (t *tokens) valid(token string, now time.Time) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenSize {
		return false
	}
	if !hmac.Equal(raw, t.sum(raw[:16:16])) {
		return false
	}
	return now.UnixNano() < int64(binary.BigEndian.Uint64(raw))
}

// sum appends the digest to head.
func (t *tokens) sum(head []byte) []byte {
	h := hmac.New(sha256.New, t.key[:])
	h.Write(head)
	return h.Sum(head)
}
