package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// fake is the provider. Whatever it does not answer itself comes only after
// ConfigureProvider, which refuses.
type fake struct {
	tfprotov5.ProviderServer
	schemas schemas
}

func newFake(schema []byte) (*fake, error) {
	s, err := readSchemas(schema)
	return &fake{schemas: s}, err
}

// GetMetadata names the resources and data sources.
func (f *fake) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	answer := &tfprotov5.GetMetadataResponse{}
	for name := range f.schemas.Resources {
		answer.Resources = append(answer.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range f.schemas.DataSources {
		answer.DataSources = append(answer.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return answer, nil
}

// GetProviderSchema answers from schema.json. Like the real provider's, the
// schema need not be asked for at every start.
func (f *fake) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	provider, err := schemaOf("provider", f.schemas.Provider)
	if err != nil {
		return nil, err
	}
	resources, err := schemasOf(f.schemas.Resources)
	if err != nil {
		return nil, err
	}
	dataSources, err := schemasOf(f.schemas.DataSources)
	return &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{GetProviderSchemaOptional: true},
		Provider:           provider, ResourceSchemas: resources, DataSourceSchemas: dataSources,
	}, err
}

// GetResourceIdentitySchemas knows none.
func (f *fake) GetResourceIdentitySchemas(
	context.Context, *tfprotov5.GetResourceIdentitySchemasRequest,
) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

// PrepareProviderConfig checks the provider's own block.
func (f *fake) PrepareProviderConfig(
	_ context.Context, r *tfprotov5.PrepareProviderConfigRequest,
) (*tfprotov5.PrepareProviderConfigResponse, error) {
	diagnostics, err := check("provider", f.schemas.Provider, r.Config)
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config, Diagnostics: diagnostics}, err
}

// ConfigureProvider refuses: there is no AWS behind the fake provider.
func (f *fake) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{Diagnostics: []*tfprotov5.Diagnostic{{
		Severity: tfprotov5.DiagnosticSeverityError,
		Summary:  "This is the fake provider, not the AWS provider",
		Detail: "It checks configurations and runs tests under mock_provider; nothing can be planned or applied with it. " +
			"Install the real provider: run terraform init without the mirror of the fake one.",
	}}}, nil
}

// StopProvider has nothing to stop.
func (f *fake) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

// GetFunctions knows none.
func (f *fake) GetFunctions(context.Context, *tfprotov5.GetFunctionsRequest) (*tfprotov5.GetFunctionsResponse, error) {
	return &tfprotov5.GetFunctionsResponse{}, nil
}

// ValidateResourceTypeConfig checks a resource's arguments.
func (f *fake) ValidateResourceTypeConfig(
	_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest,
) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	diagnostics, err := check(r.TypeName, f.schemas.Resources[r.TypeName], r.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: diagnostics}, err
}

// ValidateDataSourceConfig checks a data source's arguments.
func (f *fake) ValidateDataSourceConfig(
	_ context.Context, r *tfprotov5.ValidateDataSourceConfigRequest,
) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	diagnostics, err := check("data."+r.TypeName, f.schemas.DataSources[r.TypeName], r.Config)
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
