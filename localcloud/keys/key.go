package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/uuid"
)

// key is a symmetric KMS key.
type key struct {
	id, description   string
	tags              []types.Tag
	state             types.KeyState
	created, deletion time.Time // deletion: when it is deleted, of one that waits for it
	material          []material
	rotation          rotation
}

// material is what really encrypts: a key has one more with every rotation.
type material struct {
	id   string // 64 hexadecimal digits, as AWS's
	aead cipher.AEAD
	from time.Time
	how  types.RotationType // "" of the first
}

// newMaterial makes 256 bits of it.
func newMaterial(now time.Time, how types.RotationType) material {
	var secret, id [32]byte
	rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	rand.Read(id[:])
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has blocks of 16 bytes
	}
	return material{id: hex.EncodeToString(id[:]), aead: aead, from: now, how: how}
}

func newKey(now time.Time) *key {
	return &key{id: uuid.NewString(), created: now, state: types.KeyStateEnabled, material: []material{newMaterial(now, "")}}
}

// current is the material that encrypts.
func (k *key) current() *material { return &k.material[len(k.material)-1] }

func (k *Keys) arn(resource string) string {
	return "arn:aws:kms:" + k.cfg.Region + ":" + k.cfg.AccountID + ":" + resource
}

func (k *Keys) keyARN(key *key) *string {
	arn := k.arn("key/" + key.id)
	return &arn
}

func (k *Keys) metadata(key *key) *types.KeyMetadata {
	no := false
	m := &types.KeyMetadata{
		KeyId: &key.id, Arn: k.keyARN(key), AWSAccountId: &k.cfg.AccountID, CreationDate: &key.created, Description: &key.description,
		Enabled: key.state == types.KeyStateEnabled, KeyState: key.state, KeyManager: types.KeyManagerTypeCustomer,
		Origin:  types.OriginTypeAwsKms,
		KeySpec: types.KeySpecSymmetricDefault, KeyUsage: types.KeyUsageTypeEncryptDecrypt,
		EncryptionAlgorithms: []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecSymmetricDefault}, MultiRegion: &no,
		CurrentKeyMaterialId: &key.current().id,
	}
	//lint:ignore SA1019 AWS still answers with the deprecated field, and old clients read it
	m.CustomerMasterKeySpec = types.CustomerMasterKeySpecSymmetricDefault
	if key.state == types.KeyStatePendingDeletion {
		deletion := key.deletion // the answer is written once the lock is gone
		m.DeletionDate = &deletion
	}
	return m
}
