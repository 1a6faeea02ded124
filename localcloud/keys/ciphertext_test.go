package keys

import (
	"bytes"
	"testing"
	"time"
)

// FuzzCiphertext holds the parser of ciphertexts against anything: it finds a key
// for what was sealed, and never decrypts, nor panics on, anything else.
func FuzzCiphertext(f *testing.F) {
	k := New(Config{Region: "local-1", AccountID: "123456789012"})
	sealing := newKey(time.Now())
	k.keys[sealing.id] = sealing
	sealed := sealing.seal([]byte("secret"), map[string]string{"a": "b"})
	for _, blob := range [][]byte{
		nil, {format}, sealed, sealed[:headerSize], sealed[:len(sealed)-1], append(bytes.Clone(sealed), 0),
		bytes.Repeat([]byte{format}, 200),
	} {
		f.Add(blob, "a", "b")
	}
	f.Add(sealed, "", "ab")
	f.Fuzz(func(t *testing.T, blob []byte, name, value string) {
		o, err := k.open(blob, map[string]string{name: value}, nil)
		if genuine := bytes.Equal(blob, sealed) && name == "a" && value == "b"; genuine != (err == nil) {
			t.Errorf("open(%x, %q=%q) = %v, want it to open: %t", blob, name, value, err, genuine)
		} else if genuine && string(o.plaintext) != "secret" {
			t.Errorf("open() = %q, want secret", o.plaintext)
		}
	})
}

// FuzzContext looks for two encryption contexts that are written alike.
func FuzzContext(f *testing.F) {
	f.Add("a", "b", "c", "d")
	f.Add("a", "", "", "a")
	f.Add("\x00\x00\x00\x01", "", "", "\x00\x00\x00\x01")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		same := n1 == n2 && v1 == v2
		if alike := bytes.Equal(associated(nil, map[string]string{n1: v1}), associated(nil, map[string]string{n2: v2})); alike != same {
			t.Errorf("%q=%q and %q=%q are written alike: %t, want %t", n1, v1, n2, v2, alike, same)
		}
		if n1 != n2 && bytes.Equal(associated(nil, map[string]string{n1: v1, n2: v2}), associated(nil, map[string]string{n1: v1})) {
			t.Errorf("%q=%q is lost beside %q=%q", n2, v2, n1, v1)
		}
	})
}

func TestADeletedMaterialOpensNothing(t *testing.T) {
	k := newKey(time.Now())
	blob := k.seal([]byte("secret"), nil)
	k.material[0] = newMaterial(time.Now(), "")
	if _, _, err := k.open(blob, nil); err == nil {
		t.Error("open() by other material succeeded")
	}
}

func TestACiphertextIsBoundToTheKeyThatItNames(t *testing.T) {
	a, b := newKey(time.Now()), newKey(time.Now())
	b.material = a.material // as if the ids alone told two keys apart
	blob := a.seal([]byte("secret"), nil)
	copy(blob[1:1+idSize], b.seal([]byte("other"), nil)[1:1+idSize])
	if got, _, err := b.open(blob, nil); err == nil {
		t.Errorf("open() of a ciphertext whose key was changed = %q, want an error", got)
	}
}
