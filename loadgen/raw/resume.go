package raw

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// name is that of a file of results, of its compressed form, or of what was to become that.
var name = regexp.MustCompile(`^results-(\d+)\.([a-z]+)(\.gz|\.\d+)?$`)

// Resume goes on with the results of a killed attack, in a file of its own: nil if there are
// none. Request next is sent now: what is recorded of it or of later ones is left out, as they
// were sent after what else is recorded of the attack.
func Resume(folder string, next uint64) (*Writer, error) {
	entries, err := os.ReadDir(folder) // by name, and so by number
	if err != nil {
		return nil, err
	}
	var w *Writer
	for _, e := range entries {
		parts := name.FindStringSubmatch(e.Name())
		if parts == nil || !Known(parts[2]) {
			continue
		}
		if w == nil {
			w = &Writer{folder: folder, format: parts[2], max: maxFile}
		}
		number, err := strconv.Atoi(parts[1])
		w.number = max(w.number, number)
		path := filepath.Join(folder, e.Name())
		switch {
		case err != nil:
		case parts[3] == "":
			err = repair(path, parts[2], next)
		case parts[3] != ".gz":
			err = os.Remove(path)
		}
		if err != nil {
			return nil, fmt.Errorf("resume %s: %w", e.Name(), err)
		}
	}
	if w == nil {
		return nil, nil
	}
	return w, w.begin()
}

// repair packs a file up to the first result that is not whole, or of which there will be
// another one.
func repair(path, format string, next uint64) error {
	switch _, err := os.Stat(path + ".gz"); {
	case err == nil:
		return os.Remove(path) // it was packed, and not yet removed
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	results := 0
	err := pack(path, func(to io.Writer, from io.Reader) error {
		decode, encode := formats[format].decoder(bufio.NewReader(from)), formats[format].encoder(to)
		for ; ; results++ {
			var r vegeta.Result
			if err := decode.Decode(&r); err != nil || r.Seq >= next {
				return nil
			}
			if err := encode.Encode(&r); err != nil {
				return err
			}
		}
	})
	if err == nil && results == 0 {
		return os.Remove(path + ".gz") // Vegeta does not read what is empty
	}
	return err
}
