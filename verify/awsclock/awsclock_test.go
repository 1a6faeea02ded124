package awsclock

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestClockNarrowsTheOffsetWithEveryAnswer(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const offset = 2500 * time.Millisecond // AWS is ahead of us
	var c Clock
	for i := range 40 {
		sent := noon.Add(time.Duration(i) * 1030 * time.Millisecond)
		received := sent.Add(20 * time.Millisecond)
		c.Note(received.Add(offset).Truncate(time.Second), sent, received)
	}
	if got := c.Offset(); (got - offset).Abs() > 100*time.Millisecond {
		t.Errorf("Offset() = %s, want %s within 100ms", got, offset)
	}
}

func TestAnOffsetWithinItsUncertaintyIsNone(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 300_000_000, time.UTC)
	var c Clock
	c.Note(noon.Truncate(time.Second), noon, noon.Add(10*time.Millisecond))
	if got := c.Offset(); got != 0 {
		t.Errorf("Offset() = %s of clocks that may agree, want 0s", got)
	}
}

func TestClockStartsAnewWhenAClockWasSet(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var c Clock
	c.Note(noon, noon, noon.Add(10*time.Millisecond))
	c.Note(noon.Add(time.Hour), noon.Add(time.Second), noon.Add(time.Second))
	if got := c.Offset(); got < 59*time.Minute {
		t.Errorf("Offset() = %s after a clock was set by an hour, want about an hour", got)
	}
	c.Note(time.Time{}, noon, noon)
	if got := c.Offset(); got < 59*time.Minute {
		t.Errorf("Offset() = %s after an answer without a date, want it unchanged", got)
	}
}

func TestAWatchedClientNotesTheDateOfEveryAnswer(t *testing.T) {
	var c Clock
	cfg := c.Watch(aws.Config{HTTPClient: answering(func(*http.Request) *http.Response {
		date := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
		return &http.Response{Header: http.Header{"Date": {date}}, Body: http.NoBody}
	})})
	response, err := cfg.HTTPClient.Do(httptest.NewRequest(http.MethodGet, "http://aws.test", nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := c.Offset(); (got - time.Hour).Abs() > 2*time.Second {
		t.Errorf("Offset() = %s, want about an hour", got)
	}
}

type answering func(*http.Request) *http.Response

func (a answering) Do(r *http.Request) (*http.Response, error) { return a(r), nil }
