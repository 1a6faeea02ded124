package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"secondwind/loadgen/client"
	"secondwind/loadgen/mix"
)

// shop is a file whose requests are another service's than the calculator.
const shop = `version: 2
name: shop
requests:
  - name: search
    weight: 8
    path: /search?q={{word}}
    rows: words.csv
    headers:
      Accept: text/html
    expect: {status: 200, text: found}
  - path: /upload
    method: PUT
    body_file: upload.bin
    expect:
      status: [201, 300-399]
      json: {upload.state: ok, n: 7}
  - numbers: {operation: +, digits: {list: 30}, bodies: 2}
identity:
  cookie: served_by
users: 50
seed: 3
pool: 10MB
`

func TestAFileDescribesRequestsToAnyService(t *testing.T) {
	want := inFolder(Default())
	want.Name, want.Spec = "shop", mix.Spec{
		Requests: []mix.Request{
			{Name: "search", Weight: new(8.0), Path: "/search?q={{word}}", Rows: "words.csv", Headers: map[string]string{"Accept": "text/html"},
				Expect: mix.Expect{Status: []string{"200"}, Text: "found"}},
			{Path: "/upload", Method: "PUT", BodyFile: "upload.bin",
				Expect: mix.Expect{Status: []string{"201", "300-399"}, JSON: map[string]string{"upload.state": "ok", "n": "7"}}},
			{Numbers: mix.Numbers{Operation: "+", Digits: mix.Digits{List: []int{30}}, Bodies: 2}},
		},
		Identity: mix.Identity{Cookie: "served_by"}, Users: 50, Seed: 3, Pool: "10MB",
	}
	if got, err := Parse("shop.yaml", []byte(shop)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Parse() = %+v, %v, want %+v", got, err, want)
	}
}

func TestAFaultOfARequestNamesItsPlace(t *testing.T) {
	for _, tt := range []struct{ name, old, with, want string }{
		{"a misspelt key", "    weight: 8", "    wieght: 8", `x.yaml:5:5: requests[0].wieght: unknown key; did you mean "weight"?`},
		{"a misspelt key in braces", "{operation: +", "{opertion: +",
			`x.yaml:17:15: requests[2].numbers.opertion: unknown key; did you mean "operation"?`},
		{"a misspelt key of the mix", "users: 50", "usres: 50", `x.yaml:20:1: usres: unknown key; did you mean "users"?`},
		{"a misspelt key of the identity", "cookie: s", "cooky: s", `x.yaml:19:3: identity.cooky: unknown key; did you mean "cookie"?`},
		{"a value out of range", "list: 30", "list: 0", "x.yaml:17:38: requests[2].numbers.digits.list: has 0; give 1 to"},
		{"one value of a list", "list: 30", "list: [1, x]", `x.yaml:17:48: requests[2].numbers.digits.list[1]: is "x"; give a whole number`},
		{"a range the wrong way round", "{list: 30}", "{min: 9, max: 8}", "x.yaml:17:46: requests[2].numbers.digits.max: is 8; give"},
		{"a key that is missing", "{list: 30}", "{max: 8}", "x.yaml:17:29: requests[2].numbers.digits.min: is 0; give 1 to"},
		{"a status", "status: 200", "status: 2xx", `x.yaml:10:14: requests[0].expect.status: has "2xx"`},
		{"a path into JSON", "upload.state", "upload..state", "x.yaml:16:14: requests[1].expect.json.upload..state: is no path"},
		{"a header", "Accept: ", "Acc ept: ", "x.yaml:9:7: requests[0].headers.Acc ept: is no name of a header"},
		{"a header without a value", "Accept: text/html", "Accept:", "x.yaml:9:7: requests[0].headers.Accept: has no value; give text"},
		{"a header that is a list", "text/html", "[a]", "x.yaml:9:7: requests[0].headers.Accept: is"},
		{"a weight without a value", "weight: 8", "weight:", "x.yaml:5:5: requests[0].weight: has no value; give a number"},
		{"a weight that is none", "weight: 8", "weight: heavy", `x.yaml:5:5: requests[0].weight: is "heavy"; give a number`},
		{"all of a request", "    path: /search?q={{word}}\n", "    path: search\n",
			"x.yaml:6:5: requests[0].path: is \"search\"; begin it with /"},
		{"a request that is text", "  - path: /upload\n    method: PUT\n    body_file: upload.bin\n    expect:\n" +
			"      status: [201, 300-399]\n      json: {upload.state: ok, n: 7}\n", "  - /upload\n", "x.yaml:11:5: requests[1]: holds no keys"},
		{"an exact result that nobody knows", "text: found", "exact: true", "x.yaml:10:27: requests[0].expect.exact: needs numbers"},
		{"a pool", "10MB", "much", `x.yaml:22:1: pool: is "much"; give a size`},
		{"two of one name", "  - path: /upload\n", "  - path: /upload\n    name: search\n",
			`x.yaml:12:5: requests[1].name: is "search", like that of requests[0]`},
		{"headers that are text", "headers:\n      Accept: text/html", "headers: Accept",
			"x.yaml:8:5: requests[0].headers: holds no keys; give them"},
	} {
		text := strings.Replace(shop, tt.old, tt.with, 1)
		if text == shop {
			t.Fatalf("%s: the file has no %q", tt.name, tt.old)
		}
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Parse() = %v, want only %q", tt.name, err, tt.want)
		}
	}
}

