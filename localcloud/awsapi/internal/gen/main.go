package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run reads a list of operations and writes the files of their names and structs.
func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: gen OPERATIONS NAMES SHAPES")
	}
	names, shapes, err := generate(args[0])
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(args[1], names, 0o644), os.WriteFile(args[2], shapes, 0o644))
}

// generate returns the content of both files.
func generate(list string) (names, shapes []byte, err error) {
	operations, err := readOperations(list)
	if err != nil {
		return nil, nil, err
	}
	p, err := openPackage(operations)
	if err != nil {
		return nil, nil, err
	}
	if names, err = p.names(operations); err != nil {
		return nil, nil, err
	}
	shapes, err = p.shapes(operations)
	return names, shapes, err
}

// readOperations reads an operation a line; blank lines and # comments do not count.
func readOperations(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		if name := strings.TrimSpace(line); name != "" && !strings.HasPrefix(name, "#") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s lists no operation", path)
	}
	return names, nil
}
