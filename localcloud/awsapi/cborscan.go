package awsapi

import (
	"encoding/binary"

	"github.com/aws/smithy-go/encoding/cbor"
)

// cborScanner counts the members that CBOR maps have on the wire. The decoder
// keeps the last of two of the same name and reports nothing.
type cborScanner struct {
	rest    []byte
	members int
}

// value passes over one value of well-formed CBOR. Source: RFC 8949, 3.
func (s *cborScanner) value() {
	major, minor := s.rest[0]>>5, s.rest[0]&31
	n, size := uint64(minor), 0
	if minor >= 24 && minor < 28 {
		size = 1 << (minor - 24)
		n = binary.BigEndian.Uint64(append(make([]byte, 8-size), s.rest[1:1+size]...))
	}
	s.rest = s.rest[1+size:]
	indefinite := minor == 31
	switch {
	case major == 6: // a tag of a value
		s.value()
	case major < 2 || major > 5: // a number or a simple value is its head
	case !indefinite && major < 4: // bytes or text
		s.rest = s.rest[n:]
	default: // chunks, elements, or names and values
		// A length beyond an int is none, as the decoder has it.
		for i := 0; indefinite && s.rest[0] != 0xff || !indefinite && i < int(n); i++ {
			s.value()
			if major == 5 {
				s.value()
				s.members++
			}
		}
		if indefinite {
			s.rest = s.rest[1:]
		}
	}
}

// membersOf counts the members of the maps in a value.
func membersOf(v cbor.Value) (n int) {
	switch v := v.(type) {
	case cbor.Map:
		n = len(v)
		for _, member := range v {
			n += membersOf(member)
		}
	case cbor.List:
		for _, element := range v {
			n += membersOf(element)
		}
	case *cbor.Tag:
		n = membersOf(v.Value)
	}
	return n
}
