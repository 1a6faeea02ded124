package summary

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Write writes the summary as text that fits one screen, to a writer that does not fail.
func (s *Summary) Write(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "requests\toffered %d, sent %d, completed %d, failed %d, dropped %d\n",
		s.Offered, s.Sent, s.Completed, s.Failed, s.Dropped)
	fmt.Fprintf(t, "throughput\t%.1f requests/s completed in %.1f s; %s in, %s out\n",
		s.Throughput, s.Seconds, size(s.BytesIn), size(s.BytesOut))
	fmt.Fprintf(t, "from schedule\t%s\n", s.FromSchedule)
	fmt.Fprintf(t, "from sending\t%s\n", s.FromSending)
	for i, g := range s.Gaps[:min(mostRows, len(s.Gaps))] {
		fmt.Fprintf(t, "%s\t%s\n", first(i, "gaps"), g)
	}
	s.writePhases(t)
	s.writeRequests(t)
	s.writeConnections(t)
	for i, cause := range most(s.Errors) {
		fmt.Fprintf(t, "%s\t%d × %s\n", first(i, "failures"), s.Errors[cause], cause)
		if e, ok := s.Examples[cause]; ok && i < mostExamples {
			fmt.Fprintf(t, "\t    %s: %s\n", e.Request, e.Error)
		}
	}
	for i, id := range most(s.Instances) {
		part, _ := share(s.Instances[id], s.Completed)
		if id == "" && len(s.Instances) == 1 {
			break // no answer said who gave it
		}
		fmt.Fprintf(t, "%s\t%5.1f %%  %s\n", first(i, "answered by"), 100*part, orUnknown(id))
	}
	if s.ServiceCPU != nil {
		fmt.Fprintf(t, "service CPU\t%s\n", s.ServiceCPU)
	}
	fmt.Fprintf(t, "generator\t%s\n", s.Generator)
	_ = t.Flush()
}

// writeRequests writes a row for each kind of requests.
func (s *Summary) writeRequests(w io.Writer) {
	ended := map[string]int64{}
	for kind, r := range s.Requests {
		ended[kind] = r.Completed + r.Failed
	}
	for i, kind := range most(ended) {
		r := s.Requests[kind]
		fmt.Fprintf(w, "%s\t%s: completed %d, failed %d%s\n", first(i, "by request"), kind, r.Completed, r.Failed,
			r.FromSchedule.short("; from schedule"))
	}
}

// Connections is how many were opened.
func (s *Summary) Connections() (opened int64) {
	for _, n := range s.Opened {
		opened += n
	}
	return opened
}

// writeConnections writes how connections were used, if the lines tell.
func (s *Summary) writeConnections(w io.Writer) {
	opened := s.Connections()
	if opened+s.Reused == 0 {
		return
	}
	text := fmt.Sprintf("%d opened, %d requests reused one", opened, s.Reused)
	for _, part := range []struct {
		name string
		took Latency
	}{{"connect", s.Connect}, {"TLS", s.TLS}, {"first byte", s.FirstByte}} {
		text += part.took.short("; " + part.name)
	}
	fmt.Fprintf(w, "connections\t%s\n", text)
	if len(s.Opened) < 2 {
		return
	}
	for i, address := range most(s.Opened) {
		fmt.Fprintf(w, "%s\t%5.1f %%  %s\n", first(i, "to address"), 100*float64(s.Opened[address])/float64(opened), address)
	}
}

// A summary fits one screen, whatever happened.
const (
	mostRows     = 6
	mostExamples = 3
)

// MostFirst are the keys by their counts, the highest first.
func MostFirst(counts map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// most are the first of them.
func most(counts map[string]int64) []string {
	keys := MostFirst(counts)
	return keys[:min(mostRows, len(keys))]
}

func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}

func orUnknown(id string) string {
	if id == "" {
		return "(the answer did not say)"
	}
	return id
}

func size(bytes int64) string {
	value, unit := float64(bytes), "B"
	for _, larger := range []string{"kB", "MB", "GB", "TB"} {
		if value < 1000 {
			break
		}
		value, unit = value/1000, larger
	}
	return fmt.Sprintf("%.3g %s", value, unit)
}
