package vault

import (
	"encoding/binary"
	"errors"
	"fmt"

	"secondwind/server/history/store"
)

// A sealed record is one byte for the version of this format, and a Tink
// ciphertext: 0x01, the id of the data key (4 bytes, big endian), a nonce (12),
// the encrypted plaintext, a tag (16).
const (
	sealedVersion = 1
	tinkPrefix    = 0x01

	keyIDAt  = 2
	nonceAt  = keyIDAt + 4
	bodyAt   = nonceAt + 12
	tagBytes = 16

	// Overhead is how many bytes a sealed record is longer than its plaintext.
	Overhead = bodyAt + tagBytes
)

// Errors of Open.
var (
	// ErrUnknownKey says that the record was sealed with a key that these Keys
	// do not hold: another instance may have rotated.
	ErrUnknownKey = errors.New("the record was sealed with a key that is not in the store's keyset")
	// ErrChanged says that the record's bytes, its row's id or its row's owner
	// are not those that were sealed.
	ErrChanged = errors.New("the record does not decrypt: it was changed or moved, or the key is another one")
	// ErrFormat says that the bytes are no sealed record of a known version.
	ErrFormat = errors.New("the bytes are no record that this calculator knows")
)

// Seal encrypts a plaintext for the row with that owner and id.
func (k *Keys) Seal(owner, id, plaintext []byte) (store.Record, error) {
	ciphertext, err := k.seal.Encrypt(plaintext, associated(sealedVersion, owner, id))
	if err != nil {
		return store.Record{}, fmt.Errorf("encrypt a record: %w", err)
	}
	return store.Record{Owner: owner, ID: id, Sealed: append([]byte{sealedVersion}, ciphertext...)}, nil
}

// Open decrypts a record. Its error is ErrUnknownKey, ErrChanged or ErrFormat.
func (k *Keys) Open(r store.Record) ([]byte, error) {
	id, err := KeyID(r.Sealed)
	if err != nil {
		return nil, err
	}
	if !k.known[id] {
		return nil, ErrUnknownKey
	}
	plaintext, err := k.seal.Decrypt(r.Sealed[1:], associated(r.Sealed[0], r.Owner, r.ID))
	if err != nil {
		return nil, ErrChanged
	}
	return plaintext, nil
}

// KeyID returns the id of the data key that a record was sealed with, which
// stands in it in clear.
func KeyID(sealed []byte) (uint32, error) {
	if len(sealed) < Overhead || sealed[0] != sealedVersion || sealed[1] != tinkPrefix {
		return 0, ErrFormat
	}
	return binary.BigEndian.Uint32(sealed[keyIDAt:]), nil
}

// associated binds a record to its row. Each part says how long it is, so that
// no two rows have the same.
func associated(version byte, owner, id []byte) []byte {
	data := append([]byte("calculator history record"), version)
	for _, part := range [][]byte{owner, id} {
		data = binary.BigEndian.AppendUint32(data, uint32(len(part)))
		data = append(data, part...)
	}
	return data
}
