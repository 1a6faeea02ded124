//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
)

// compareDurabilities has the same questions answered after the commit and before it, by 32
// clients of one user.
func compareDurabilities(ctx context.Context, o options) error {
	if _, err := exec.LookPath("wrk"); err != nil {
		fmt.Println("left out: there is no wrk (Debian: apt install wrk)")
		return nil
	}
	var contestants []*contestant
	for _, durability := range []string{"written", "queued"} {
		contestants = append(contestants, &contestant{name: durability, connections: 32,
			arguments: []string{"--header", "Cookie: calculator_user=0123456789abcdef0123456789abcdef"},
			start: func(ctx context.Context) (*process, error) {
				return startServer(ctx, "/healthz", []string{"CALCULATOR_HISTORY_DURABILITY=" + durability,
					"CALCULATOR_HISTORY=sqlite:" + filepath.Join(o.folder, durability+".db")}, o.calculator, "--address", "ADDRESS")
			}})
	}
	if err := compete(ctx, o, contestants, reportEntries); err != nil {
		return err
	}
	fmt.Println("\nasked: written at least 0.8 of queued")
	return nil
}

var entriesTotal = regexp.MustCompile(`calculator_history_entries_total\{.*outcome="(\w+)"\} (\S+)`)

// reportEntries reports what has become of the entries of a calculator.
func reportEntries(ctx context.Context, c *contestant) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.url("/metrics"), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	for _, outcome := range entriesTotal.FindAllSubmatch(text, -1) {
		fmt.Printf("%s: %s %s entries\n", c.name, outcome[2], outcome[1])
	}
	return err
}
