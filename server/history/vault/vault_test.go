package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"secondwind/server/history/store"
)

func newTestKeys(t testing.TB) *Keys {
	t.Helper()
	k, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestARecordOpensAsItWasSealedAndInNoOtherWay(t *testing.T) {
	keys := newTestKeys(t)
	rotated, err := keys.Rotated()
	if err != nil {
		t.Fatal(err)
	}
	impostor, err := rotated.Impostor()
	if err != nil {
		t.Fatal(err)
	}
	bytesOf := rapid.SliceOfN(rapid.Byte(), 0, 300)
	rapid.Check(t, func(t *rapid.T) {
		owner, id, plaintext := bytesOf.Draw(t, "owner"), bytesOf.Draw(t, "id"), bytesOf.Draw(t, "plaintext")
		r, err := keys.Seal(owner, id, plaintext)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Sealed) != len(plaintext)+Overhead {
			t.Fatalf("sealed %d bytes to %d, want %d more", len(plaintext), len(r.Sealed), Overhead)
		}
		for name, k := range map[string]*Keys{"the keys": keys, "the rotated keys": rotated} {
			if got, err := k.Open(r); err != nil || !bytes.Equal(got, plaintext) {
				t.Fatalf("Open with %s = %x, %v, want %x", name, got, err, plaintext)
			}
		}
		if _, err := impostor.Open(r); !errors.Is(err, ErrChanged) {
			t.Errorf("Open with other keys under the same ids = %v, want ErrChanged", err)
		}
		broken := r
		switch rapid.IntRange(0, 3).Draw(t, "broken") {
		case 0: // any bit
			broken.Sealed = bytes.Clone(r.Sealed)
			broken.Sealed[rapid.IntRange(0, len(r.Sealed)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 1: // any length
			broken.Sealed = r.Sealed[:rapid.IntRange(0, len(r.Sealed)-1).Draw(t, "length")]
		case 2: // a byte that goes from the owner to the id, or the other way
			whole := append(bytes.Clone(owner), id...)
			at := rapid.IntRange(0, len(whole)).Draw(t, "border")
			if at == len(owner) {
				return
			}
			broken.Owner, broken.ID = whole[:at], whole[at:]
		case 3:
			broken.ID = append(bytes.Clone(id), 0)
		}
		if text, err := rotated.Open(broken); err == nil {
			t.Errorf("a changed record opens as %x", text)
		}
	})
}

func TestRotationChangesTheKeyThatSealsAndNothingElse(t *testing.T) {
	old := newTestKeys(t)
	recent, err := old.Rotated()
	if err != nil {
		t.Fatal(err)
	}
	r, err := recent.Seal([]byte("owner"), []byte("id"), []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	if id, err := KeyID(r.Sealed); err != nil || id != recent.Primary() || id == old.Primary() {
		t.Errorf("it is sealed with key %d, %v, want the new %d, not the old %d", id, err, recent.Primary(), old.Primary())
	}
	if _, err := old.Open(r); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("Open with the old keys = %v, want ErrUnknownKey", err)
	}
	a, errA := old.Owner("user")
	b, errB := recent.Owner("user")
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the user's owner was %x and is %x: its records are not found", a, b)
	}
}

func TestTheOwnerIsAKeyedHash(t *testing.T) {
	a, b := newTestKeys(t), newTestKeys(t)
	one, _ := a.Owner("user")
	other, _ := a.Owner("user2")
	elsewhere, _ := b.Owner("user")
	if len(one) != ownerBytes || bytes.Equal(one, other) || bytes.Equal(one, elsewhere) {
		t.Errorf("owners %x, %x and %x under another key: want %d bytes, and each different", one, other, elsewhere, ownerBytes)
	}
}

func TestWrappedKeysOpenForTheirStoreAloneAndUnchangedAlone(t *testing.T) {
	kek, err := OpenKEK(t.Context(), Source{Name: "file:" + filepath.Join(t.TempDir(), "key")}, true)
	if err != nil {
		t.Fatal(err)
	}
	keys := newTestKeys(t)
	for range 60 { // more keys than AWS KMS would encrypt at once
		if keys, err = keys.Rotated(); err != nil {
			t.Fatal(err)
		}
	}
	wrapped, err := keys.Wrap(t.Context(), kek)
	if err != nil {
		t.Fatal(err)
	}
	if err := WrapHolds(t.Context(), kek, wrapped); err != nil {
		t.Error(err)
	}
	secrets, err := keys.Secrets()
	if err != nil || len(secrets) != 62 {
		t.Fatalf("Secrets = %d, %v, want 61 data keys and the look-up key", len(secrets), err)
	}
	for _, secret := range secrets {
		if bytes.Contains(wrapped.Data, secret) || bytes.Contains(wrapped.Lookup, secret) {
			t.Errorf("a key stands in the wrapped keys in clear")
		}
	}
	for at := range wrapped.Data {
		broken := wrapped
		broken.Data = bytes.Clone(wrapped.Data)
		broken.Data[at] ^= 0x40
		if _, err := Unwrap(t.Context(), kek, broken); !errors.Is(err, ErrLost) || strings.Contains(err.Error(), "another key") {
			t.Fatalf("with byte %d changed Unwrap = %v, want ErrLost that blames no other key", at, err)
		}
	}
	other, err := OpenKEK(t.Context(), Source{Name: "file:" + filepath.Join(t.TempDir(), "key")}, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unwrap(t.Context(), other, wrapped); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "another key") {
		t.Errorf("with another key Unwrap = %v, want ErrLost that says so", err)
	}
}

func TestAKeyFileThatWasRenamedIsTheSameKey(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"file:a (key 1)", "file:b (key 1)", true},
		{"file:a (key 1)", "file:a (key 12)", false},
		{"aws-kms:a", "aws-kms:a", true},
		{"aws-kms:a", "aws-kms:b", false},
	} {
		if got := SameKey(tt.a, tt.b); got != tt.want {
			t.Errorf("SameKey(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// FuzzUnwrap holds that no bytes in a row of keys make Unwrap panic, or open without having been wrapped.
func FuzzUnwrap(f *testing.F) {
	kek, err := OpenKEK(f.Context(), Source{Name: "file:" + filepath.Join(f.TempDir(), "key")}, true)
	if err != nil {
		f.Fatal(err)
	}
	wrapped, err := newTestKeys(f).Wrap(f.Context(), kek)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wrapped.Store, wrapped.KEK, wrapped.Data, wrapped.Lookup)
	f.Add("", "file:key (key ", []byte{0, 0, 0, 255}, []byte{255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, store, name string, data, lookup []byte) {
		row := wrapped
		row.Store, row.KEK, row.Data, row.Lookup = store, name, data, lookup
		_, err := Unwrap(t.Context(), kek, row)
		same := store == wrapped.Store && bytes.Equal(data, wrapped.Data) && bytes.Equal(lookup, wrapped.Lookup)
		if same != (err == nil) || err != nil && !errors.Is(err, ErrLost) {
			t.Errorf("Unwrap of %+v = %v, want ErrLost", row, err)
		}
	})
}

// FuzzKeyFile holds that no file makes OpenKEK panic.
func FuzzKeyFile(f *testing.F) {
	path := filepath.Join(f.TempDir(), "key")
	if _, err := OpenKEK(f.Context(), Source{Name: "file:" + path}, true); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"primaryKeyId":1,"key":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKEK(t.Context(), Source{Name: "file:" + path}, false); err != nil && !errors.Is(err, ErrLost) {
			t.Errorf("OpenKEK = %v, want a key or ErrLost", err)
		}
	})
}

// FuzzOpen holds that no bytes make Open panic, or open without being sealed.
func FuzzOpen(f *testing.F) {
	keys := newTestKeys(f)
	r, err := keys.Seal([]byte("owner"), []byte("id"), []byte("plaintext"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Sealed)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{sealedVersion, tinkPrefix}, 40))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		text, err := keys.Open(store.Record{Owner: []byte("owner"), ID: []byte("id"), Sealed: sealed})
		if err == nil && !bytes.Equal(sealed, r.Sealed) {
			t.Errorf("%s opens as %q", hex.EncodeToString(sealed), text)
		}
		if err != nil && !errors.Is(err, ErrChanged) && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrUnknownKey) {
			t.Errorf("Open = %v, want one of its three errors", err)
		}
	})
}
