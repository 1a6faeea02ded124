package keys

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"secondwind/localcloud/awsapi"
)

// Config is what Keys are made of.
type Config struct {
	Region    string           // "local-1"
	AccountID string           // twelve digits
	Now       func() time.Time // nil: time.Now
}

// Keys is the KMS of one account in one Region. Its methods are safe for
// concurrent use. Make it with New.
type Keys struct {
	cfg Config

	mu      sync.Mutex
	keys    map[string]*key   // by id
	aliases map[string]*alias // by name, "alias/…"
}

// New returns a KMS without keys.
func New(cfg Config) *Keys {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Keys{cfg: cfg, keys: map[string]*key{}, aliases: map[string]*alias{}}
}

// Register serves the operations on m.
func (k *Keys) Register(m *awsapi.Mux) {
	handle(k, m, k.createKey)
	handle(k, m, k.describeKey)
	handle(k, m, k.listKeys)
	handle(k, m, k.enableKey)
	handle(k, m, k.disableKey)
	handle(k, m, k.scheduleKeyDeletion)
	handle(k, m, k.cancelKeyDeletion)
	handle(k, m, k.createAlias)
	handle(k, m, k.updateAlias)
	handle(k, m, k.deleteAlias)
	handle(k, m, k.listAliases)
	handle(k, m, k.encrypt)
	handle(k, m, k.decrypt)
	handle(k, m, k.reEncrypt)
	handle(k, m, k.generateDataKey)
	handle(k, m, k.generateDataKeyWithoutPlaintext)
	handle(k, m, k.generateRandom)
	handle(k, m, k.enableKeyRotation)
	handle(k, m, k.disableKeyRotation)
	handle(k, m, k.getKeyRotationStatus)
	handle(k, m, k.rotateKeyOnDemand)
	handle(k, m, k.listKeyRotations)
	handle(k, m, k.getKeyPolicy)
	handle(k, m, k.tagResource)
	handle(k, m, k.untagResource)
	handle(k, m, k.listResourceTags)
}

// handle serves an operation while nothing else happens to the keys.
func handle[In, Out any](k *Keys, m *awsapi.Mux, h func(in *In, now time.Time) (*Out, error)) {
	awsapi.Handle(m, awsapi.KMS, func(_ context.Context, in *In) (*Out, error) {
		k.mu.Lock()
		defer k.mu.Unlock()
		now := k.cfg.Now().UTC()
		k.age(now)
		return h(in, now)
	})
}

// age deletes the keys whose waiting period is over, with their aliases, and
// rotates those that are due; callers hold mu.
func (k *Keys) age(now time.Time) {
	for id, key := range k.keys {
		if key.state == types.KeyStatePendingDeletion && !now.Before(key.deletion) {
			delete(k.keys, id)
			maps.DeleteFunc(k.aliases, func(_ string, a *alias) bool { return a.target == id })
			continue
		}
		key.rotateWhenDue(now)
	}
}

func (k *Keys) createKey(in *kms.CreateKeyInput, now time.Time) (*kms.CreateKeyOutput, error) {
	if err := checkCreate(in); err != nil {
		return nil, err
	}
	created := newKey(now)
	created.description = aws.ToString(in.Description)
	created.tag(in.Tags)
	k.keys[created.id] = created
	return &kms.CreateKeyOutput{KeyMetadata: k.metadata(created)}, nil
}

func checkCreate(in *kms.CreateKeyInput) error {
	//lint:ignore SA1019 old clients still send the deprecated field
	old := string(in.CustomerMasterKeySpec)
	switch {
	case in.KeySpec != "" && in.KeySpec != types.KeySpecSymmetricDefault:
		return notServed("KeySpec " + string(in.KeySpec))
	case old != "" && old != string(types.KeySpecSymmetricDefault):
		return notServed("CustomerMasterKeySpec " + old)
	case in.KeyUsage != "" && in.KeyUsage != types.KeyUsageTypeEncryptDecrypt:
		return validation("KeyUsage %s is not compatible with KeySpec SYMMETRIC_DEFAULT", in.KeyUsage)
	case in.Origin != "" && in.Origin != types.OriginTypeAwsKms:
		return notServed("Origin " + string(in.Origin))
	case in.Policy != nil:
		return notServed("Policy")
	case aws.ToBool(in.MultiRegion):
		return notServed("MultiRegion")
	case in.CustomKeyStoreId != nil || in.XksKeyId != nil:
		return notServed("a custom key store")
	case len(aws.ToString(in.Description)) > maxDescription:
		return constraint("", "description", "Member must have length less than or equal to %d", maxDescription)
	}
	return checkTags(in.Tags)
}

func (k *Keys) describeKey(in *kms.DescribeKeyInput, _ time.Time) (*kms.DescribeKeyOutput, error) {
	key, err := k.find(in.KeyId)
	if err != nil {
		return nil, err
	}
	return &kms.DescribeKeyOutput{KeyMetadata: k.metadata(key)}, nil
}

func (k *Keys) listKeys(in *kms.ListKeysInput, _ time.Time) (*kms.ListKeysOutput, error) {
	ids, next, err := page(slices.Sorted(maps.Keys(k.keys)), in.Limit, in.Marker, 1000)
	if err != nil {
		return nil, err
	}
	out := &kms.ListKeysOutput{NextMarker: next, Truncated: next != nil}
	for _, id := range ids {
		arn := k.arn("key/" + id)
		out.Keys = append(out.Keys, types.KeyListEntry{KeyId: &id, KeyArn: &arn})
	}
	return out, nil
}

func (k *Keys) getKeyPolicy(in *kms.GetKeyPolicyInput, _ time.Time) (*kms.GetKeyPolicyOutput, error) {
	if _, err := k.findByID(in.KeyId); err != nil {
		return nil, err
	}
	if name := aws.ToString(in.PolicyName); name != "" && name != "default" {
		return nil, fault("NotFoundException", "No such policy exists")
	}
	policy := `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::` + k.cfg.AccountID + `:root"},"Action":"kms:*","Resource":"*"}]}`
	return &kms.GetKeyPolicyOutput{Policy: &policy, PolicyName: aws.String("default")}, nil
}
