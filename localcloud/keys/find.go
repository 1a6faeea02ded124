package keys

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// keyID is the form of a key's id.
var keyID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// find returns the key that an id, an ARN, an alias's name or its ARN names.
func (k *Keys) find(name *string) (*key, error) {
	resource, err := k.resource(name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(resource, "alias/") {
		a := k.aliases[resource]
		if a == nil {
			return nil, fault("NotFoundException", "Alias %s is not found.", k.arn(resource))
		}
		return k.keys[a.target], nil
	}
	return k.findResource(resource)
}

// findByID is find for the operations that take no alias.
func (k *Keys) findByID(name *string) (*key, error) {
	resource, err := k.resource(name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(resource, "alias/") {
		return nil, fault("InvalidArnException", "Invalid keyId '%s': this operation takes a key's id or ARN, not an alias.", *name)
	}
	return k.findResource(resource)
}

// findAlive is findByID for the operations that change a key: it refuses one that
// waits for its deletion.
func (k *Keys) findAlive(name *string) (*key, error) {
	found, err := k.findByID(name)
	if err == nil && found.state == types.KeyStatePendingDeletion {
		err = k.pendingDeletion(found)
	}
	return found, err
}

// resource is what a name means: "key/…" or "alias/…".
func (k *Keys) resource(name *string) (string, error) {
	switch {
	case name == nil:
		return "", missing("keyId")
	case *name == "":
		return "", constraint("''", "keyId", "Member must have length greater than or equal to 1")
	case len(*name) > maxKeyID:
		return "", constraint(fmt.Sprintf("'%.300s'", *name), "keyId", "Member must have length less than or equal to %d", maxKeyID)
	case strings.HasPrefix(*name, "arn:"):
		return k.resourceOfARN(*name)
	case strings.HasPrefix(*name, "alias/"):
		return *name, nil
	}
	return "key/" + *name, nil
}

// resourceOfARN refuses what is not of this Region and account, as AWS does.
func (k *Keys) resourceOfARN(arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 6)
	switch {
	case len(parts) < 6 || parts[2] != "kms" || !strings.HasPrefix(parts[5], "key/") && !strings.HasPrefix(parts[5], "alias/"):
		return "", fault("InvalidArnException", "Invalid arn %s", arn)
	case parts[3] != k.cfg.Region:
		return "", fault("NotFoundException", "Invalid arn %s", parts[3])
	case parts[4] != k.cfg.AccountID:
		return "", fault(
			"AccessDeniedException", "The key %s is of another account: it does not exist, or no resource-based policy allows access to it",
			arn,
		)
	}
	return parts[5], nil
}

func (k *Keys) findResource(resource string) (*key, error) {
	id := strings.TrimPrefix(resource, "key/")
	if !keyID.MatchString(id) {
		return nil, fault("NotFoundException", "Invalid keyId '%s'", id)
	}
	if found := k.keys[id]; found != nil {
		return found, nil
	}
	return nil, fault("NotFoundException", "Key '%s' does not exist", k.arn(resource))
}

// usable refuses a key that must not encrypt or decrypt now.
func (k *Keys) usable(key *key) error {
	switch key.state {
	case types.KeyStateDisabled:
		return fault("DisabledException", "%s is disabled.", *k.keyARN(key))
	case types.KeyStatePendingDeletion:
		return k.pendingDeletion(key)
	}
	return nil
}

func (k *Keys) pendingDeletion(key *key) error {
	return fault("KMSInvalidStateException", "%s is pending deletion.", *k.keyARN(key))
}

// findUsable is find, or findByID, and usable.
func (k *Keys) findUsable(find func(*string) (*key, error), name *string) (*key, error) {
	found, err := find(name)
	if err != nil {
		return nil, err
	}
	return found, k.usable(found)
}