func TestFaultsStandInTheOrderOfTheFile(t *testing.T) {
	_, err := Parse("x.yaml", []byte("load: {band: 9}\nrequests:\n- path: a\n- weight: -1\n- path: /\nhold: -1s\nload_only: {profile: up}\n"))
	wantKeys(t, err, "load.band", "requests[0].path", "requests[1].weight", "hold", "load_only.profile")
	for i, line := range strings.Split(err.Error(), "\n") {
		if want := []string{"x.yaml:1:8:", "x.yaml:3:3:", "x.yaml:4:3:", "x.yaml:6:1:", "x.yaml:7:13:"}[i]; !strings.HasPrefix(line, want) {
			t.Errorf("fault %d is %q, want it at %s", i, line, want)
		}
	}
}

func TestThePayloadOfVersion1IsAnsweredWithWhatToWriteInstead(t *testing.T) {
	for _, version := range []string{"version: 1\n", "version: 2\n"} {
		_, err := Parse("x.yaml", []byte(version+"payload:\n  digits: {min: 9, max: 8}\n"))
		const want = `x.yaml:2:1: payload: is a key of version 1; instead of it, write requests: [{numbers: {operation: "*", ` +
			`digits: {min: 24000, max: 32000}}, expect: {exact: true}}] with the values that you had, and seed by itself`
		if err == nil || err.Error() != want {
			t.Errorf("Parse() = %v, want %s", err, want)
		}
	}
	const advised = `requests: [{numbers: {operation: "*", digits: {min: 24000, max: 32000}}, expect: {exact: true}}]`
	if _, err := Parse("x.yaml", []byte(advised)); err != nil {
		t.Errorf("what is advised is no scenario: %v", err)
	}
	if s, err := Parse("x.yaml", []byte("version: 1\nhold: 0s\n")); err != nil || s.Version != Version {
		t.Errorf("Parse() of another file of version 1 = version %d, %v, want it read", s.Version, err)
	}
}

// TestTheIdentityOfAFileReplacesTheDefault: two parts of it would contradict each other.
func TestTheIdentityOfAFileReplacesTheDefault(t *testing.T) {
	for text, want := range map[string]mix.Identity{
		"": mix.Calculator, "identity:": mix.Calculator, "identity: {header: A}": {Header: "A"}, "identity: {json: a.b}": {JSON: "a.b"},
	} {
		if s, err := Parse("x.yaml", []byte(text)); err != nil || s.Identity != want {
			t.Errorf("Parse(%q).Identity = %+v, %v, want %+v", text, s.Identity, err, want)
		}
	}
}

func TestTheCopyHoldsEveryText(t *testing.T) {
	for _, text := range []string{
		"\ta\r\nb\n", "\n\n a\n  b", "010", "null", "true", "~", "'\"\\", "é\u2028\u0085\ufeff", "# a: b", "- a", " a ",
		"a\n\n\n", "@`%", "{{a}}", "0x1",
	} {
		s := inFolder(Default())
		s.Description, s.Requests = text, []mix.Request{{Body: text, Expect: mix.Expect{Text: text, JSON: map[string]string{"a": text}}}}
		resolved, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse("x.yaml", resolved); err != nil || !reflect.DeepEqual(again, s) {
			t.Errorf("Parse(Marshal()) = %+v, %v, want %+v from\n%s", again, err, s, resolved)
		}
	}
}

