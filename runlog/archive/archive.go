// Package archive packs the folder of a run into one file, and reads it back.
//
// The file is a zip archive: every system opens one without a tool, and its directory
// names each file with its size before anything is unpacked. Its bytes depend on the
// run alone: names are sorted, and times and permissions are always the same.
package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"secondwind/runlog"
)

// Extension is what the name of an archive ends in.
const Extension = ".zip"

// epoch is the time that every file in an archive has: the first that zip can write.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Write packs a sealed run: its manifest, the files that are in it, and its audit and
// attestation if it has them, below a folder that is named as the run. A run that is
// not sealed, and a file that is not as it was sealed, are errors.
func Write(w io.Writer, dir string) error {
	record, err := runlog.Open(dir)
	if err != nil {
		return err
	}
	m := record.Manifest
	if !m.Complete {
		return fmt.Errorf("pack %s: the run is not sealed: it is still going on, or was killed, and nothing shows that its files are whole", dir)
	}
	names := slices.Collect(maps.Keys(m.Files))
	names = append(names, runlog.ManifestFile)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, later := range []string{runlog.AuditFile, runlog.AttestationFile} {
		if _, err := root.Lstat(later); err == nil {
			names = append(names, later)
		}
	}
	slices.Sort(names)
	z := zip.NewWriter(w)
	for _, name := range names {
		if err := pack(z, root, m.RunID, name); err != nil {
			return fmt.Errorf("pack %s: %w", dir, err)
		}
	}
	return z.Close()
}

func pack(z *zip.Writer, root *os.Root, folder, name string) error {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	header := &zip.FileHeader{Name: path.Join(folder, name), Method: zip.Deflate, Modified: epoch}
	header.SetMode(0o644)
	entry, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err = io.Copy(entry, f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// What an archive may hold. A day's record has some 100 MB in fewer than 100 files.
const (
	maxFiles = 10_000
	maxBytes = 2 << 30
)

// Extract unpacks the run in the archive at name into a folder below into, and
// returns the run's folder. It refuses whatever Write does not make: other paths
// than below one folder, links, names that come twice, more than 2 GiB, and what is
// cut off. Whether the files are those of the manifest is for runlog.Open to say.
func Extract(name, into string) (dir string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
	}()
	z, err := zip.OpenReader(name)
	if errors.Is(err, zip.ErrFormat) {
		return "", errors.New("this is no zip archive, or its end is missing; use a whole copy of what `secondwind export` wrote")
	}
	if err != nil {
		return "", err
	}
	defer z.Close()
	folder, err := check(z.File)
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(into)
	if err != nil {
		return "", err
	}
	defer root.Close()
	room := int64(maxBytes)
	for _, f := range z.File {
		n, err := unpack(f, root, room)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.Name, err)
		}
		room -= n
	}
	return filepath.Join(into, folder), nil
}
