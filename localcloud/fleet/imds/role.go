package imds

import (
	"encoding/json"
	"time"
)

// leaves are what an instance with a role has below meta-data/iam: who it is, and
// the credentials of now.
func (r Role) leaves() map[string]func() string {
	if r.Name == "" {
		return nil
	}
	return map[string]func() string{
		"latest/meta-data/iam/info":                           r.info,
		"latest/meta-data/iam/security-credentials/" + r.Name: r.securityCredentials,
	}
}

func (r Role) info() string {
	return encode(struct {
		Code, LastUpdated, InstanceProfileArn, InstanceProfileId string
	}{"Success", stamp(r.Credentials().Updated), r.ProfileARN, r.ProfileID})
}

func (r Role) securityCredentials() string {
	c := r.Credentials()
	return encode(struct {
		Code, LastUpdated, Type, AccessKeyId, SecretAccessKey, Token, Expiration string
	}{"Success", stamp(c.Updated), "AWS-HMAC", c.AccessKeyID, c.SecretAccessKey, c.Token, stamp(c.Expires)})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// encode prints members as EC2 does, a line each.
func encode(v any) string {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // structs of strings and times of this age always can be
	}
	return string(out)
}