// folder is a folder with the files of shop, and shop.yaml.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"shop.yaml": shop, "words.csv": "word\nshoes\n", "upload.bin": "\x00\x01"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFilesAreLookedForBesideTheScenario(t *testing.T) {
	dir := folder(t)
	s, err := Read(t.Context(), filepath.Join(dir, "shop.yaml"))
	if err != nil || s.Dir != dir {
		t.Fatalf("Read(t.Context(), ) = %+v, %v, want it in %s", s, err, dir)
	}
	if err := os.WriteFile(filepath.Join(dir, "words.csv"), []byte("name\nshoes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "upload.bin")); err != nil {
		t.Fatal(err)
	}
	_, err = Read(t.Context(), filepath.Join(dir, "shop.yaml"))
	wantKeys(t, err, "requests[0].path", "requests[1].body_file")
	for _, want := range []string{"shop.yaml:6:5: ", "shop.yaml:13:5: ", "word", "upload.bin"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Read(t.Context(), ) = %v, want %q in it", err, want)
		}
	}
	absolute := strings.Replace(shop, "words.csv", filepath.Join(folder(t), "words.csv"), 1)
	if s, err := Parse("shop.yaml", []byte(absolute)); err != nil || s.Check(s.Open) == nil {
		t.Errorf("Check() of the working folder = nil, %v, want that upload.bin is not there", err)
	} else if found := s.Check(s.Open); len(found) != 1 || found[0].Key != "requests[1].body_file" {
		t.Errorf("Check() = %v, want only that upload.bin is not there", found)
	}
}

func TestARunFolderReproducesTheRun(t *testing.T) {
	from, run := folder(t), t.TempDir()
	s, err := Read(t.Context(), filepath.Join(from, "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.CopyTo(run)
	if err != nil {
		t.Fatal(err)
	}
	if s.Requests[0].Rows != "words.csv" {
		t.Errorf("CopyTo() changed the scenario itself: %+v", s.Requests[0])
	}
	if err := os.RemoveAll(from); err != nil {
		t.Fatal(err)
	}
	text, err := kept.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(run, "scenario.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Read(t.Context(), file)
	if err != nil || !reflect.DeepEqual(again, kept) {
		t.Fatalf("Read(t.Context(), ) of the copy = %+v, %v, want %+v", again, err, kept)
	}
	const want = "inputs/a001b23fb0aedeef-words.csv" // of SHA-256("word\nshoes\n")
	if got := again.Requests[0].Rows; got != want {
		t.Errorf("the copy of the rows is %q, want %q", got, want)
	}
	if again.Requests[1].BodyFile == again.Requests[0].Rows || !reflect.DeepEqual(again.Requests[2], s.Requests[2]) {
		t.Errorf("the copy has the requests %+v", again.Requests)
	}
}

func TestAFileThatIsGoneCannotBeCopied(t *testing.T) {
	s := Default()
	s.Dir, s.Requests = t.TempDir(), []mix.Request{{BodyFile: "gone.bin"}}
	if _, err := s.CopyTo(t.TempDir()); err == nil || !strings.Contains(err.Error(), "gone.bin") {
		t.Errorf("CopyTo() = %v, want that gone.bin is not there", err)
	}
	plain := Default()
	dir := t.TempDir()
	if _, err := plain.CopyTo(dir); err != nil {
		t.Errorf("CopyTo() of a scenario without files = %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("CopyTo() of a scenario without files made %v, %v", files, err)
	}
}

// TestWhatIsUncheckedIsRight: no answer is kept, however much was expected of it.
func TestWhatIsUncheckedIsRight(t *testing.T) {
	const text = `
requests:
  - {path: /a, expect: {status: 201, text: yes}}
  - {numbers: {operation: "*", digits: {list: [3]}, bodies: 1}, expect: {exact: true}}
identity: {json: a}
load_only: {url: "http://host.test", unchecked: %t}
`
	for unchecked, keep := range map[bool]int{false: 64 << 20, true: 0} {
		s, err := Parse("x.yaml", fmt.Appendf(nil, text, unchecked))
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Mix()
		if err != nil {
			t.Fatal(err)
		}
		answer := client.Answer{Status: 503, Body: []byte(`{"a":"b"}`)}
		for seq := range uint64(2) {
			var r client.Request
			m.Request(seq, &r)
			failure, instance := m.Failure(seq, &answer), m.Instance(&answer)
			if r.Keep != keep || (failure == "") != unchecked || (instance == nil) != unchecked {
				t.Errorf("unchecked: %t: request %d keeps %d bytes, fails with %q, answered by %q", unchecked, seq, r.Keep, failure, instance)
			}
		}
	}
}
