package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"secondwind/runlog"
)

// check returns the one folder that all files are below. What it refuses is found
// before anything is unpacked.
func check(files []*zip.File) (folder string, err error) {
	if len(files) > maxFiles {
		return "", fmt.Errorf("it has %d files, more than %d: it is not the archive of a run", len(files), maxFiles)
	}
	var size uint64
	seen := map[string]bool{}
	for _, f := range files {
		first, _, below := strings.Cut(f.Name, "/")
		folder = first
		switch known := strings.ToLower(f.Name); { // a file system may not distinguish a from A
		case !runlog.ValidID(first) || !below || !strings.HasPrefix(f.Name, files[0].Name[:len(first)]+"/"):
			return "", fmt.Errorf("%q is not in the folder of one run", f.Name)
		case !fs.ValidPath(f.Name) || strings.ContainsAny(f.Name, `\:`) || !filepath.IsLocal(filepath.FromSlash(f.Name)):
			return "", fmt.Errorf("%q is not a path inside the run's folder", f.Name)
		case !f.Mode().IsRegular():
			return "", fmt.Errorf("%q is a link or no regular file: a run holds nothing but files", f.Name)
		case seen[known]:
			return "", fmt.Errorf("%q is in it twice", f.Name)
		default:
			seen[known] = true
		}
		if size += f.UncompressedSize64; f.UncompressedSize64 > maxBytes || size > maxBytes {
			return "", fmt.Errorf("unpacked, it has more than %d GiB: it is not the archive of a run", maxBytes>>30)
		}
	}
	if !seen[strings.ToLower(path.Join(folder, runlog.ManifestFile))] {
		return "", fmt.Errorf("there is no %s in it: it is not the archive of a run", runlog.ManifestFile)
	}
	return folder, nil
}

// unpack writes a file of at most room bytes, whatever size the directory gives. The
// reader verifies the checksum at the end.
func unpack(f *zip.File, root *os.Root, room int64) (n int64, err error) {
	name := filepath.FromSlash(f.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return 0, err
	}
	r, err := f.Open()
	if err != nil {
		return 0, damaged(err)
	}
	defer r.Close()
	w, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(w, io.LimitReader(r, room+1))
	if n > room {
		err = fmt.Errorf("unpacked, the archive has more than %d GiB", maxBytes>>30)
	}
	return n, errors.Join(damaged(err), w.Close())
}

// damaged says what the errors of the zip reader mean.
func damaged(err error) error {
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return errors.New("it is compressed or encrypted in a way that `secondwind export` does not use")
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the archive is damaged: %w; use an unchanged copy of it", err)
	}
	return err
}
