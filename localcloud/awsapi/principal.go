package awsapi

import (
	"context"
	"net/http"
	"time"
)

// Principal is who may sign requests besides the owner of Config's credentials: a
// role's session, with temporary credentials.
type Principal struct {
	ARN, ID                       string // "arn:aws:sts::000000000000:assumed-role/ROLE/SESSION", "AROA…:SESSION"
	SecretAccessKey, SessionToken string
	Expires                       time.Time
	// Allows tells what it may call; nil allows nothing.
	Allows func(s Service, operation string) bool
}

// Owner is the owner of Config's credentials: the account's only user.
func Owner(accountID string) Principal {
	return Principal{ARN: "arn:aws:iam::" + accountID + ":user/secondwind", ID: "AIDASECONDWINDLOCAL00"}
}

// principalKey is the context key of the principal.
type principalKey struct{}

// Caller returns the principal that signed the request that is being handled; ok is
// false if it was signed with Config's own credentials, which may call everything.
func Caller(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// authenticate checks the request's signature and returns who signed it; nil is
// the owner of Config's credentials.
func (m *Mux) authenticate(r *http.Request, body []byte, f family) (*Principal, *Error) {
	signer, who := m.credentials, m.principalOf(r)
	if who != nil {
		a, _ := parseAuthorization(r.Header.Get("Authorization"))
		signer.accessKeyID, signer.secretAccessKey, signer.sessionToken = a.accessKeyID, who.SecretAccessKey, who.SessionToken
	}
	if refused := signer.verify(r, body, f, m.now()); refused != nil {
		return nil, refused
	}
	if who != nil && !m.now().Before(who.Expires) {
		return nil, f.refuse(expiredToken, "The security token included in the request is expired")
	}
	return who, nil
}

// principalOf is the principal that the request says it is from; nil if none. A
// header that cannot be parsed is nobody's, and is refused when it is verified.
func (m *Mux) principalOf(r *http.Request) *Principal {
	if m.principals == nil {
		return nil
	}
	a, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return nil
	}
	if p, ok := m.principals(a.accessKeyID); ok {
		return &p
	}
	return nil
}

// authorize refuses what the principal may not call, as AWS does.
// Source: IAM User Guide, "Troubleshoot access denied error messages".
func (p *Principal) authorize(c *call) *Error {
	if p == nil || p.Allows != nil && p.Allows(c.service, c.operation) {
		return nil
	}
	action := c.service.prefix() + ":" + c.operation
	return c.protocol.family().refuse(accessDenied, "User: %s is not authorized to perform: %s because no identity-based policy allows "+
		"the %s action", p.ARN, action, action)
}

// prefix is the service's name in actions of policies.
func (s Service) prefix() string {
	if s == CloudWatch {
		return "cloudwatch"
	}
	return string(s)
}
