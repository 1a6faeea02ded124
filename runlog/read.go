package runlog

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
)

// readAllLines reads what the generator and the observer wrote, both at once: decoding takes
// most of the time.
func (r *Record) readAllLines(root *os.Root, toJudge bool) error {
	load, cloud := &lineReader{name: LoadFile, sealed: r.Manifest.Complete}, &lineReader{name: CloudFile, sealed: r.Manifest.Complete}
	var failed [2]error
	var both sync.WaitGroup
	both.Go(func() { failed[0] = load.read(root, r.loadAdder(load, toJudge)) })
	both.Go(func() { failed[1] = cloud.read(root, r.cloudAdder(cloud)) })
	both.Wait()
	for i, l := range []*lineReader{load, cloud} {
		r.digests[l.name] = l.digest()
		if l.torn {
			r.Torn = append(r.Torn, l.name)
		}
		if r.Manifest.Complete { // a changed file is reported as that, whatever its lines are
			if err := sameDigest(l.name, r.Manifest.Files[l.name], l.digest()); err != nil {
				return err
			}
		}
		if failed[i] != nil {
			return failed[i]
		}
	}
	return nil
}

// loadAdder returns what adds a line of load.jsonl.
func (r *Record) loadAdder(file *lineReader, toJudge bool) func(line []byte) error {
	lines, judged, l := newStrict(), newJudged(), LoadLine{}
	return func(line []byte) error {
		l = LoadLine{}
		if !toJudge || lines.decode(judged.shortened(line), &l) != nil { // what is wrong is to be said of the line as it is
			l = LoadLine{}
			if err := newStrict().decode(line, &l); err != nil {
				return err
			}
		}
		if err := cmp.Or(l.validate(), r.Manifest.validateLoad(l)); err != nil {
			return err
		}
		if toJudge && l.Second != nil {
			judged.trim(l.Second)
		}
		r.Load = append(roomFor(r.Load, file), l)
		return nil
	}
}

// cloudAdder returns what adds a line of cloud.jsonl. Inputs and digests that come again, as
// most do, are kept once.
func (r *Record) cloudAdder(file *lineReader) func(line []byte) error {
	lines, texts, inputs, o := newStrict(), map[string]string{}, map[string]json.RawMessage{}, Observation{}
	var input json.RawMessage // decoded into again and again
	return func(line []byte) error {
		o = Observation{Input: input[:0]}
		if err := lines.decode(line, &o); err != nil {
			return err
		}
		if err := o.validate(); err != nil {
			return err
		}
		if want := int64(len(r.Cloud)) + 1; o.Seq != want {
			return fmt.Errorf("seq is %d, want %d: a line is missing, doubled or out of order", o.Seq, want)
		}
		input = o.Input
		was, again := inputs[string(o.Input)]
		if !again && len(o.Input) > 0 {
			was = bytes.Clone(o.Input)
			inputs[string(was)] = was
		}
		o.Input = was
		if o.Unchanged != 0 {
			earlier := &r.Cloud[o.Unchanged-1]
			if err := o.repeats(earlier); err != nil {
				return err
			}
			o.Answer = earlier.Answer
		}
		o.Operation, o.BodySHA256 = once(texts, o.Operation), once(texts, o.BodySHA256)
		r.Cloud = append(roomFor(r.Cloud, file), o)
		return nil
	}
}

// roomFor makes room for the rest of a long file by the length of its lines so far: a slice that
// grows by a quarter again and again takes twice the memory.
func roomFor[T any](lines []T, file *lineReader) []T {
	if n := int64(len(lines)); n == int64(cap(lines)) && n >= 4096 {
		return slices.Grow(lines, int((file.whole-file.size)*n/file.size*21/20)+1024)
	}
	return lines
}

// once returns the first of equal texts.
func once(known map[string]string, text string) string {
	if was, again := known[text]; again {
		return was
	}
	known[text] = text
	return text
}

// lineReader reads a file of evidence line by line, without ever holding it whole: that of a
// day has a hundred megabytes.
type lineReader struct {
	name   string
	sealed bool
	sum    hash.Hash // of all bytes, once read has returned; nil: there is no file
	size   int64     // that was read
	whole  int64     // size of the file, when it was opened
	torn   bool      // the last line was cut short
}

// digest is that of the file; zero if there is none.
func (l *lineReader) digest() FileDigest {
	if l.sum == nil {
		return FileDigest{}
	}
	return FileDigest{hex.EncodeToString(l.sum.Sum(nil)), l.size}
}

func (l *lineReader) read(root *os.Root, each func(line []byte) error) error {
	f, err := root.Open(l.name)
	if errors.Is(err, fs.ErrNotExist) {
		return &FormatError{l.name, 0, errors.New("the file is missing: without it the folder is no record of a run")}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil { // else it is not known
		l.whole = info.Size()
	}
	l.sum = sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(f, counting{l}), 256<<10)
	bad := l.lines(in, each)
	// A line that cannot be read may be one that was changed: the digest covers the rest, too.
	_, err = in.WriteTo(io.Discard)
	return cmp.Or(bad, err)
}

// counting counts and hashes what is read.
type counting struct{ *lineReader }

func (c counting) Write(data []byte) (int, error) {
	c.size += int64(len(data))
	return c.sum.Write(data)
}

// lines hands every whole line over, without its end. The line is good until each returns.
func (l *lineReader) lines(in *bufio.Reader, each func(line []byte) error) error {
	var long []byte // a line that is longer than the buffer
	for number := int64(1); ; number++ {
		line, err := in.ReadSlice('\n')
		for long = long[:0]; errors.Is(err, bufio.ErrBufferFull) && len(long) <= MaxLine; line, err = in.ReadSlice('\n') {
			long = append(long, line...)
		}
		if len(long) > 0 {
			long = append(long, line...)
			line = long
		}
		text, whole := bytes.CutSuffix(line, []byte("\n"))
		switch {
		case len(line) > MaxLine:
			err = fmt.Errorf("the line has more than %d bytes", MaxLine)
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case len(line) == 0:
			return nil
		case !whole && l.sealed:
			err = errors.New("the last line has no end, though the run is sealed")
		case !whole:
			l.torn = true
			return nil
		default:
			err = each(text)
		}
		if err != nil {
			return &FormatError{l.name, number, err}
		}
	}
}
