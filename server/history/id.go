package history

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// firstID is below every id made from t on, and above every one made before.
func firstID(t time.Time) []byte {
	id := make([]byte, 16)
	binary.BigEndian.PutUint64(id, uint64(max(t.UnixMilli(), 0))<<16)
	return id
}

// parseID returns ErrNotFound for what is no id: there is no such entry.
func parseID(text string) ([]byte, error) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return nil, fmt.Errorf("%w: %q is no entry's id", ErrNotFound, shortened(text, maxNameBytes))
	}
	return id[:], nil
}
