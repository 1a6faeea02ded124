package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
	"secondwind/verify/terminal"
)

//go:embed init.yaml.tmpl
var initialText string

// initialScenario is how a draft is written. A text in double quotes means the same in YAML as in Go.
var initialScenario = template.Must(template.New("scenario").Funcs(template.FuncMap{"quote": strconv.Quote, "key": key}).Parse(initialText))

var plainKey = regexp.MustCompile(`^[A-Za-z_][\w-]*$`)

// key is a key, in quotes if it needs them.
func key(name string) string {
	if plainKey.MatchString(name) && name != "null" {
		return name
	}
	return strconv.Quote(name)
}

// byTarget is the identity of a service whose answers name no instance.
var byTarget = mix.Identity{Target: true}

// draft is what init writes, with the reasons that stand there as comments.
type draft struct {
	Asked, Name       string
	Request           mix.Request
	Status            int
	IdentityOf        mix.Identity
	IdentityWhy       string
	Timeout           time.Duration
	StartRate         string // requests per second
	RateWhy           string
	Program           initialProgram
	Health, HealthWhy string
	HealthCodes       string
	CPUPercent        string  // of an instance during the control
	CPUThreshold      float64 // of the alarm, in percent
	RequestRate       float64 // of the alarm instead, in requests per second and instance; 0: it is about CPU
	RequestsPerTarget int     // a minute, by which the local stack scales; 0: by CPU
	Instances         int     // at rest
}

// initialProgram is local.program; without a Command there is none.
type initialProgram struct {
	Command, Folder string
	Environment     map[string]string
	StartWithin     time.Duration
}

// Identity is the identity's key and value.
func (d draft) Identity() string {
	i := d.IdentityOf
	for key, name := range map[string]string{"header": i.Header, "cookie": i.Cookie, "json": i.JSON} {
		if name != "" {
			return key + ": " + strconv.Quote(name)
		}
	}
	return "target: true"
}

func (d draft) text() ([]byte, error) {
	var b bytes.Buffer
	if err := initialScenario.Execute(&b, d); err != nil {
		return nil, err // a defect: the template and the draft are this program's
	}
	return b.Bytes(), nil
}

// scenario is the draft as soak would read it. Its faults are those of the flags.
func (d draft) scenario(file string) (s scenario.Scenario, err error) {
	if d.Program.Command != "" {
		if _, err := scenario.ParseCommand(d.Program.Command); err != nil {
			return s, fmt.Errorf("--program %w", err)
		}
	}
	text, err := d.text()
	if err != nil {
		return s, err
	}
	s, err = scenario.Parse(file, text)
	return s, cmp.Or(s.Validate(flagOf), err)
}

// flagOf is the flag that sets a key of the draft.
var flagOf = map[string]string{
	"requests[0].path": "--path", "requests[0].method": "--method", "requests[0].body": "--body", "identity.header": "--identity",
	"identity.cookie": "--identity", "identity.json": "--identity", "local.program.command": "--program",
	"local.program.environment": "--environment", "local.program.start_within": "--start-within",
}

// kind is of a line of init's report.
type kind string

// The kinds of lines. What is missing says what to do about it.
const (
	wasFound   kind = "found"
	wasAssumed kind = "assumed"
	isMissing  kind = "missing"
)

// initial is init's report.
type initial struct {
	File  string    `json:"file"`
	Lines []learned `json:"lines"`
	Next  []string  `json:"next"` // commands
}

// learned is a line of it.
type learned struct {
	Kind kind   `json:"kind"`
	Text string `json:"text"`
}

func (r *initial) add(k kind, format string, args ...any) {
	r.Lines = append(r.Lines, learned{k, fmt.Sprintf(format, args...)})
}

// text writes the report for a person.
func (r *initial) text(w io.Writer, style terminal.Style) {
	colours := map[kind]string{wasFound: terminal.Green, wasAssumed: terminal.Yellow, isMissing: terminal.Red}
	const column = 9
	for _, line := range r.Lines {
		word := style.Paint(colours[line.Kind], string(line.Kind)) + strings.Repeat(" ", column-len(line.Kind))
		fmt.Fprintln(w, word+style.Wrap(line.Text, column))
	}
	fmt.Fprintf(w, "%-*s%s\n", column, "wrote", r.File)
	for i, command := range r.Next {
		fmt.Fprintf(w, "%-*s%s\n", column, map[bool]string{true: "next"}[i == 0], command)
	}
}
