package scenario

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"secondwind/loadgen/mix"
)

var update = flag.Bool("update", false, "write scenarios/scenario.schema.json anew")

const schemaFile = "../../scenarios/scenario.schema.json"

type object = map[string]any

// forms are the schemas of scalars. A text may look like a number.
var forms = map[reflect.Type]object{
	reflect.TypeFor[string]():  {"type": []string{"string", "number", "boolean"}},
	reflect.TypeFor[int]():     {"type": "integer"},
	reflect.TypeFor[uint64]():  {"type": "integer", "minimum": 0},
	reflect.TypeFor[float64](): {"type": "number"},
	reflect.TypeFor[bool]():    {"type": "boolean"},
	reflect.TypeFor[time.Duration](): {
		"type": []string{"string", "integer"}, "minimum": 0, "maximum": 0,
		"pattern": `^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$|^0$`,
	},
	reflect.TypeFor[Policy](): {"enum": []Policy{PolicyAttached, PolicyNone}},
}

// bounds are what else an editor can know of a key.
var bounds = map[string]object{
	"version":                                {"enum": []int{withPayload, Version}},
	"name":                                   {"minLength": 1},
	"requests":                               {"minItems": 1},
	"requests[]":                             {"not": object{"required": []string{"body", "body_file"}}},
	"requests[].weight":                      {"minimum": 0, "maximum": 1_000_000},
	"requests[].numbers":                     {"required": []string{"operation", "digits"}},
	"requests[].numbers.operation":           {"enum": []string{"+", "-", "*", "//", "%"}},
	"requests[].numbers.digits.min":          {"minimum": 1, "maximum": 2_000_000},
	"requests[].numbers.digits.max":          {"minimum": 1, "maximum": 2_000_000},
	"requests[].numbers.digits.list[]":       {"minimum": 1, "maximum": 2_000_000},
	"requests[].numbers.digits.distribution": {"enum": []string{"uniform", "log-uniform"}},
	"requests[].numbers.shape":               {"enum": []string{"calculate", "expression", "batch"}},
	"requests[].numbers.bodies":              {"minimum": 0, "maximum": 10_000},
	"identity":                               {"maxProperties": 1},
	"tls": {
		"dependentRequired": object{"cert": []string{"key"}, "key": []string{"cert"}},
	},
	"users":                   {"minimum": 1, "maximum": 1_000_000},
	"http":                    {"enum": []any{"1.1", "2", 1.1, 2}},
	"streams":                 {"minimum": 1, "maximum": 1000},
	"unix_socket":             {"maxLength": 103},
	"max_in_flight":           {"minimum": 1, "maximum": maxInFlight},
	"calibration.start_rate":  {"exclusiveMinimum": 0},
	"calibration.cpu_percent": {"exclusiveMinimum": 0, "exclusiveMaximum": 100},
	"load.band":               {"exclusiveMinimum": 1, "exclusiveMaximum": 2},
	"load.rate":               {"minimum": 0},
	"load.cpu_percent":        {"minimum": 0, "exclusiveMaximum": 100},
	"release.rate_percent":    {"minimum": 0, "maximum": 20},
	"load_only.phases":        {"minItems": 1, "maxItems": maxPhases},
	"load_only.phases[]":      {"required": []string{"name"}},
	"load_only.arrivals":      {"enum": []string{"even", "poisson"}},
	"judge.min_achieved":      {"exclusiveMinimum": 0, "maximum": 1},
}

// generator makes the schema: of the types, the bounds, and the tables of the documentation.
type generator struct {
	meanings map[string]string // by key
	met      map[string]bool
}

func (g *generator) schema(key string, of reflect.Type, standard reflect.Value) object {
	s := object{}
	switch of.Kind() {
	case reflect.Struct:
		s = object{"type": []string{"object", "null"}, "additionalProperties": false, "properties": g.properties(key, of, standard)}
	case reflect.Map:
		s = object{"type": []string{"object", "null"}, "additionalProperties": forms[of.Elem()]}
	case reflect.Slice:
		one := g.schema(key+"[]", of.Elem(), reflect.Value{})
		if s = (object{"type": "array", "items": one}); of.Elem().Kind() != reflect.Struct {
			s = object{"anyOf": []object{one, s}}
		}
	case reflect.Pointer:
		return g.schema(key, of.Elem(), reflect.Value{})
	default:
		maps.Copy(s, forms[of])
		if standard.IsValid() && !standard.IsZero() {
			s["default"] = standard.Interface()
			if d, ok := s["default"].(time.Duration); ok {
				s["default"] = d.String()
			}
		}
	}
	maps.Copy(s, bounds[key])
	g.met[key] = true
	if meaning := g.meanings[key]; meaning != "" {
		s["description"] = meaning
	}
	return s
}

func (g *generator) properties(key string, of reflect.Type, standard reflect.Value) object {
	all := object{}
	for _, field := range reflect.VisibleFields(of) {
		name := keyOf(field)
		if name == "" {
			continue
		}
		value := reflect.Value{}
		if standard.IsValid() {
			value = standard.FieldByIndex(field.Index)
		}
		all[name] = g.schema(strings.TrimPrefix(key+"."+name, "."), field.Type, value)
	}
	return all
}

