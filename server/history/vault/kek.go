package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrLost says that a key-encryption key cannot be used and that waiting does
// not help: what it wrapped stays closed until someone brings it back.
var ErrLost = errors.New("the key is lost")

// KEK is a key-encryption key. It wraps Keys and never leaves where it is.
type KEK struct {
	name string
	aead tink.AEADWithContext
}

// Name says which key it is, as the store remembers it. It holds no secret.
func (k *KEK) Name() string { return k.name }

// SameKey says whether two names are of one key: a key file may have been renamed.
func SameKey(a, b string) bool {
	_, numberOfA, isFile := strings.Cut(a, keyNumber)
	_, numberOfB, _ := strings.Cut(b, keyNumber)
	return a == b || isFile && numberOfA == numberOfB
}

// keyNumber stands in the name of a key file before its key's random number.
const keyNumber = " (key "

// Source says which key-encryption key to open.
type Source struct {
	Name string                                    // "file:PATH" or "aws-kms:KEY"
	AWS  func(context.Context) (aws.Config, error) // how to reach AWS KMS; nil: it cannot be reached
}

// CheckName reports what is wrong with the name of a key, without opening it.
func CheckName(name string) error {
	for _, kind := range []string{"file:", kmsPrefix} {
		if rest, ok := strings.CutPrefix(name, kind); ok && rest != "" {
			return nil
		}
	}
	return fmt.Errorf("the key %q is of no known kind: give file:PATH or aws-kms:KEY, with a key id, an ARN or alias/NAME", name)
}

// OpenKEK opens a key. It makes a key file that is missing only if create is
// set: where records were sealed under a key, another one would not open them.
// Errors that are ErrLost stay.
func OpenKEK(ctx context.Context, from Source, create bool) (*KEK, error) {
	if err := CheckName(from.Name); err != nil {
		return nil, err
	}
	if path, ok := strings.CutPrefix(from.Name, "file:"); ok {
		return openFile(path, create)
	}
	return openKMS(ctx, from)
}

// wrap encrypts the keys of a handle, for the store with that name.
func (k *KEK) wrap(ctx context.Context, h *keyset.Handle, store, purpose string) ([]byte, error) {
	asked := &asking{AEADWithContext: k.aead}
	envelope, err := asked.envelope()
	if err != nil {
		return nil, err
	}
	var out wrapped
	if err := h.WriteWithContext(ctx, &out, envelope, wrapping(store, purpose)); err != nil {
		return nil, fmt.Errorf("wrap the %s keys under %s: %w", purpose, k.name, cmp.Or(asked.failed, err))
	}
	return out, nil
}

var errWrapChanged = fmt.Errorf("%w: the wrapped bytes were changed, or wrapped for another store", ErrLost)

// unwrap is wrap's inverse. Wrapped keys of another store or purpose do not open.
func (k *KEK) unwrap(ctx context.Context, in wrapped, store, purpose string) (*keyset.Handle, error) {
	asked := &asking{AEADWithContext: k.aead}
	envelope, err := asked.envelope()
	if err != nil {
		return nil, err
	}
	h, err := keyset.ReadWithContext(ctx, &in, envelope, wrapping(store, purpose))
	if err != nil {
		return nil, fmt.Errorf("unwrap the %s keys under %s: %w", purpose, k.name, cmp.Or(asked.failed, errWrapChanged))
	}
	return h, nil
}

// wrapped is an encrypted keyset as the store has it: only its authenticated
// part, since nobody would notice a change of what Tink writes next to it.
type wrapped []byte

var errClear = errors.New("a keyset is never read or written in clear")

// Read and Write, for keysets in clear, refuse.
func (w *wrapped) Read() (*tinkpb.Keyset, error) { return nil, errClear }
func (w *wrapped) Write(*tinkpb.Keyset) error    { return errClear }

// ReadEncrypted is a keyset.Reader's.
func (w *wrapped) ReadEncrypted() (*tinkpb.EncryptedKeyset, error) {
	return &tinkpb.EncryptedKeyset{EncryptedKeyset: *w}, nil
}

// WriteEncrypted is a keyset.Writer's.
func (w *wrapped) WriteEncrypted(k *tinkpb.EncryptedKeyset) error {
	*w = k.GetEncryptedKeyset()
	return nil
}

// asking keeps what went wrong with the KEK, of which Tink passes on the text alone.
type asking struct {
	tink.AEADWithContext
	failed error
}

func (a *asking) EncryptWithContext(ctx context.Context, plaintext, associated []byte) (ciphertext []byte, err error) {
	ciphertext, a.failed = a.AEADWithContext.EncryptWithContext(ctx, plaintext, associated)
	return ciphertext, a.failed
}

func (a *asking) DecryptWithContext(ctx context.Context, ciphertext, associated []byte) (plaintext []byte, err error) {
	plaintext, a.failed = a.AEADWithContext.DecryptWithContext(ctx, ciphertext, associated)
	return plaintext, a.failed
}

// envelope puts a key of its own between the KEK and what it wraps: AWS KMS
// encrypts 4,096 bytes at most, and a keyset grows with each rotation.
func (a *asking) envelope() (tink.AEADWithContext, error) {
	return aead.NewKMSEnvelopeAEADWithContext(aead.AES256GCMKeyTemplate(), a)
}

func wrapping(store, purpose string) []byte {
	return []byte("calculator history keys\x00" + purpose + "\x00" + store)
}

var errNotOpened = fmt.Errorf("%w: it is another key than the one that wrapped this, or the wrapped bytes were changed", ErrLost)

// withoutContext makes a local AEAD one that takes a context.
type withoutContext struct{ tink.AEAD }

func (a withoutContext) EncryptWithContext(_ context.Context, plaintext, associated []byte) ([]byte, error) {
	return a.Encrypt(plaintext, associated)
}

func (a withoutContext) DecryptWithContext(_ context.Context, ciphertext, associated []byte) ([]byte, error) {
	plaintext, err := a.Decrypt(ciphertext, associated)
	if err != nil {
		return nil, errNotOpened
	}
	return plaintext, nil
}
