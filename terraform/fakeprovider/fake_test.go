package main

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func theFake(t *testing.T) *fake {
	t.Helper()
	f, err := newFake(schemaJSON)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEverySchemaIsRead(t *testing.T) {
	f := theFake(t)
	answer, err := f.GetProviderSchema(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resources, dataSources := len(answer.ResourceSchemas), len(answer.DataSourceSchemas)
	t.Logf("%d resources, %d data sources", resources, dataSources)
	if resources < 90 || dataSources < 25 {
		t.Errorf("%d resources and %d data sources, want the whole of schema.json", resources, dataSources)
	}
	if answer.Provider == nil || len(answer.Provider.Block.Attributes) == 0 {
		t.Error("the provider's own block has no arguments")
	}
	metadata, err := f.GetMetadata(context.Background(), nil)
	if err != nil || len(metadata.Resources) != resources || len(metadata.DataSources) != dataSources {
		t.Errorf("GetMetadata names %d resources and %d data sources, %v", len(metadata.Resources), len(metadata.DataSources), err)
	}
	for name, s := range answer.ResourceSchemas {
		wantSound(t, name, s.Block)
	}
	for name, s := range answer.DataSourceSchemas {
		wantSound(t, "data."+name, s.Block)
	}
}

// wantSound fails on an attribute that nobody could set or read, and on one that
// is also a block.
func wantSound(t *testing.T, name string, block *tfprotov5.SchemaBlock) {
	t.Helper()
	seen := make(map[string]bool)
	for _, a := range block.Attributes {
		seen[a.Name] = true
		if a.Type == nil || !a.Required && !a.Optional && !a.Computed || a.Required && (a.Optional || a.Computed) {
			t.Errorf("%s.%s: type %v, required %t, optional %t, computed %t", name, a.Name, a.Type, a.Required, a.Optional, a.Computed)
		}
	}
	for _, n := range block.BlockTypes {
		if seen[n.TypeName] {
			t.Errorf("%s.%s is an argument and a block", name, n.TypeName)
		}
		wantSound(t, name+"."+n.TypeName, n.Block)
	}
}

func TestBrokenSchemasAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, says string }{
		"no JSON":                 {"{", "unexpected end"},
		"no provider":             {"{}", "0 providers"},
		"no provider's own block": {`{"provider_schemas":{"aws":{}}}`, "no schema of provider"},
		"a type that is none": {
			`{"provider_schemas":{"aws":{"provider":{},"resource_schemas":{"aws_x":{"block":{"attributes":{"a":{"type":"text"}}}}}}}}`,
			"aws_x: a: ",
		},
		"a nesting mode that is not": {
			`{"provider_schemas":{"aws":{"provider":{},"data_source_schemas":{` +
				`"aws_x":{"block":{"block_types":{"b":{"nesting_mode":"heap"}}}}}}}}`,
			`"heap" is unknown`,
		},
	} {
		f, err := newFake([]byte(test.text))
		if err == nil {
			_, err = f.GetProviderSchema(context.Background(), nil)
		}
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s is read: %v, want %q", name, err, test.says)
		}
	}
}

func TestEveryRuleIsOfAnAttributeThatThereIs(t *testing.T) {
	answer, err := theFake(t).GetProviderSchema(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for path := range byAttribute {
		typeName, attribute, _ := strings.Cut(path, ".")
		s, ok := answer.ResourceSchemas[typeName]
		if !ok || !hasAttribute(s.Block, attribute) {
			t.Errorf("a rule of %s, which the schema does not have, is never applied", path)
		}
	}
	for typeName, all := range choices {
		for _, among := range all {
			for _, path := range among.of {
				if s, ok := answer.ResourceSchemas[typeName]; !ok || !hasAttribute(s.Block, path) {
					t.Errorf("%s has no %s to choose", typeName, path)
				}
			}
		}
	}
}

// hasAttribute reports whether a block has an argument or a block at the path.
func hasAttribute(block *tfprotov5.SchemaBlock, path string) bool {
	first, rest, deeper := strings.Cut(path, ".")
	for _, n := range block.BlockTypes {
		if n.TypeName == first {
			return !deeper || hasAttribute(n.Block, rest)
		}
	}
	for _, a := range block.Attributes {
		if a.Name == first {
			return !deeper
		}
	}
	return false
}

func TestConfigureProviderRefuses(t *testing.T) {
	answer, err := theFake(t).ConfigureProvider(context.Background(), &tfprotov5.ConfigureProviderRequest{})
	if err != nil || len(answer.Diagnostics) != 1 {
		t.Fatalf("ConfigureProvider = %v, %v", answer, err)
	}
	if d := answer.Diagnostics[0]; d.Severity != tfprotov5.DiagnosticSeverityError || !strings.Contains(d.Summary, "not the AWS provider") {
		t.Errorf("ConfigureProvider says %q", d.Summary)
	}
}

func TestProviderBlockIsChecked(t *testing.T) {
	f := theFake(t)
	config := dynamic(t, f.schemas.Provider, fields{"region": "us-east-1"})
	answer, err := f.PrepareProviderConfig(context.Background(), &tfprotov5.PrepareProviderConfigRequest{Config: config})
	if err != nil || len(answer.Diagnostics) > 0 || answer.PreparedConfig != config {
		t.Errorf("PrepareProviderConfig = %v, %v", answer, err)
	}
}

func TestUnknownTypesAreRefused(t *testing.T) {
	empty, err := tfprotov5.NewDynamicValue(tftypes.Object{}, tftypes.NewValue(tftypes.Object{}, map[string]tftypes.Value{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theFake(t).ValidateResourceTypeConfig(context.Background(),
		&tfprotov5.ValidateResourceTypeConfigRequest{TypeName: "aws_teapot", Config: &empty}); err == nil {
		t.Error("aws_teapot is checked, although there is no such resource")
	}
}
