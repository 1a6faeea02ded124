package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// double is the provider. Whatever it does not answer itself comes only after
// ConfigureProvider, which refuses.
type double struct {
	tfprotov5.ProviderServer
	schemas schemas
}

func newDouble(schema []byte) (*double, error) {
	s, err := readSchemas(schema)
	return &double{schemas: s}, err
}

// GetMetadata names the resources and data sources.
func (d *double) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	answer := &tfprotov5.GetMetadataResponse{}
	for name := range d.schemas.Resources {
		answer.Resources = append(answer.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range d.schemas.DataSources {
		answer.DataSources = append(answer.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return answer, nil
}

// GetProviderSchema answers from schema.json. Like the real provider's, the
// schema need not be asked for at every start.
func (d *double) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	provider, err := schemaOf("provider", d.schemas.Provider)
	if err != nil {
		return nil, err
	}
	resources, err := schemasOf(d.schemas.Resources)
	if err != nil {
		return nil, err
	}
	dataSources, err := schemasOf(d.schemas.DataSources)
	return &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{GetProviderSchemaOptional: true},
		Provider:           provider, ResourceSchemas: resources, DataSourceSchemas: dataSources,
	}, err
}

// GetResourceIdentitySchemas knows none.
func (d *double) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

// PrepareProviderConfig checks the provider's own block.
func (d *double) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	diagnostics, err := check("provider", d.schemas.Provider, r.Config)
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config, Diagnostics: diagnostics}, err
}

// ConfigureProvider refuses: there is no AWS behind the double.
func (d *double) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{Diagnostics: []*tfprotov5.Diagnostic{{
		Severity: tfprotov5.DiagnosticSeverityError,
		Summary:  "This is the schema double, not the AWS provider",
		Detail:   "It checks configurations and runs tests under mock_provider; nothing can be planned or applied with it. Install the real provider: terraform init without the double's mirror.",
	}}}, nil
}

// StopProvider has nothing to stop.
func (d *double) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

// GetFunctions knows none.
func (d *double) GetFunctions(context.Context, *tfprotov5.GetFunctionsRequest) (*tfprotov5.GetFunctionsResponse, error) {
	return &tfprotov5.GetFunctionsResponse{}, nil
}

// ValidateResourceTypeConfig checks a resource's arguments.
func (d *double) ValidateResourceTypeConfig(_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	diagnostics, err := check(r.TypeName, d.schemas.Resources[r.TypeName], r.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: diagnostics}, err
}

// ValidateDataSourceConfig checks a data source's arguments.
func (d *double) ValidateDataSourceConfig(_ context.Context, r *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	diagnostics, err := check("data."+r.TypeName, d.schemas.DataSources[r.TypeName], r.Config)
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: diagnostics}, err
}

// check holds a configuration against its schema and the rules.
func check(typeName string, text json.RawMessage, config *tfprotov5.DynamicValue) ([]*tfprotov5.Diagnostic, error) {
	schema, err := schemaOf(typeName, text)
	if err != nil {
		return nil, err
	}
	value, err := config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", typeName, err)
	}
	c := &checker{typeName: typeName}
	c.block(tftypes.NewAttributePath(), "", schema.Block, value)
	return c.diagnostics, nil
}
