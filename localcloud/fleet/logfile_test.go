package fleet

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALogFileIsBoundedAndKeepsTheNewest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "i.log")
	l, err := newLogFile(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l.limit = 1000
	for i := range 1000 {
		fmt.Fprintf(l, "line %03d\n", i)
	}
	l.close()
	older, err1 := os.ReadFile(path + ".1")
	newer, err2 := os.ReadFile(path)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if n := len(older) + len(newer); n < 1000 || n > 2000 {
		t.Errorf("files hold %d bytes, want 1000 to 2000", n)
	}
	if all := string(older) + string(newer); !strings.HasSuffix(all, "line 998\nline 999\n") {
		t.Errorf("files end with %q, want line 999", all[len(all)-20:])
	}
}

func TestLastLine(t *testing.T) {
	tests := []struct {
		name   string
		writes []string
		want   string
	}{
		{"nothing written", nil, ""},
		{"the last of two", []string{"one\ntwo\n"}, "two"},
		{"an unfinished one", []string{"one\ntw", "o"}, "two"},
		{"blank lines do not count", []string{"one\n\n  \n"}, "one"},
		{"a long one is cut", []string{strings.Repeat("x", 5000), "\n"}, strings.Repeat("x", lastLineLimit)},
		{"broken UTF-8 is mended", []string{"a\xffb\n"}, "a\uFFFDb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := newLogFile("", slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range tt.writes {
				if n, err := l.Write([]byte(w)); n != len(w) || err != nil {
					t.Errorf("Write() = %d, %v, want %d", n, err, len(w))
				}
			}
			if got := l.lastLine(); got != tt.want {
				t.Errorf("lastLine() = %q, want %q", got, tt.want)
			}
		})
	}
}
