package main

import (
	"context"

	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

type transform = func(context.Context, resource.PropertyMap) (resource.PropertyMap, error)

// addOutputs adds what the package promises and this version of the provider lacks: copies of other outputs, and the region
// of each resource, which is the provider's.
func addOutputs(copies map[string]string, region func() string) transform {
	return func(_ context.Context, outputs resource.PropertyMap) (resource.PropertyMap, error) {
		outputs = outputs.Copy()
		for name, from := range copies {
			if value, ok := outputs[resource.PropertyKey(from)]; ok {
				outputs[resource.PropertyKey(name)] = value
			}
		}
		if _, ok := outputs["region"]; !ok && region() != "" {
			outputs["region"] = resource.NewStringProperty(region())
		}
		return outputs, nil
	}
}

// dropOutputs takes them away again before the provider sees its state.
func dropOutputs(copies map[string]string, schema shim.SchemaMap) transform {
	_, hasRegion := schema.GetOk("region")
	return func(_ context.Context, state resource.PropertyMap) (resource.PropertyMap, error) {
		state = state.Copy()
		for name := range copies {
			delete(state, resource.PropertyKey(name))
		}
		if !hasRegion {
			delete(state, "region")
		}
		return state, nil
	}
}
