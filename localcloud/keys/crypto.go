package keys

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const symmetric = types.EncryptionAlgorithmSpecSymmetricDefault

// checkContext and checkAlgorithm refuse what AWS refuses of a request.
func checkContext(context map[string]string) error {
	size := 0
	for name, value := range context {
		size += len(name) + len(value)
	}
	if size > maxContext {
		return validation("The encryption context has %d bytes; at most %d are allowed.", size, maxContext)
	}
	return nil
}

func checkAlgorithm(a types.EncryptionAlgorithmSpec) error {
	if a != "" && a != symmetric {
		return fault("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec SYMMETRIC_DEFAULT.", a)
	}
	return nil
}

// dryRun is what AWS answers instead of doing what would have succeeded.
func dryRun(asked *bool) error {
	if aws.ToBool(asked) {
		return fault("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	}
	return nil
}

func (k *Keys) encrypt(in *kms.EncryptInput, _ time.Time) (*kms.EncryptOutput, error) {
	err := cmp.Or(
		checkLength(in.Plaintext, "plaintext", maxPlaintext), checkContext(in.EncryptionContext), checkAlgorithm(in.EncryptionAlgorithm),
	)
	if err != nil {
		return nil, err
	}
	key, err := k.findUsable(k.find, in.KeyId)
	if err := cmp.Or(err, dryRun(in.DryRun)); err != nil {
		return nil, err
	}
	return &kms.EncryptOutput{
		KeyId: k.keyARN(key), CiphertextBlob: key.seal(in.Plaintext, in.EncryptionContext), EncryptionAlgorithm: symmetric,
	}, nil
}

// opened is a ciphertext decrypted.
type opened struct {
	key       *key
	material  *material
	plaintext []byte
}

// open decrypts; name, if not nil, is the key that the caller expects.
func (k *Keys) open(blob []byte, context map[string]string, name *string) (opened, error) {
	if err := cmp.Or(checkLength(blob, "ciphertextBlob", maxCiphertext), checkContext(context)); err != nil {
		return opened{}, err
	}
	var expected *key
	if name != nil {
		var err error
		if expected, err = k.findUsable(k.find, name); err != nil {
			return opened{}, err
		}
	}
	key, err := k.sealedBy(blob)
	if err != nil {
		return opened{}, err
	}
	if expected != nil && expected != key {
		return opened{}, fault("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	if err := k.usable(key); err != nil {
		return opened{}, err
	}
	plaintext, m, err := key.open(blob, context)
	return opened{key, m, plaintext}, err
}

func (k *Keys) decrypt(in *kms.DecryptInput, _ time.Time) (*kms.DecryptOutput, error) {
	if in.Recipient != nil || len(in.DryRunModifiers) > 0 {
		return nil, notServed("Recipient or DryRunModifiers")
	}
	if err := checkAlgorithm(in.EncryptionAlgorithm); err != nil {
		return nil, err
	}
	o, err := k.open(in.CiphertextBlob, in.EncryptionContext, in.KeyId)
	if err := cmp.Or(err, dryRun(in.DryRun)); err != nil {
		return nil, err
	}
	return &kms.DecryptOutput{
		KeyId: k.keyARN(o.key), KeyMaterialId: &o.material.id, Plaintext: o.plaintext, EncryptionAlgorithm: symmetric,
	}, nil
}

func (k *Keys) reEncrypt(in *kms.ReEncryptInput, _ time.Time) (*kms.ReEncryptOutput, error) {
	if len(in.DryRunModifiers) > 0 {
		return nil, notServed("DryRunModifiers")
	}
	if in.DestinationKeyId == nil {
		return nil, missing("destinationKeyId")
	}
	if err := cmp.Or(
		checkAlgorithm(in.SourceEncryptionAlgorithm), checkAlgorithm(in.DestinationEncryptionAlgorithm),
		checkContext(in.DestinationEncryptionContext),
	); err != nil {
		return nil, err
	}
	o, err := k.open(in.CiphertextBlob, in.SourceEncryptionContext, in.SourceKeyId)
	if err != nil {
		return nil, err
	}
	to, err := k.findUsable(k.find, in.DestinationKeyId)
	if err := cmp.Or(err, dryRun(in.DryRun)); err != nil {
		return nil, err
	}
	return &kms.ReEncryptOutput{
		KeyId: k.keyARN(to), SourceKeyId: k.keyARN(o.key), CiphertextBlob: to.seal(o.plaintext, in.DestinationEncryptionContext),
		SourceEncryptionAlgorithm: symmetric, DestinationEncryptionAlgorithm: symmetric,
		SourceKeyMaterialId: &o.material.id, DestinationKeyMaterialId: &to.current().id,
	}, nil
}

// dataKeySize is how many bytes a data key has.
func dataKeySize(spec types.DataKeySpec, bytes *int32) (int32, error) {
	switch {
	case (spec == "") == (bytes == nil):
		return 0, validation("Please specify either number of bytes or key spec.")
	case bytes != nil:
		return *bytes, checkRange(*bytes, "numberOfBytes", 1, maxDataKey)
	case spec == types.DataKeySpecAes256:
		return 32, nil
	case spec == types.DataKeySpecAes128:
		return 16, nil
	}
	return 0, constraint(fmt.Sprintf("'%.50s'", spec), "keySpec", "Member must satisfy enum value set: [AES_256, AES_128]")
}

func (k *Keys) generateDataKey(in *kms.GenerateDataKeyInput, _ time.Time) (*kms.GenerateDataKeyOutput, error) {
	if in.Recipient != nil {
		return nil, notServed("Recipient")
	}
	size, err := dataKeySize(in.KeySpec, in.NumberOfBytes)
	if err := cmp.Or(err, checkContext(in.EncryptionContext)); err != nil {
		return nil, err
	}
	key, err := k.findUsable(k.find, in.KeyId)
	if err := cmp.Or(err, dryRun(in.DryRun)); err != nil {
		return nil, err
	}
	plaintext := make([]byte, size)
	rand.Read(plaintext) // never fails: crypto/rand ends the program instead
	return &kms.GenerateDataKeyOutput{
		KeyId: k.keyARN(key), KeyMaterialId: &key.current().id, Plaintext: plaintext, CiphertextBlob: key.seal(plaintext, in.EncryptionContext),
	}, nil
}

func (k *Keys) generateDataKeyWithoutPlaintext(in *kms.GenerateDataKeyWithoutPlaintextInput, now time.Time) (
	*kms.GenerateDataKeyWithoutPlaintextOutput, error,
) {
	made, err := k.generateDataKey(&kms.GenerateDataKeyInput{
		KeyId: in.KeyId, KeySpec: in.KeySpec, NumberOfBytes: in.NumberOfBytes, EncryptionContext: in.EncryptionContext, DryRun: in.DryRun,
	}, now)
	if err != nil {
		return nil, err
	}
	return &kms.GenerateDataKeyWithoutPlaintextOutput{
		KeyId: made.KeyId, KeyMaterialId: made.KeyMaterialId, CiphertextBlob: made.CiphertextBlob,
	}, nil
}

func (k *Keys) generateRandom(in *kms.GenerateRandomInput, _ time.Time) (*kms.GenerateRandomOutput, error) {
	if in.Recipient != nil || in.CustomKeyStoreId != nil {
		return nil, notServed("Recipient or a custom key store")
	}
	if in.NumberOfBytes == nil {
		return nil, validation("NumberOfBytes is required.")
	}
	if err := checkRange(*in.NumberOfBytes, "numberOfBytes", 1, maxDataKey); err != nil {
		return nil, err
	}
	plaintext := make([]byte, *in.NumberOfBytes)
	rand.Read(plaintext) // never fails: crypto/rand ends the program instead
	return &kms.GenerateRandomOutput{Plaintext: plaintext}, nil
}
