package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"

	"secondwind/server/history/store"
)

// Impostor returns Keys with the same ids as k and other keys: whatever it opens
// is not protected by the keys themselves.
func (k *Keys) Impostor() (*Keys, error) {
	material := insecurecleartextkeyset.KeysetMaterial(k.data)
	for _, key := range material.GetKey() {
		other, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
		if err != nil {
			return nil, err
		}
		key.KeyData = insecurecleartextkeyset.KeysetMaterial(other).GetKey()[0].GetKeyData()
	}
	var text bytes.Buffer
	if err := keyset.NewBinaryWriter(&text).Write(material); err != nil {
		return nil, err
	}
	data, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(&text))
	if err != nil {
		return nil, err
	}
	return newKeys(k.Store, k.Revision, data, k.lookup)
}

// ImpostorKEK returns a key-encryption key that wrapped nothing yet.
func ImpostorKEK() (*KEK, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(h)
	if err != nil {
		return nil, err
	}
	return &KEK{name: "another key", aead: withoutContext{primitive}}, nil
}

// Secrets returns the bytes of every data key and of the look-up key, so that an
// audit can look for them where they must not be.
func (k *Keys) Secrets() ([][]byte, error) {
	var all [][]byte
	for _, h := range []*keyset.Handle{k.data, k.lookup} {
		for i := range h.Len() {
			entry, err := h.Entry(i)
			if err != nil {
				return nil, err
			}
			key, ok := entry.Key().(interface{ KeyBytes() secretdata.Bytes }) // as keys of AES-GCM and of HMAC have them
			if !ok {
				return nil, fmt.Errorf("a key is of type %T, which this calculator does not make", entry.Key())
			}
			all = append(all, key.KeyBytes().Data(insecuresecretdataaccess.Token{}))
		}
	}
	return all, nil
}

// Region is a part of a sealed record.
type Region struct {
	Name     string
	From, To int // bytes of store.Record.Sealed
}

// Regions are the parts of a sealed record with that many bytes.
func Regions(length int) []Region {
	return []Region{
		{"format version", 0, 1},
		{"key prefix", 1, keyIDAt},
		{"key id", keyIDAt, nonceAt},
		{"nonce", nonceAt, bodyAt},
		{"encrypted entry", bodyAt, length - tagBytes},
		{"authentication tag", length - tagBytes, length},
	}
}

// WrapHolds returns nil if a store's wrapped keys open with kek for their store
// and in no other way that it tries, and an error that says which way did.
func WrapHolds(ctx context.Context, kek *KEK, wrapped store.Keyset) error {
	if _, err := Unwrap(ctx, kek, wrapped); err != nil {
		return fmt.Errorf("the wrapped keys do not open with their own key: %w", err)
	}
	other, err := ImpostorKEK()
	if err != nil {
		return err
	}
	elsewhere, data, lookup, swapped := wrapped, wrapped, wrapped, wrapped
	elsewhere.Store += "x"
	data.Data = flipped(wrapped.Data)
	lookup.Lookup = flipped(wrapped.Lookup)
	swapped.Data, swapped.Lookup = wrapped.Lookup, wrapped.Data
	for _, try := range []struct {
		name    string
		kek     *KEK
		wrapped store.Keyset
	}{
		{"another key-encryption key", other, wrapped},
		{"the name of another store", kek, elsewhere},
		{"a changed byte of the data keys", kek, data},
		{"a changed byte of the look-up key", kek, lookup},
		{"the data and look-up keys exchanged", kek, swapped},
	} {
		if _, err := Unwrap(ctx, try.kek, try.wrapped); err == nil {
			return errors.New("the wrapped keys opened with " + try.name)
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// flipped returns bytes with one bit in the middle changed.
func flipped(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) > 0 {
		b[len(b)/2] ^= 1
	}
	return b
}
