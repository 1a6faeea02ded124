package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The form that `terraform providers schema -json` prints.
type (
	schemasJSON struct {
		ProviderSchemas map[string]schemas `json:"provider_schemas"`
	}
	schemaJSONOf struct {
		Version int64     `json:"version"`
		Block   blockJSON `json:"block"`
	}
	blockJSON struct {
		Attributes map[string]struct {
			Type                                    json.RawMessage `json:"type"`
			Required, Optional, Computed, Sensitive bool
		} `json:"attributes"`
		BlockTypes map[string]struct {
			NestingMode string    `json:"nesting_mode"`
			Block       blockJSON `json:"block"`
			MinItems    int64     `json:"min_items"`
			MaxItems    int64     `json:"max_items"`
		} `json:"block_types"`
	}
)

// schemas are those of the provider, its resources and its data sources by name.
// Each is read when it is asked for: Terraform starts a provider many times and
// asks each time for a few.
type schemas struct {
	Provider    json.RawMessage            `json:"provider"`
	Resources   map[string]json.RawMessage `json:"resource_schemas"`
	DataSources map[string]json.RawMessage `json:"data_source_schemas"`
}

func readSchemas(text []byte) (schemas, error) {
	var all schemasJSON
	if err := json.Unmarshal(text, &all); err != nil {
		return schemas{}, err
	}
	providers := slices.Collect(maps.Values(all.ProviderSchemas))
	if len(providers) != 1 {
		return schemas{}, fmt.Errorf("schemas of %d providers, want one", len(providers))
	}
	return providers[0], nil
}

// schemaOf reads the schema of the name, which only an error mentions.
func schemaOf(name string, text json.RawMessage) (*tfprotov5.Schema, error) {
	if text == nil {
		return nil, fmt.Errorf("the fake provider has no schema of %s", name)
	}
	var s schemaJSONOf
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	block, err := s.Block.block()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &tfprotov5.Schema{Version: s.Version, Block: block}, nil
}

func schemasOf(texts map[string]json.RawMessage) (map[string]*tfprotov5.Schema, error) {
	read := make(map[string]*tfprotov5.Schema)
	for name, text := range texts {
		var err error
		if read[name], err = schemaOf(name, text); err != nil {
			return nil, err
		}
	}
	return read, nil
}

func (b blockJSON) block() (*tfprotov5.SchemaBlock, error) {
	block := &tfprotov5.SchemaBlock{}
	for name, a := range b.Attributes {
		//lint:ignore SA1019 nothing else reads Terraform's own form of a type
		kind, err := tftypes.ParseJSONType(a.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		block.Attributes = append(block.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: kind, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
		})
	}
	modes := map[string]tfprotov5.SchemaNestedBlockNestingMode{
		"single": tfprotov5.SchemaNestedBlockNestingModeSingle, "list": tfprotov5.SchemaNestedBlockNestingModeList,
		"set": tfprotov5.SchemaNestedBlockNestingModeSet, "map": tfprotov5.SchemaNestedBlockNestingModeMap,
	}
	for name, n := range b.BlockTypes {
		inner, err := n.Block.block()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		mode, known := modes[n.NestingMode]
		if !known {
			return nil, fmt.Errorf("%s: nesting mode %q is unknown", name, n.NestingMode)
		}
		block.BlockTypes = append(block.BlockTypes,
			&tfprotov5.SchemaNestedBlock{TypeName: name, Block: inner, Nesting: mode, MinItems: n.MinItems, MaxItems: n.MaxItems})
	}
	slices.SortFunc(block.Attributes, func(a, b *tfprotov5.SchemaAttribute) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(block.BlockTypes, func(a, b *tfprotov5.SchemaNestedBlock) int { return strings.Compare(a.TypeName, b.TypeName) })
	return block, nil
}
