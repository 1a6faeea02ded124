package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
)

const kmsPrefix = "aws-kms:"

// kmsTimeout bounds one request to AWS KMS with its retries.
const kmsTimeout = 15 * time.Second

// encryptionContext appears in AWS's audit trail and can be required by a key
// policy: "kms:EncryptionContext:purpose": "calculator-history".
var encryptionContext = map[string]string{"purpose": "calculator-history"}

// cryptography is the part of AWS KMS that wrapping needs.
type cryptography interface {
	Encrypt(context.Context, *kms.EncryptInput, ...func(*kms.Options)) (*kms.EncryptOutput, error)
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

// kmsKey encrypts with a key of AWS KMS. It never sees the key itself.
type kmsKey struct {
	client cryptography
	id     string // key id, ARN or alias/NAME
}

func openKMS(ctx context.Context, from Source) (*KEK, error) {
	if from.AWS == nil {
		return nil, fmt.Errorf("the key %s: nothing says how to reach AWS KMS", from.Name)
	}
	cfg, err := from.AWS(ctx)
	if err != nil {
		return nil, fmt.Errorf("the key %s: %w", from.Name, err)
	}
	return &KEK{name: from.Name, aead: kmsKey{kms.NewFromConfig(cfg), strings.TrimPrefix(from.Name, kmsPrefix)}}, nil
}

// EncryptWithContext needs the permission kms:Encrypt. Tink's envelope passes no
// associated data to the KEK.
func (k kmsKey) EncryptWithContext(ctx context.Context, plaintext, _ []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, kmsTimeout)
	defer cancel()
	out, err := k.client.Encrypt(ctx, &kms.EncryptInput{KeyId: &k.id, Plaintext: plaintext, EncryptionContext: encryptionContext})
	if err != nil {
		return nil, k.explain(err)
	}
	return out.CiphertextBlob, nil
}

// DecryptWithContext needs the permission kms:Decrypt. It names the key, so that
// a ciphertext of some other key is refused.
func (k kmsKey) DecryptWithContext(ctx context.Context, ciphertext, _ []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, kmsTimeout)
	defer cancel()
	out, err := k.client.Decrypt(ctx, &kms.DecryptInput{KeyId: &k.id, CiphertextBlob: ciphertext, EncryptionContext: encryptionContext})
	if err != nil {
		return nil, k.explain(err)
	}
	return out.Plaintext, nil
}

// lostFor holds what to do about those errors of AWS that mean a key cannot be used.
var lostFor = map[string]string{
	"NotFoundException":          "there is no such key in this account and region",
	"DisabledException":          "the key is disabled: enable it",
	"KMSInvalidStateException":   "the key is pending deletion or otherwise unusable: cancel its deletion",
	"InvalidKeyUsageException":   "the key is not for encryption: use a symmetric key with usage ENCRYPT_DECRYPT",
	"IncorrectKeyException":      "the store's keys were wrapped under another key: name that one",
	"InvalidCiphertextException": "the store's wrapped keys were changed, or wrapped for something else",
	"AccessDeniedException":      `allow this role kms:Encrypt and kms:Decrypt on the key, in its own policy or the key's`,
}

// explain distinguishes a key that cannot be used from a service that cannot be reached.
func (k kmsKey) explain(err error) error {
	if failed, ok := errors.AsType[smithy.APIError](err); ok {
		if advice, ok := lostFor[failed.ErrorCode()]; ok {
			return fmt.Errorf("%w: AWS KMS key %s: %s: %s (%s)", ErrLost, k.id, failed.ErrorCode(), failed.ErrorMessage(), advice)
		}
	}
	return fmt.Errorf("AWS KMS key %s: %w", k.id, err)
}
