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
		t.Skip("the go command is not installed")
	}
	const operations = "../../ec2shapes/operations.txt"
	for _, tt := range []struct {
		command string
		o       options
	}{
		{"names", options{service: "autoscaling", out: "../../names/autoscaling.json"}},
		{"names", options{service: "cloudwatch", out: "../../names/cloudwatch.json"}},
		{"names", options{service: "ec2", operations: operations, out: "../../names/ec2.json"}},
		{"names", options{service: "elasticloadbalancingv2", out: "../../names/elasticloadbalancingv2.json"}},
		{"names", options{service: "kms", out: "../../names/kms.json"}},
		{"names", options{service: "resourcegroupstaggingapi", out: "../../names/resourcegroupstaggingapi.json"}},
		{"names", options{service: "sts", out: "../../names/sts.json"}},
		{"unions", options{service: "cloudwatch", out: "../../unions.go"}},
		{"shapes", options{service: "ec2", operations: operations, out: "../../ec2shapes/shapes.go"}},
	} {
		t.Run(tt.command+" of "+tt.o.service, func(t *testing.T) {
			got, err := generate(tt.command, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(tt.o.out)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what the generator writes: run go generate ./localcloud/awsapi/...", tt.o.out)
			}
		})
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
func awsAwsquery_serializeOpDocumentDescribeThingsInput(v *DescribeThingsInput, value query.Value) error {
	object := value.Object()
	if v.Ids != nil {
		objectKey := object.Key("Id")
		if err := awsAwsquery_serializeDocumentIds(v.Ids, objectKey); err != nil { return err }
	}
	if v.Name != nil {
		objectKey := object.Key("Name")
		objectKey.String(*v.Name)
	}
	return nil
}
func awsAwsquery_serializeDocumentIds(v []string, value query.Value) error {
	array := value.Array("entry")
	for i := range v {
		av := array.Value()
		av.String(v[i])
	}
	return nil
}
`
	apiDeserializers = `package tiny
func awsAwsquery_deserializeOpDocumentDescribeThingsOutput(v **DescribeThingsOutput, decoder smithyxml.NodeDecoder) error {
	var sv *DescribeThingsOutput
	switch {
	case strings.EqualFold("ThingSet", t.Name.Local):
		if err := awsAwsquery_deserializeDocumentThings(&sv.Things, nodeDecoder); err != nil { return err }
	}
	return nil
}
func awsAwsquery_deserializeDocumentThings(v *[]types.Thing, decoder smithyxml.NodeDecoder) error {
	switch {
	case strings.EqualFold("thing", t.Name.Local):
		if err := awsAwsquery_deserializeDocumentThing(&destAddr, nodeDecoder); err != nil { return err }
	}
	return nil
}
func awsAwsquery_deserializeDocumentThing(v **types.Thing, decoder smithyxml.NodeDecoder) error {
	var sv *types.Thing
	switch {
	case strings.EqualFold("Id", t.Name.Local):
		sv.Id = ptr.String(xtv)
	}
	return nil
}
`
)

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
	p, err := parsePackage("tiny", "v1.0.0", dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNamesThatBreakTheRuleAreFound(t *testing.T) {
	var b bytes.Buffer
	p := tiny(t, nil)
	if err := writeNames(&b, p, p.operations); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(b.String()), "")
	want := `"members":{"DescribeThingsInput":{"Ids":{"request":"Id","requestElement":"entry"}},` +
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
			"a field without a serializer", replace("api_op_DescribeThings.go", "Name *string", "Name, Colour *string"),
			"no name was found for Colour",
		},
		{
			"no serializers at all", func(files map[string]string) { delete(files, "serializers.go"); delete(files, "deserializers.go") },
			"no function was found",
		},
		{
			"another form of serializer", replace("serializers.go", `objectKey := object.Key("Name")`, `objectKey := object.Member("Name")`),
			"no name was found for Name",
		},
		{"an output that is not read", func(files map[string]string) { delete(files, "deserializers.go") }, "DescribeThingsOutput"},
		{"a flat list outside of EC2", replace("serializers.go", `object.Key("Id")`, `object.FlatKey("Id")`), "flat"},
		{"a function that is not there", replace("deserializers.go", "deserializeDocumentThing(v", "deserializeDocumentOther(v"), "not declared"},
		{
			"a flat list in an answer",
			replace("deserializers.go", "_deserializeDocumentThings(&sv.Things", "_deserializeDocumentThingsUnwrapped(&sv.Things"),
			"ThingsUnwrapped",
		},
		{"schemas that name nothing", func(files map[string]string) {
			files["serializers.go"] = "package tiny\nfunc other() {}\n"
			delete(files, "deserializers.go")
		}, "names no member"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tiny(t, tt.change)
			err := writeNames(&bytes.Buffer{}, p, p.operations)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that says %q", err, tt.want)
			}
		})
	}
}

func TestOperationsAreChecked(t *testing.T) {
	for _, tt := range []struct{ name, list, want string }{
		{"an operation that the service has not", "DescribeThings\nDescribeNothing\n", `no operation "DescribeNothing"`},
		{"a list without operations", "# nothing\n\n", "lists no operation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "operations.txt")
			if err := os.WriteFile(path, []byte(tt.list), 0o644); err != nil {
				t.Fatal(err)
			}
			if names, err := readOperations(path, []string{"DescribeThings"}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("readOperations = %v, %v, want an error that says %q", names, err, tt.want)
			}
		})
	}
}

func TestShapesAreCopied(t *testing.T) {
	p := tiny(t, func(files map[string]string) {
		files["api_op_DescribeThings.go"] = strings.Replace(apiOperation, "package tiny", "package tiny\nimport \"example.com/tiny/types\"", 1)
	})
	var b bytes.Buffer
	if err := writeShapes(&b, p, p.operations, "shapes"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"package shapes", `"example.com/tiny/types"`, "type DescribeThingsInput struct {\n\tIds  []string\n\tName *string\n}",
		"Things []types.Thing",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("shapes = %s, want %q", b.String(), want)
		}
	}
	if strings.Contains(b.String(), "ResultMetadata") {
		t.Errorf("shapes = %s, want no metadata", b.String())
	}
}

func TestRunChecksItsArguments(t *testing.T) {
	for _, args := range [][]string{nil, {"names"}, {"names", "-service", "sts"}, {"names", "-colour", "red"}} {
		if err := run(args); err == nil {
			t.Errorf("run(%v) = nil, want an error", args)
		}
	}
}
