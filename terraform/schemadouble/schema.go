package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The form that `terraform providers schema -json` prints.
type (
	schemasJSON struct {
		ProviderSchemas map[string]struct {
			Provider          schemaJSONOf            `json:"provider"`
			ResourceSchemas   map[string]schemaJSONOf `json:"resource_schemas"`
			DataSourceSchemas map[string]schemaJSONOf `json:"data_source_schemas"`
		} `json:"provider_schemas"`
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
type schemas struct {
	provider               *tfprotov5.Schema
	resources, dataSources map[string]*tfprotov5.Schema
}

func readSchemas(text []byte) (schemas, error) {
	var all schemasJSON
	if err := json.Unmarshal(text, &all); err != nil {
		return schemas{}, err
	}
	read := schemas{resources: make(map[string]*tfprotov5.Schema), dataSources: make(map[string]*tfprotov5.Schema)}
	for name, p := range all.ProviderSchemas {
		var err error
		if read.provider, err = p.Provider.schema(); err != nil {
			return schemas{}, fmt.Errorf("%s: %w", name, err)
		}
		for from, to := range map[*map[string]schemaJSONOf]map[string]*tfprotov5.Schema{&p.ResourceSchemas: read.resources, &p.DataSourceSchemas: read.dataSources} {
			for resource, s := range *from {
				if to[resource], err = s.schema(); err != nil {
					return schemas{}, fmt.Errorf("%s: %w", resource, err)
				}
			}
		}
	}
	return read, nil
}

func (s schemaJSONOf) schema() (*tfprotov5.Schema, error) {
	block, err := s.Block.block()
	return &tfprotov5.Schema{Version: s.Version, Block: block}, err
}

func (b blockJSON) block() (*tfprotov5.SchemaBlock, error) {
	block := &tfprotov5.SchemaBlock{}
	for name, a := range b.Attributes {
		kind, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // there is no other that reads Terraform's own form
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
		block.BlockTypes = append(block.BlockTypes, &tfprotov5.SchemaNestedBlock{TypeName: name, Block: inner, Nesting: mode, MinItems: n.MinItems, MaxItems: n.MaxItems})
	}
	slices.SortFunc(block.Attributes, func(a, b *tfprotov5.SchemaAttribute) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(block.BlockTypes, func(a, b *tfprotov5.SchemaNestedBlock) int { return strings.Compare(a.TypeName, b.TypeName) })
	return block, nil
}