// tables are the tables of keys in the documentation, and what their keys are below.
var tables = map[string]string{
	"key": "", "key of a request": "requests[].", "key of `numbers`": "requests[].numbers.", "key of `load_only`": "load_only.",
	"key of a phase": "load_only.phases[].",
}

// link is a link in Markdown.
var link = regexp.MustCompile(`\[(.*?)\]\(.*?\)`)

var row = regexp.MustCompile(`(?m)^\|(.*?)\|(.*?)\|(.*)\|$`)

// documented are the meanings of all keys.
func documented(t testing.TB) map[string]string {
	t.Helper()
	meanings := map[string]string{}
	for _, name := range []string{"scenarios.md", "load.md"} {
		text, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		below, inTable := "", false
		for _, cells := range row.FindAllStringSubmatch(string(text), -1) {
			keys := strings.TrimSpace(cells[1])
			if prefix, head := tables[keys]; head {
				below, inTable = prefix, true
			} else if inTable && strings.HasPrefix(keys, "`") {
				for _, key := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(keys, -1) {
					meaning := link.ReplaceAllString(strings.TrimSpace(cells[3]), "docs/$1")
					meanings[below+key[1]] = strings.ReplaceAll(meaning, "`", "")
				}
			}
		}
	}
	return meanings
}

