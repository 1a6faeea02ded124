package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"secondwind/server/history/store"
)

// ownerBytes is the length of an owner: that of SHA-256.
const ownerBytes = 32

// Keys are the keys of one store, unwrapped. They are made by New, Unwrap and
// Rotated, never change, and are safe for concurrent use.
type Keys struct {
	Store    string // the store that they are for
	Revision int64  // of the store's keyset that they came from; 0: not stored yet

	data, lookup *keyset.Handle
	known        map[uint32]bool // the ids of data's keys
	seal         tink.AEAD
	owners       *prf.Set
}

// New returns new random keys for a new store.
func New() (*Keys, error) {
	data, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	lookup, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, err
	}
	return newKeys(rand.Text(), 0, data, lookup)
}

func newKeys(name string, revision int64, data, lookup *keyset.Handle) (*Keys, error) {
	k := &Keys{Store: name, Revision: revision, data: data, lookup: lookup, known: map[uint32]bool{}}
	for _, info := range data.KeysetInfo().GetKeyInfo() {
		k.known[info.GetKeyId()] = true
	}
	var err error
	if k.seal, err = aead.New(data); err != nil {
		return nil, fmt.Errorf("the data keys: %w", err)
	}
	if k.owners, err = prf.NewPRFSet(lookup); err != nil {
		return nil, fmt.Errorf("the look-up key: %w", err)
	}
	return k, nil
}

// Wrap encrypts the keys under kek for the store.
func (k *Keys) Wrap(ctx context.Context, kek *KEK) (store.Keyset, error) {
	data, err := kek.wrap(ctx, k.data, k.Store, "data")
	if err != nil {
		return store.Keyset{}, err
	}
	lookup, err := kek.wrap(ctx, k.lookup, k.Store, "look-up")
	return store.Keyset{Store: k.Store, Revision: k.Revision, KEK: kek.Name(), Data: data, Lookup: lookup}, err
}

var errDamaged = fmt.Errorf("%w: it is the key that wrapped this, so the store's row of keys was damaged, or the key was: "+
	"restore that from a backup", ErrLost)

// Unwrap decrypts what Wrap encrypted. A key that cannot is ErrLost.
func Unwrap(ctx context.Context, kek *KEK, wrapped store.Keyset) (*Keys, error) {
	data, err := kek.unwrap(ctx, wrapped.Data, wrapped.Store, "data")
	var lookup *keyset.Handle
	if err == nil {
		lookup, err = kek.unwrap(ctx, wrapped.Lookup, wrapped.Store, "look-up")
	}
	switch {
	case errors.Is(err, errNotOpened) && SameKey(kek.Name(), wrapped.KEK):
		return nil, fmt.Errorf("%s: %w", kek.Name(), errDamaged)
	case err != nil:
		return nil, err
	}
	return newKeys(wrapped.Store, wrapped.Revision, data, lookup)
}

// Rotated returns the same keys with a new data key, which seals from now on.
// The old ones still open what they sealed. The look-up key stays: with another
// one a user's records would not be found.
func (k *Keys) Rotated() (*Keys, error) {
	manager := keyset.NewManagerFromHandle(k.data)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	data, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return newKeys(k.Store, k.Revision, data, k.lookup)
}

// Primary is the id of the data key that seals, Len how many there are.
func (k *Keys) Primary() uint32 { return k.data.KeysetInfo().GetPrimaryKeyId() }

// Len is the number of data keys.
func (k *Keys) Len() int { return len(k.known) }

// Owner returns the keyed hash under which a user's records are stored.
// Without the key it reveals neither the user nor whether a guess is right.
func (k *Keys) Owner(user string) ([]byte, error) {
	return k.owners.ComputePrimaryPRF([]byte(user), ownerBytes)
}
