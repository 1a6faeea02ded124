package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// notAvailable stands for a number that was not seen or is not defined.
const notAvailable = "n/a"

// formatting is what layouts format values with.
var formatting = map[string]any{
	"symbol": statusSymbol, "number": number, "signed": signed, "clock": clock, "deadline": deadline,
	"terms": terms, "join": join, "places": evidence, "anchor": anchor,
}

// anchor is a title as the id of a place in a page.
func anchor(title string) string {
	between := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return strings.Join(strings.FieldsFunc(strings.ToLower(title), between), "-")
}

// statusOf is the outcome as the status of the claim.
func statusOf(o judge.Outcome) judge.Status {
	switch o {
	case judge.Proved:
		return judge.Held
	case judge.Refuted:
		return judge.Broken
	case judge.Inconclusive:
	}
	return judge.Undetermined
}

// statusSymbol is the status as one character; a word always stands next to it.
func statusSymbol(s judge.Status) string {
	switch s {
	case judge.Held:
		return "✓"
	case judge.Broken:
		return "✗"
	case judge.NotJudged:
		return "–"
	case judge.Undetermined:
	}
	return "?"
}

// number formats an optional number with its unit.
func number(v *float64, decimals int, unit string) string {
	if v == nil {
		return notAvailable
	}
	s := strconv.FormatFloat(*v, 'f', decimals, 64)
	if unit != "" {
		s += " " + unit
	}
	return s
}

// share formats a part of a whole in percent.
func share(part, whole int64) string {
	v := 100 * float64(part) / float64(whole)
	return number(defined(v), 2, "%")
}

// size formats a number of bytes with three digits.
func size(bytes int64) string {
	v, units := float64(bytes), []string{"B", "kB", "MB", "GB", "TB"}
	for v >= 999.5 && len(units) > 1 {
		v, units = v/1000, units[1:]
	}
	return fmt.Sprintf("%.3g %s", v, units[0])
}

// signed formats an optional number of seconds with its sign.
func signed(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%+.1f s", *v)
}

// clock formats the time of day, "" if it is zero.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("15:04:05.000")
}

// date formats a time with its date, "unknown" if it is zero.
func date(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// deadline is by when a link was due; of one that is not judged, what its terms come to.
func deadline(l judge.Link) string {
	if l.DeadlineSeconds == nil && len(l.Terms) == 0 {
		return ""
	}
	return number(cmp.Or(l.DeadlineSeconds, new(runlog.Terms(l.Terms).Seconds())), 1, "s")
}

// terms names the parts of a deadline: "one full period 10 s + publish lag 2 s".
func terms(all []runlog.Term) string {
	parts := make([]string, len(all))
	for i, t := range all {
		parts[i] = fmt.Sprintf("%s %g s", t.Name, t.Seconds)
	}
	return strings.Join(parts, " + ")
}

// join names what an event shares with the one before: "alarm = cpu-high". What
// has no name, such as a policy where the alarm invokes none, is left out.
func join(identity map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(identity)) {
		if identity[k] != "" {
			parts = append(parts, k+" = "+identity[k])
		}
	}
	return strings.Join(parts, ", ")
}

// evidence points into the record: "cloud.jsonl:12 (request 3f…)".
func evidence(all []judge.Evidence) []string {
	places := make([]string, len(all))
	for i, e := range all {
		places[i] = fmt.Sprintf("%s:%d", e.File, e.Line)
		if e.RequestID != "" {
			places[i] += " (request " + e.RequestID + ")"
		}
	}
	return places
}
