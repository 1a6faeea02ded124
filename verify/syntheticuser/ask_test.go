package syntheticuser

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A list is held against what was made, entry by entry.
func TestAListIsWholeOnlyIfItHoldsWhatWasMade(t *testing.T) {
	t.Parallel()
	made := func(operand, instance string) calculation {
		return calculation{operands: []string{operand, "2"}, result: operand + "0", instance: instance}
	}
	u := &User{made: []calculation{made("1", "i-a"), made("2", ""), made("3", "i-b")}}
	of := func(operand, instance string) entry {
		return entry{instance, "*", []string{operand, "2"}, operand + "0"}
	}
	for name, test := range map[string]struct {
		list            []entry
		listed, foreign int
	}{
		"all, the newest first":           {[]entry{of("3", "i-b"), of("2", "i-b"), of("1", "i-a")}, 2, 0},
		"without the unanswered one":      {[]entry{of("3", "i-b"), of("1", "i-a")}, 2, 0},
		"without the oldest":              {[]entry{of("3", "i-b")}, 1, 0},
		"the oldest first":                {[]entry{of("1", "i-a"), of("3", "i-b")}, 1, 1},
		"one twice":                       {[]entry{of("3", "i-b"), of("1", "i-a"), of("1", "i-a")}, 2, 1},
		"one of another instance":         {[]entry{of("3", "i-a"), of("1", "i-a")}, 1, 1},
		"one that was never made":         {[]entry{of("4", "i-a"), of("3", "i-b"), of("1", "i-a")}, 2, 1},
		"one with another result":         {[]entry{{"i-b", "*", []string{"3", "2"}, "5"}, of("1", "i-a")}, 1, 1},
		"nothing":                         {nil, 0, 0},
		"an unanswered one, anyone's":     {[]entry{of("2", "i-c")}, 0, 0},
		"an operation that was not asked": {[]entry{{"i-a", "+", []string{"1", "2"}, "10"}}, 0, 1},
	} {
		if listed, foreign := u.count(test.list); listed != test.listed || foreign != test.foreign {
			t.Errorf("%s: count = %d, %d, want %d, %d", name, listed, foreign, test.listed, test.foreign)
		}
	}
}

func TestAWrongResultIsToldWithoutShowingIt(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(instanceHeader, "i-a")
		_, _ = bytes.NewBufferString(`{"result":"31415926"}`).WriteTo(w)
	}))
	defer s.Close()
	u, err := New(Config{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	u.user = "known"
	u.session(t.Context(), true)
	if e := u.sessions[0].Error; !strings.Contains(e, "i-a gives a wrong result") || strings.Contains(e, "31415926") || u.answered() != 0 {
		t.Errorf("the session failed with %q, want that i-a gives a wrong result, and not which", e)
	}
}
