package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// maxKeyFile is far above what a Tink keyset of one key takes, in bytes.
const maxKeyFile = 64 << 10

// openFile opens a key file: a Tink keyset as JSON, readable for its owner only.
func openFile(path string, create bool) (*KEK, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := createFile(path); err != nil {
			return nil, fmt.Errorf("make the key file %s: %w: give the calculator's user a folder that it may write to", path, err)
		}
		info, err = os.Stat(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: the key file %s is missing, and the store has records that only its key opens: "+
			"restore it from a backup, or move the store away to start afresh", ErrLost, path)
	case err != nil:
		return nil, fmt.Errorf("%w: the key file: %w", ErrLost, err)
	case !info.Mode().IsRegular() || info.Size() > maxKeyFile:
		return nil, fmt.Errorf("%w: %s is no key file", ErrLost, path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%w: the key file %s has permissions %04o, so users other than its owner can read it: chmod 600 it; "+
			"if someone may have read it, rotate the key too", ErrLost, path, info.Mode().Perm())
	}
	return readFile(path)
}

func readFile(path string) (*KEK, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: the key file: %w", ErrLost, err)
	}
	defer f.Close()
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(f))
	if err != nil {
		return nil, fmt.Errorf("%w: the key file %s holds no Tink keyset: bring it back from a backup", ErrLost, path)
	}
	primitive, err := aead.New(h)
	if err != nil {
		return nil, fmt.Errorf("%w: the key file %s holds no key for authenticated encryption: bring it back from a backup", ErrLost, path)
	}
	name := fmt.Sprintf("file:%s%s%d)", filepath.Base(path), keyNumber, h.KeysetInfo().GetPrimaryKeyId())
	return &KEK{name: name, aead: withoutContext{primitive}}, nil
}

// createFile makes a new key. The file appears whole or not at all, and if
// another instance is faster its key stays.
func createFile(path string) error {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".key-*") // for its owner only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = errors.Join(insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(f)), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
