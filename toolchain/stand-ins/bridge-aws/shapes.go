package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// A shape is a property as the program sees it: a text such as "string", a list of one shape, or an object of shapes.
type shape any

// writeShapes prints what each mapped type takes and gives, for the test that compares it with the npm package.
func writeShapes(ctx context.Context, provider string) error {
	server, err := launch(ctx, provider)
	if err != nil {
		return err
	}
	info, err := awsInfo(ctx, server)
	if err != nil {
		return err
	}
	result := map[string]map[string]shape{}
	for name, entry := range info.Resources {
		result[string(entry.Tok)] = objectShape(info.P.ResourcesMap().Get(name).Schema(), entry.Fields)
	}
	for name, entry := range info.DataSources {
		result[string(entry.Tok)] = objectShape(info.P.DataSourcesMap().Get(name).Schema(), entry.Fields)
	}
	result["config"] = objectShape(info.P.Schema(), info.Config)
	return json.NewEncoder(os.Stdout).Encode(result)
}

func objectShape(schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo) map[string]shape {
	result := map[string]shape{}
	schema.Range(func(key string, property shim.Schema) bool {
		name := tfbridge.TerraformToPulumiNameV2(key, schema, fields)
		result[name] = valueShape(property, fields[key])
		return true
	})
	return result
}

func valueShape(schema shim.Schema, info *tfbridge.SchemaInfo) shape {
	var nested map[string]*tfbridge.SchemaInfo
	if info != nil && info.Elem != nil {
		nested = info.Elem.Fields
	}
	var inner shape = "any"
	switch elem := schema.Elem().(type) {
	case shim.Resource:
		inner = objectShape(elem.Schema(), nested)
	case shim.Schema:
		inner = valueShape(elem, nil)
	}
	switch schema.Type() {
	case shim.TypeList, shim.TypeSet:
		if tfbridge.IsMaxItemsOne(schema, info) {
			return inner
		}
		return []shape{inner}
	case shim.TypeMap:
		if _, isObject := schema.Elem().(shim.Resource); isObject {
			return inner
		}
		return map[string]shape{"*": inner}
	case shim.TypeBool:
		return "boolean"
	case shim.TypeInt, shim.TypeFloat:
		return "number"
	}
	return "string"
}
