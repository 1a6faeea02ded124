package server

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/bignum"
	"secondwind/server/history"
)

// userCookie names a user: 128 random bits, known to the user's browser alone.
const userCookie = "calculator_user"

// userAge is how long a browser keeps the cookie after the page was opened last.
const userAge = 365 * 24 * time.Hour

// userOf is the user that the request comes from; "" where it carries no cookie
// of ours, as load generators and scripts do.
func userOf(c *gin.Context) string {
	if len(c.Request.Header["Cookie"]) == 0 {
		return ""
	}
	cookie, err := c.Request.Cookie(userCookie)
	if err != nil {
		return ""
	}
	if id, err := hex.DecodeString(cookie.Value); err != nil || len(id) != 16 {
		return ""
	}
	return strings.ToLower(cookie.Value)
}

// greet gives whoever opens the page a user id if a history is kept.
func (s *Server) greet(c *gin.Context) {
	if s.config.History == nil {
		return
	}
	user := userOf(c)
	if user == "" {
		var id [16]byte
		rand.Read(id[:]) // never fails
		user = hex.EncodeToString(id[:])
	}
	secure := c.Request.TLS != nil || strings.EqualFold(c.GetHeader("X-Forwarded-Proto"), "https") // TLS with us or with the load balancer
	http.SetCookie(c.Writer, &http.Cookie{
		Name: userCookie, Value: user, Path: "/", MaxAge: int(userAge / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	})
}

// headerHistory says in an answer what has become of its entry: see Durability.
const headerHistory = "X-History"

// durability is what the page has, and who asks as RFC 7240 says; else the configured one.
func (s *Server) durability(c *gin.Context) Durability {
	if c.FullPath() == "/" || c.GetHeader("Prefer") == "history=written" {
		return Written
	}
	return s.config.Durability
}

// remember adds a calculation to the history of the user who made it.
func (s *Server) remember(c *gin.Context, asked Calculation, result bignum.Answer) {
	user := userOf(c)
	if s.config.History == nil || user == "" {
		return
	}
	became := s.recorder.add(c.Request.Context(), user, history.Entry{
		Time:       time.Now().UTC(),
		Instance:   s.instance.name(),
		Operation:  string(asked.Operation),
		Operands:   asked.Operands,
		Expression: asked.Expression,
		Result:     result.Text,
	}, s.durability(c))
	c.Header(headerHistory, string(became))
}
