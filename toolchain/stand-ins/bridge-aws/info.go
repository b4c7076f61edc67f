package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/proto"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// awsInfo describes the plugin to the bridge: the mapped types of the provider, each with what it needs.
func awsInfo(ctx context.Context, server tfprotov6.ProviderServer) (tfbridge.ProviderInfo, error) {
	m, err := readMapping()
	if err != nil {
		return tfbridge.ProviderInfo{}, err
	}
	wrapped, err := newServer(ctx, server, m)
	if err != nil {
		return tfbridge.ProviderInfo{}, err
	}
	info := tfbridge.ProviderInfo{
		P:            proto.New(ctx, wrapped),
		Name:         "aws",
		Version:      version,
		License:      "Apache-2.0",
		Config:       fieldInfos(m.Config),
		Resources:    map[string]*tfbridge.ResourceInfo{},
		DataSources:  map[string]*tfbridge.DataSourceInfo{},
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		// Without it a preview shows updates that change no property.
		EnableAccuratePFBridgePreview: true,
	}
	resources, functions := info.P.ResourcesMap(), info.P.DataSourcesMap()
	for name, entry := range m.Resources {
		resource, ok := resources.GetOk(name)
		if !ok {
			return info, fmt.Errorf("the Terraform provider has no resource %s", name)
		}
		fields := fieldInfos(entry.Fields)
		withoutNameBesidePrefix(resource.Schema(), fields)
		copies := maps.Clone(entry.Copies)
		info.Resources[name] = &tfbridge.ResourceInfo{
			Tok:                tokens.Type(entry.Token),
			Fields:             fields,
			PreCheckCallback:   checkInputs(entry.Token, resource.Schema(), fields),
			TransformOutputs:   addOutputs(copies, wrapped.region),
			TransformFromState: dropOutputs(copies, resource.Schema()),
		}
	}
	for name, entry := range m.Functions {
		if _, ok := functions.GetOk(name); !ok {
			return info, fmt.Errorf("the Terraform provider has no data source %s", name)
		}
		info.DataSources[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(entry.Token), Fields: fieldInfos(entry.Fields)}
	}
	return info, nil
}

// fieldInfos turns the paths of mapping.json into the bridge's nested form.
func fieldInfos(fields map[string]field) map[string]*tfbridge.SchemaInfo {
	infos := map[string]*tfbridge.SchemaInfo{}
	for path, entry := range fields {
		steps := strings.Split(path, ".")
		level := infos
		for _, step := range steps[:len(steps)-1] {
			parent := at(level, step)
			if parent.Elem == nil {
				parent.Elem = &tfbridge.SchemaInfo{Fields: map[string]*tfbridge.SchemaInfo{}}
			}
			level = parent.Elem.Fields
		}
		leaf := at(level, steps[len(steps)-1])
		leaf.Name = entry.Name
		leaf.MaxItemsOne = entry.Single
		if entry.AutoName > 0 {
			leaf.Default = autoName(entry)
		}
	}
	return infos
}

func at(level map[string]*tfbridge.SchemaInfo, key string) *tfbridge.SchemaInfo {
	if level[key] == nil {
		level[key] = &tfbridge.SchemaInfo{}
	}
	return level[key]
}

// Only what is mapped is described at all: the rest of the provider's 1,400 types would cost a second at each start.
func mappedOnly(all *tfprotov6.GetProviderSchemaResponse, m mapping) *tfprotov6.GetProviderSchemaResponse {
	kept := *all
	kept.ResourceSchemas = maps.Clone(all.ResourceSchemas)
	maps.DeleteFunc(kept.ResourceSchemas, func(name string, _ *tfprotov6.Schema) bool { _, ok := m.Resources[name]; return !ok })
	kept.DataSourceSchemas = maps.Clone(all.DataSourceSchemas)
	maps.DeleteFunc(kept.DataSourceSchemas, func(name string, _ *tfprotov6.Schema) bool { _, ok := m.Functions[name]; return !ok })
	kept.Functions = nil
	kept.EphemeralResourceSchemas = nil
	return &kept
}
