package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"secondwind/runlog"
	"secondwind/runlog/archive"
	"secondwind/textfile"
)

func newExport(out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export <run folder> | latest",
		Short: "Pack a run into one archive, for hand-in",
		Long: "Packs the folder of a sealed run into a zip archive: the manifest, every file in it and, if the run\n" +
			"is signed, the signature. The same run gives the same bytes, and `secondwind judge` reads them.\n\n" +
			"The scenario is in it with every header and body that was sent.\n\n" +
			"latest is the newest record in --runs." +
			"\n\nExit codes: 0 packed; 2 misuse, or a record that is not sealed or was changed; 130 interrupted.",
	}
	asked := oneRun(cmd, func(runlog.Manifest) bool { return true })
	var to string
	cmd.Flags().StringVar(&to, "to", "", "new `file` for the archive (default: the run's id with .zip, in the working folder)")
	find := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		return cmp.Or(checkWritable("to", to), find(cmd, args))
	}
	cmd.RunE = func(*cobra.Command, []string) error {
		dir, err := asked.folder()
		if err != nil {
			return err
		}
		m, err := runlog.ReadManifest(dir)
		if err != nil {
			return err
		}
		path := cmp.Or(to, m.RunID+archive.Extension)
		digest, err := export(dir, path)
		if err != nil {
			return err
		}
		result := struct {
			Exported string `json:"exported"`
			SHA256   string `json:"sha256"`
		}{path, digest}
		return out.write(result, func(w io.Writer) { fmt.Fprintf(w, "sha256    %s\nexported  %s\n", digest, path) })
	}
	return cmd
}

// export packs a run into a new file, which is whole or not there, and returns its SHA-256.
func export(dir, path string) (digest string, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", misuse(fmt.Errorf("%s is there already; remove it, or name another file with --to", path))
	}
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	if err = errors.Join(archive.Write(io.MultiWriter(f, sum), dir), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// readKey reads the key in the file that a flag names.
func readKey[Key any](ctx context.Context, flag, path string, parse func([]byte) (Key, error)) (*Key, error) {
	data, err := textfile.Read(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w; name a file that you can read", flag, err)
	}
	key, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("--%s %s: %w", flag, path, err)
	}
	return &key, nil
}
