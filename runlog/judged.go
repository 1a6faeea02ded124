package runlog

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// unjudged are how members of a load's line go on and end that only reports read: histograms, which
// are most of its bytes, connections, the generator. A quotation mark in front makes the search slow.
var unjudged = []struct {
	begin []byte // the rest of the name, too
	end   byte
}{
	{[]byte(`fromSchedule":"`), '"'}, {[]byte(`fromSending":"`), '"'}, {[]byte(`connect":"`), '"'}, {[]byte(`tls":"`), '"'},
	{[]byte(`firstByte":"`), '"'}, {[]byte(`lag":"`), '"'}, {[]byte(`opened":{`), '}'}, {[]byte(`generator":{`), '}'},
}

// judged leaves out of a load's lines what the judge does not read, and keeps what comes again once:
// the lines of a day then take a third of the memory.
type judged struct {
	text, key []byte
	ids       []string
	first     map[string]time.Time // of each instance's answers, as far as they were read
	known     map[string]map[string]*InstanceSecond
}

func newJudged() *judged {
	return &judged{first: map[string]time.Time{}, known: map[string]map[string]*InstanceSecond{}}
}

// shortened is the line with the unjudged members empty, until the next one is. No string in a line has
// the bytes that they begin with, for its quotation marks are escaped.
func (j *judged) shortened(line []byte) []byte {
	j.text = append(j.text[:0], line...)
	for _, member := range unjudged {
		kept, rest := j.text[:0], j.text
		for at := bytes.Index(rest, member.begin); at >= 0; at = bytes.Index(rest, member.begin) {
			end := at + len(member.begin)
			kept, rest = append(kept, rest[:end]...), rest[end+max(0, bytes.IndexByte(rest[end:], member.end)):]
		}
		j.text = append(kept, rest...)
	}
	return j.text
}

// mostKnown bounds how many different counts are remembered.
const mostKnown = 4096

// trim leaves out what the judge does not read. Of an instance's answers that is when one came, but for
// the first of all.
func (j *judged) trim(s *LoadSecond) {
	s.Connect, s.TLS, s.FirstByte, s.Lag = "", "", "", ""
	s.Examples, s.Requests, s.Opened, s.Generator = nil, nil, nil, nil
	j.ids, j.key = slices.AppendSeq(j.ids[:0], maps.Keys(s.Instances)), j.key[:0]
	slices.Sort(j.ids)
	unlike := false // any other line
	for _, id := range j.ids {
		i := s.Instances[id]
		i.FromSchedule, i.FromSending = "", ""
		if first, again := j.first[id]; i.Completed == 0 || again && !i.First.Before(first) {
			i.First = time.Time{}
		} else if !i.First.IsZero() {
			j.first[id], unlike = i.First, true
		}
		j.key = append(append(j.key, id...), 0)
		j.key = binary.AppendVarint(binary.AppendVarint(j.key, i.Completed), i.Failed)
	}
	if same, again := j.known[string(j.key)]; again && !unlike {
		s.Instances = same
	} else if !unlike && len(j.known) < mostKnown {
		j.known[string(j.key)] = s.Instances
	}
}
