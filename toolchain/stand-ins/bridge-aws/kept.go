package main

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The emulator does not give some attributes back as they were set, which would be a difference at each update, some of
// them a replacement. Those that mapping.json names are taken over from the plan into the new state, and from the state
// on reading. Only on the emulator, and only those: on AWS, and on any other attribute, a difference is one.

func (s *server) ApplyResourceChange(
	ctx context.Context, request *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	response, err := s.ProviderServer.ApplyResourceChange(ctx, request)
	if err != nil || response == nil {
		return response, err
	}
	response.NewState, err = s.keep(request.TypeName, request.PlannedState, response.NewState)
	return response, err
}

func (s *server) ReadResource(
	ctx context.Context, request *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	response, err := s.ProviderServer.ReadResource(ctx, request)
	if err != nil || response == nil {
		return response, err
	}
	response.NewState, err = s.keep(request.TypeName, request.CurrentState, response.NewState)
	return response, err
}

// keep gives the new state with the kept attributes as they were before, where that is known.
func (s *server) keep(name string, before, after *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	kept := s.mapping.Resources[name].Kept
	schema := s.schema.ResourceSchemas[name]
	if len(kept) == 0 || schema == nil || before == nil || after == nil || !s.keeps() {
		return after, nil
	}
	kind := schema.ValueType()
	old, err := before.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	found, err := after.Unmarshal(kind)
	if err != nil || old.IsNull() || found.IsNull() {
		return after, err
	}
	merged, err := tftypes.Transform(found, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		steps := path.Steps()
		if len(steps) != 1 {
			return value, nil
		}
		attribute, ok := steps[0].(tftypes.AttributeName)
		if !ok || !slices.Contains(kept, string(attribute)) {
			return value, nil
		}
		previous, _, err := tftypes.WalkAttributePath(old, path)
		if err != nil {
			return value, nil
		}
		if v := previous.(tftypes.Value); !v.IsNull() && v.IsFullyKnown() {
			return v, nil
		}
		return value, nil
	})
	if err != nil {
		return nil, err
	}
	result, err := tfprotov6.NewDynamicValue(kind, merged)
	return &result, err
}
