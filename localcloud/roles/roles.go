// Package roles is what instances of the local cloud may act as: it makes the
// temporary credentials that they read from their metadata, and tells who signed
// with them and what that allows.
//
// Source: Amazon EC2 User Guide, "IAM roles for Amazon EC2"; AWS Security Token
// Service API Reference.
package roles

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"slices"
	"sync"
	"time"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/fleet/imds"
)

const (
	// life is how long credentials are good, as EC2's are.
	life = 6 * time.Hour
	// fresh is how long the same ones are given: then come new ones, long before
	// the old expire.
	fresh = time.Hour
	// remembered is how long expired ones are still known, to say that they expired.
	remembered = time.Hour
)

// Config is what Roles are made of.
type Config struct {
	AccountID string
	Now       func() time.Time // nil: time.Now
}

// Roles makes credentials and knows them again. Its methods are safe for
// concurrent use. Make it with New.
type Roles struct {
	cfg Config

	mu       sync.Mutex
	sessions map[string]session // by access key id
}

// session is a set of credentials of an instance.
type session struct {
	imds.Credentials
	principal awsapi.Principal
}

// New returns Roles without credentials.
func New(cfg Config) *Roles {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Roles{cfg: cfg, sessions: map[string]session{}}
}

// Of is an instance's role of that name. Its credentials are made when they are
// first read, and made anew once they are an hour old.
func (r *Roles) Of(instanceID, name string) imds.Role {
	var mu sync.Mutex
	var current imds.Credentials
	return imds.Role{
		Name:       name,
		ProfileARN: "arn:aws:iam::" + r.cfg.AccountID + ":instance-profile/" + name,
		ProfileID:  identifier("AIPA", name),
		Credentials: func() imds.Credentials {
			mu.Lock()
			defer mu.Unlock()
			if now := r.cfg.Now(); current.AccessKeyID == "" || now.Sub(current.Updated) >= fresh {
				current = r.issue(instanceID, name, now)
			}
			return current
		},
	}
}

// issue makes credentials, and forgets those that expired long ago.
func (r *Roles) issue(instanceID, name string, now time.Time) imds.Credentials {
	secret := rand.Text() + rand.Text()
	s := session{Credentials: imds.Credentials{
		AccessKeyID: "ASIA" + rand.Text()[:16], SecretAccessKey: secret[:40], Token: rand.Text() + rand.Text(),
		Updated: now, Expires: now.Add(life).Truncate(time.Second),
	}}
	s.principal = awsapi.Principal{
		ARN:             "arn:aws:sts::" + r.cfg.AccountID + ":assumed-role/" + name + "/" + instanceID,
		ID:              identifier("AROA", name) + ":" + instanceID,
		SecretAccessKey: s.SecretAccessKey, SessionToken: s.Token, Expires: s.Expires, Allows: allows,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.sessions, func(_ string, old session) bool { return now.Sub(old.Expires) > remembered })
	r.sessions[s.AccessKeyID] = s
	return s.Credentials
}

// Principal tells whose credentials those are.
func (r *Roles) Principal(accessKeyID string) (awsapi.Principal, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.sessions[accessKeyID]
	return s.principal, ok
}

// allows is the policy of every role: to use keys, not to manage them, and nothing
// beyond KMS. Who one is, STS tells everyone, whatever the policies say.
func allows(s awsapi.Service, operation string) bool {
	switch s {
	case awsapi.KMS:
		return slices.Contains([]string{
			"DescribeKey", "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
		}, operation)
	case awsapi.STS:
		return operation == "GetCallerIdentity"
	case awsapi.CloudWatch, awsapi.AutoScaling, awsapi.ELBv2, awsapi.EC2, awsapi.Tagging, awsapi.CloudTrail:
	}
	return false
}

// identifier is a made-up id as IAM's are: 21 characters, always the same for a name.
func identifier(prefix, name string) string {
	digest := sha256.Sum256([]byte(name))
	return prefix + base32.StdEncoding.EncodeToString(digest[:])[:17]
}
