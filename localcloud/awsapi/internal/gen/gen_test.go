package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckedInFilesAreCurrent generates every file again.
func TestCheckedInFilesAreCurrent(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not installed: whether the files are current is not tested")
	}
	names, shapes, err := generate("../../ec2shapes/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	for path, got := range map[string][]byte{"../../names/ec2.json": names, "../../ec2shapes/shapes.go": shapes} {
		if want, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes (%v): run go generate ./localcloud/awsapi/...", path, err)
		}
	}
}

// A small service in the form of the SDK's generated code.
const (
	apiOperation = `package tiny
type DescribeThingsInput struct {
	Ids  []string
	Name *string
	noSmithyDocumentSerde
}
type DescribeThingsOutput struct {
	Things []types.Thing
	ResultMetadata middleware.Metadata
}
`
	apiTypes = `package types
type Thing struct { Id *string }
`
	apiSerializers = `package tiny
func awsEc2query_serializeOpDocumentDescribeThingsInput(v *DescribeThingsInput, value query.Value) error {
	object := value.Object()
	if v.Ids != nil {
		objectKey := object.FlatKey("Id")
		if err := awsEc2query_serializeDocumentIds(v.Ids, objectKey); err != nil { return err }
	}
	if v.Name != nil {
		objectKey := object.Key("Name")
		objectKey.String(*v.Name)
	}
	return nil
}
func awsEc2query_serializeDocumentIds(v []string, value query.Value) error {
	array := value.Array("Member")
	for i := range v {
		av := array.Value()
		av.String(v[i])
	}
	return nil
}
`
	apiDeserializers = `package tiny
func awsEc2query_deserializeOpDocumentDescribeThingsOutput(v **DescribeThingsOutput, decoder smithyxml.NodeDecoder) error {
	var sv *DescribeThingsOutput
	switch {
	case strings.EqualFold("ThingSet", t.Name.Local):
		if err := awsEc2query_deserializeDocumentThings(&sv.Things, nodeDecoder); err != nil { return err }
	}
	return nil
}
func awsEc2query_deserializeDocumentThings(v *[]types.Thing, decoder smithyxml.NodeDecoder) error {
	switch {
	case strings.EqualFold("thing", t.Name.Local):
		if err := awsEc2query_deserializeDocumentThing(&destAddr, nodeDecoder); err != nil { return err }
	}
	return nil
}
func awsEc2query_deserializeDocumentThing(v **types.Thing, decoder smithyxml.NodeDecoder) error {
	var sv *types.Thing
	switch {
	case strings.EqualFold("id", t.Name.Local):
		sv.Id = ptr.String(xtv)
	}
	return nil
}
`
)

// tinyOperations are those of the small service.
var tinyOperations = []string{"DescribeThings"}

// tiny writes the small service, changed, and parses it.
func tiny(t *testing.T, change func(files map[string]string)) *sdkPackage {
	t.Helper()
	files := map[string]string{
		"api_op_DescribeThings.go": apiOperation,
		"types/types.go":           apiTypes,
		"serializers.go":           apiSerializers,
		"deserializers.go":         apiDeserializers,
	}
	if change != nil {
		change(files)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "types"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := parsePackage("v1.0.0", dir, tinyOperations)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNamesThatBreakTheRuleAreFound(t *testing.T) {
	names, err := tiny(t, nil).names(tinyOperations)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(string(names)), "")
	want := `"members":{"DescribeThingsInput":{"Ids":{"request":"Id"}},` +
		`"DescribeThingsOutput":{"Things":{"response":"ThingSet","responseElement":"thing"}}}`
	if !strings.Contains(got, want) {
		t.Errorf("names = %s, want %s and nothing that follows the rule", got, want)
	}
}

func TestCodeThatIsNotUnderstoodIsAnError(t *testing.T) {
	replace := func(file, old, replacement string) func(map[string]string) {
		return func(files map[string]string) {
			if !strings.Contains(files[file], old) {
				panic("the test replaces nothing: " + old)
			}
			files[file] = strings.Replace(files[file], old, replacement, 1)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(map[string]string)
		want   string
	}{
		{
			"a field without a serializer", replace("api_op_DescribeThings.go", "Name *string", "Name *string\n\tColour *string"),
			"no name was found for Colour",
		},
		{
			"no serializers at all", func(files map[string]string) { files["serializers.go"] = "package tiny\n" },
			"no name was found for Ids",
		},
		{
			"another form of serializer", replace("serializers.go", `objectKey := object.Key("Name")`, `objectKey := object.Member("Name")`),
			"no name was found for Name",
		},
		{
			"an output that is not read", func(files map[string]string) { files["deserializers.go"] = "package tiny\n" },
			"DescribeThingsOutput: no name was found for Things",
		},
		{"a function that is not there", replace("deserializers.go", "deserializeDocumentThing(v", "deserializeDocumentOther(v"), "not declared"},
		{
			"a flat list in an answer",
			replace("deserializers.go", "_deserializeDocumentThings(&sv.Things", "_deserializeDocumentThingsUnwrapped(&sv.Things"),
			"ThingsUnwrapped",
		},
		{
			"no exception", func(files map[string]string) {
				files["serializers.go"] = strings.ReplaceAll(files["serializers.go"], `"Id"`, `"Ids"`)
				files["deserializers.go"] = strings.NewReplacer(`"ThingSet"`, `"things"`, `"thing"`, `"item"`).
					Replace(files["deserializers.go"])
			},
			"no exception was found",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tiny(t, tt.change).names(tinyOperations)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that says %q", err, tt.want)
			}
		})
	}
}

func TestOperationsAreChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "operations.txt")
	for _, tt := range []struct{ name, list, want string }{
		{"an operation that the service has not", "DescribeNothing\n", "api_op_DescribeNothing.go"},
		{"a list without operations", "# nothing\n\n", "lists no operation"},
	} {
		if err := os.WriteFile(path, []byte(tt.list), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := run([]string{path, path, path}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error that says %q", tt.name, err, tt.want)
		}
	}
	for _, args := range [][]string{nil, {path}, {path, path}, {"missing.txt", path, path}} {
		if err := run(args); err == nil {
			t.Errorf("run(%v) = nil, want an error", args)
		}
	}
}

func TestShapesAreCopied(t *testing.T) {
	b, err := tiny(t, nil).shapes(tinyOperations)
	if err != nil {
		t.Fatal(err)
	}
	shapes := string(b)
	for _, want := range []string{
		"package ec2shapes", `"github.com/aws/aws-sdk-go-v2/service/ec2/types"`,
		"DescribeThingsInput struct {\n\t\tIds  []string\n\t\tName *string\n\t}", "Things []types.Thing",
	} {
		if !strings.Contains(shapes, want) {
			t.Errorf("shapes = %s, want %q", shapes, want)
		}
	}
	if strings.Contains(shapes, "ResultMetadata") {
		t.Errorf("shapes = %s, want no metadata", shapes)
	}
}
