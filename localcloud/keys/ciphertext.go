package keys

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"secondwind/localcloud/awsapi"
)

// format is the first byte of every ciphertext blob:
//
//	format · key id (16) · material id (32) · nonce (12) · ciphertext and tag
//
// AWS's own blobs are opaque, and so should be these to callers.
const (
	format     = 1
	idSize     = 16
	headerSize = 1 + idSize + 32
	nonceSize  = 12
	tagSize    = 16
)

// seal encrypts with the key's current material. The header and the encryption
// context are bound as associated data.
func (k *key) seal(plaintext []byte, context map[string]string) []byte {
	m := k.current()
	blob := make([]byte, 0, headerSize+nonceSize+len(plaintext)+tagSize)
	blob = append(blob, format)
	blob = append(blob, unhex(strings.ReplaceAll(k.id, "-", ""))...)
	blob = append(blob, unhex(m.id)...)
	nonce := make([]byte, nonceSize)
	rand.Read(nonce) // never fails: crypto/rand ends the program instead
	ad := associated(blob, context)
	blob = append(blob, nonce...)
	return m.aead.Seal(blob, nonce, plaintext, ad)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err) // ids are made of hexadecimal digits
	}
	return b
}

// errCiphertext is AWS's: it tells nothing of what is wrong, and has no message.
func errCiphertext() *awsapi.Error { return fault("InvalidCiphertextException", "") }

// sealedBy returns the key of a blob. A key that is gone, or was never here, is
// refused as AWS does it: it does not tell them from those of other accounts.
func (k *Keys) sealedBy(blob []byte) (*key, error) {
	if len(blob) < headerSize+nonceSize+tagSize || blob[0] != format {
		return nil, errCiphertext()
	}
	h := hex.EncodeToString(blob[1 : 1+idSize])
	id := h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	if found := k.keys[id]; found != nil {
		return found, nil
	}
	return nil, fault(
		"AccessDeniedException",
		"The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
	)
}

// open decrypts a blob that the key's material of any time has sealed.
func (k *key) open(blob []byte, context map[string]string) ([]byte, *material, error) {
	id := hex.EncodeToString(blob[1+idSize : headerSize])
	i := slices.IndexFunc(k.material, func(m material) bool { return m.id == id })
	if i < 0 {
		return nil, nil, errCiphertext()
	}
	m := &k.material[i]
	rest := blob[headerSize:]
	plaintext, err := m.aead.Open(nil, rest[:nonceSize], rest[nonceSize:], associated(blob[:headerSize], context))
	if err != nil {
		return nil, nil, errCiphertext()
	}
	return plaintext, m, nil
}

// associated writes the header and the pairs of the context, sorted and each with
// its length, so that no two contexts are written alike.
func associated(header []byte, context map[string]string) []byte {
	ad := slices.Clone(header)
	for _, name := range slices.Sorted(maps.Keys(context)) {
		for _, s := range []string{name, context[name]} {
			ad = binary.BigEndian.AppendUint32(ad, uint32(len(s)))
			ad = append(ad, s...)
		}
	}
	return ad
}