func generated(t testing.TB) []byte {
	t.Helper()
	g := generator{documented(t), map[string]bool{}}
	s := g.schema("", reflect.TypeFor[Scenario](), reflect.ValueOf(Default()))
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", "A scenario of secondwind"
	for key := range bounds {
		if !g.met[key] {
			t.Errorf("bounds has %s, which is no key", key)
		}
	}
	for key := range g.meanings {
		if !g.met[key] {
			t.Errorf("docs/scenarios.md or docs/load.md has a table with %s, which is no key", key)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEveryKeyIsDocumented: what a key means stands in the tables of docs/, and nowhere else.
func TestEveryKeyIsDocumented(t *testing.T) {
	meanings := documented(t)
	below := slices.Collect(maps.Keys(meanings))
	g := generator{meanings, map[string]bool{}}
	g.schema("", reflect.TypeFor[Scenario](), reflect.ValueOf(Default()))
	for key := range g.met {
		part := func(of string) bool { return strings.HasPrefix(of, key+".") || strings.HasPrefix(key, of+".") }
		if meanings[key] == "" && key != "" && !strings.HasSuffix(key, "[]") && !slices.ContainsFunc(below, part) {
			t.Errorf("no table of docs/scenarios.md and docs/load.md has %s", key)
		}
	}
}

// TestTheDocumentedScenariosAreGood reads every file that the documentation shows.
func TestTheDocumentedScenariosAreGood(t *testing.T) {
	valid, shown := fits(t), 0
	for _, name := range []string{"scenarios.md", "load.md"} {
		text, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1) {
			shown++
			if _, err := Parse(name, block[1]); err != nil {
				t.Errorf("%v\n%s", err, block[1])
			}
			if err := valid(block[1]); err != nil {
				t.Errorf("%s: the schema refuses: %v\n%s", name, err, block[1])
			}
		}
	}
	if shown < 6 {
		t.Errorf("%d scenarios are shown, want at least six", shown)
	}
}

func TestTheSchemaIsUpToDate(t *testing.T) {
	want := generated(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types and docs/ say (%v): go test ./loadgen/scenario -run Schema -update", schemaFile, err)
	}
}

// fits validates YAML against the schema.
func fits(t testing.TB) func(text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(generated(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text []byte) error {
		asJSON, err := yaml.YAMLToJSON(text)
		if err != nil {
			return err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
}

func TestTheSchemaTakesEveryScenario(t *testing.T) {
	valid := fits(t)
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("Glob() = %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if !bytes.HasPrefix(text, []byte("# yaml-language-server: $schema="+filepath.Base(schemaFile)+"\n")) {
			t.Errorf("%s does not tell editors of its schema", file)
		}
	}
}

func TestTheSchemaTakesWhatMarshalWrites(t *testing.T) {
	valid := fits(t)
	s := Default()
	s.Requests = append(s.Requests, mix.Request{Path: "/{{a}}", Rows: "rows.csv", Weight: new(0.5), Body: "\t1\r\n",
		Headers: map[string]string{"A": "7"}, Expect: mix.Expect{JSON: map[string]string{"a.b": "true"}}})
	s.LoadOnly = LoadOnly{
		Profile: "200", Duration: time.Hour, Arrivals: "poisson", Require: []string{"p99 < 1s"}, Abort: []string{"cpu > 90%"},
	}
	text, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := valid(text); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestTheSchemaAgreesWithTheReader: an editor must not complain of what is read, and should
// of what is refused for its form or its range.
func TestTheSchemaAgreesWithTheReader(t *testing.T) {
	valid := fits(t)
	taken := []string{
		"{}", "version: 1", "name: 010", "hold: 0", "hold: 1h30m", "load:", "users: 1", "users: 1000000", "load: {band: 1.5}", "load: {rate: 0}",
		"load: {cpu_percent: 32}",
		"requests: [{path: /}]", "requests: [{expect: {status: 200}}]", "requests: [{expect: {status: [200-299, 404], json: {a: 7, b: true}}}]",
		"requests: [{numbers: {operation: +, digits: {list: 7}}}]", "requests: [{weight: 0.5, headers: {A: 1}}]", "identity: {cookie: a}",
		"release: {rate_percent: 20}", "judge: {min_achieved: 1}", "local: {policy: none}", "max_in_flight: 100000", "seed: 18446744073709551615",
		"load_only: {profile: 200, duration: 5m, require: p99 < 1s, abort: errors > 50%}", "load_only: {require: [p99 < 1s, errors < 1%]}",
		"streams: 1",
		"http: 2", "http: 1.1", "http: '2'", "unix_socket: s", "tls: {insecure: true}", "tls: {cert: a, key: b, root_certs: c}", "tls:",
		"load_only: {users: 50, think: 1s..3s}", "load_only: {phases: [{name: a, profile: ramp:1..100/1m}]}",
		"load_only: {phases: [{name: a b, users: 5, duration: 1m}, {name: c, users: 'ramp:5..9/1m'}], think: 1s}",
		"load_only: {replay: rates.csv, arrivals: poisson, precise: true}",
		"load_only: {profile: 'cpu:32/5m', cpu_of: pid 7, unchecked: true}",
		"local: {program: {command: 'a {port}', environment: {A: 1}, start_within: 2m}, health_check: {codes: 200}, scaling: {min_size: 3}}",
		"local: {program: {command: [a, '{port}']}, scaling: {policy: step}}",
	}
	refused := []string{
		"version: 3", "nam: x", "name: ''", "name: null", "users: 0", "users: 1000001", "users: many", "users: 2.5", "users: [1]", "seed: -1",
		"hold: -1s", "hold: 5", "hold: soon", "timeout: 5", "load: {band: 1}", "load: {band: 2}", "load: {rate: -1}",
		"load: {cpu_percent: 100}", "load: 5", "load: [1]",
		"premises: {window: true}", "calibration: {start_rate: 0}", "calibration: {cpu_percent: 100}", "release: {rate_percent: 21}",
		"judge: {min_achieved: 0}", "judge: {min_achieved: 1.01}", "local: {policy: maybe}",
		"local: {program: a}", "local: {scaling: [1]}", "local: {health_check: {port: 1}}", "local: {alarm_actions: 'true'}", "max_in_flight: 0",
		"max_in_flight: 100001", "payload: {digits: {min: 1, max: 2}}", "requests: []", "requests: {path: /}", "requests: [/]", "requests: null",
		"requests: [{pth: /}]", "requests: [{weight: -1}]", "requests: [{weight: 1000001}]", "requests: [{body: a, body_file: b}]",
		"requests: [{headers: {A: [1]}}]", "requests: [{expect: {status: {}}}]", "requests: [{expect: {exact: 1}}]",
		"requests: [{numbers: {digits: {min: 1, max: 2}}}]", "requests: [{numbers: {operation: +}}]",
		"requests: [{numbers: {operation: ^, digits: {min: 1, max: 2}}}]", "requests: [{numbers: {operation: +, digits: {min: 0, max: 2}}}]",
		"requests: [{numbers: {operation: +, digits: {min: 1, max: 2000001}}}]", "requests: [{numbers: {operation: +, digits: {list: [0]}}}]",
		"requests: [{numbers: {operation: +, digits: {min: 1, max: 2}, shape: round}}]",
		"requests: [{numbers: {operation: +, digits: {min: 1, max: 2}, bodies: 10001}}]",
		"http: 3", "http: 1", "http: two", "unix_socket: " + strings.Repeat("x", 104), "tls: {insecure: 1}", "tls: a", "dns_interval: -1s",
		"streams: 0", "streams: 1001", "tls: {ca: a}", "tls: {cert: a}", "tls: {key: a}",
		"identity: {header: a, cookie: b}", "identity: {heder: a}",
		"load_only: {abort: {errors: 50%}}", "load_only: {arrivals: odd}", "load_only: {phases: {}}",
		"load_only: {phases: [{profile: 5, duration: 5s}]}", "load_only: {phases: [{name: a, rate: 5}]}", "load_only: {precise: 1}",
		"load_only: {duration: long}", "load_only: {require: {p99: 1s}}", "load_only: {rate: 5}",
		"load_only: {profile: 'cpu:32/5m', cpu_of: {pid: 7}}", "load_only: {unchecked: 1}",
	}
	for _, text := range taken {
		if _, err := Parse("x.yaml", []byte(text)); err != nil {
			t.Errorf("Parse(%s) = %v", text, err)
		}
		if err := valid([]byte(text)); err != nil {
			t.Errorf("the schema refuses %s: %v", text, err)
		}
	}
	for _, text := range refused {
		if _, err := Parse("x.yaml", []byte(text)); err == nil {
			t.Errorf("Parse(%s) takes it", text)
		}
		if valid([]byte(text)) == nil {
			t.Errorf("the schema takes %s", text)
		}
	}
}
