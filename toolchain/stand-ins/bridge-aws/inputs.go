package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/reservedkeys"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// checkInputs makes JSON of objects and lists that are given for a text, such as policies, and refuses names that the
// provider does not know: the bridge would drop them silently.
func checkInputs(token string, schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo) tfbridge.PreCheckCallback {
	return func(_ context.Context, inputs, _ resource.PropertyMap) (resource.PropertyMap, error) {
		check := inputCheck{}
		checked := check.object(inputs, schema, fields, "")
		if len(check.unknown) > 0 {
			slices.Sort(check.unknown)
			return nil, fmt.Errorf(
				"%s: %s: not known to the Terraform AWS provider behind this plugin, which was built here in place of the official one. "+
					"Leave it out, or use the official plugin; docs/aws-plugin.md says more",
				token, strings.Join(check.unknown, ", "))
		}
		return checked, check.err
	}
}

type inputCheck struct {
	unknown []string
	err     error
}

func (c *inputCheck) object(
	given resource.PropertyMap, schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo, path string,
) resource.PropertyMap {
	known := map[resource.PropertyKey]string{}
	schema.Range(func(key string, _ shim.Schema) bool {
		known[resource.PropertyKey(tfbridge.TerraformToPulumiNameV2(key, schema, fields))] = key
		return true
	})
	result := resource.PropertyMap{}
	for name, value := range given {
		key, ok := known[name]
		switch {
		case reservedkeys.IsBridgeReservedKey(string(name)) || value.IsNull():
			result[name] = value
		case !ok:
			c.unknown = append(c.unknown, path+string(name))
		default:
			result[name] = c.value(value, schema.Get(key), fields[key], path+string(name))
		}
	}
	return result
}

func (c *inputCheck) value(
	given resource.PropertyValue, schema shim.Schema, info *tfbridge.SchemaInfo, path string,
) resource.PropertyValue {
	switch {
	case given.IsSecret():
		return resource.MakeSecret(c.value(given.SecretValue().Element, schema, info, path))
	case given.IsOutput() && given.OutputValue().Known:
		output := given.OutputValue()
		output.Element = c.value(output.Element, schema, info, path)
		return resource.NewOutputProperty(output)
	case schema.Type() == shim.TypeString && (given.IsObject() || given.IsArray()):
		return c.json(given)
	}
	// A list or map of blocks; what is neither has no names to check.
	var nested map[string]*tfbridge.SchemaInfo
	if info != nil && info.Elem != nil {
		nested = info.Elem.Fields
	}
	if nested == nil && info != nil {
		nested = info.Fields
	}
	switch elem := schema.Elem().(type) {
	case shim.Resource:
		switch {
		case given.IsArray():
			values := make([]resource.PropertyValue, 0, len(given.ArrayValue()))
			for i, item := range given.ArrayValue() {
				values = append(values, c.block(item, elem.Schema(), nested, fmt.Sprintf("%s[%d].", path, i)))
			}
			return resource.NewArrayProperty(values)
		case given.IsObject():
			return c.block(given, elem.Schema(), nested, path+".")
		}
	case shim.Schema:
		if elem.Type() == shim.TypeString && given.IsArray() {
			values := make([]resource.PropertyValue, 0, len(given.ArrayValue()))
			for i, item := range given.ArrayValue() {
				values = append(values, c.value(item, elem, nil, fmt.Sprintf("%s[%d]", path, i)))
			}
			return resource.NewArrayProperty(values)
		}
	}
	return given
}

func (c *inputCheck) block(
	given resource.PropertyValue, schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo, path string,
) resource.PropertyValue {
	switch {
	case given.IsSecret():
		return resource.MakeSecret(c.block(given.SecretValue().Element, schema, fields, path))
	case given.IsOutput() && given.OutputValue().Known:
		output := given.OutputValue()
		output.Element = c.block(output.Element, schema, fields, path)
		return resource.NewOutputProperty(output)
	case given.IsObject():
		return resource.NewObjectProperty(c.object(given.ObjectValue(), schema, fields, path))
	}
	return given
}

// json is the text of a value; unknown while a part of it is, and secret when a part of it is.
func (c *inputCheck) json(given resource.PropertyValue) resource.PropertyValue {
	text := resource.NewStringProperty("")
	if given.ContainsUnknowns() {
		text = resource.MakeComputed(text)
	} else {
		var buffer bytes.Buffer
		encoder := json.NewEncoder(&buffer)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(plain(given)); err != nil {
			c.err = err
		}
		text = resource.NewStringProperty(strings.TrimSuffix(buffer.String(), "\n"))
	}
	if given.ContainsSecrets() {
		return resource.MakeSecret(text)
	}
	return text
}

func plain(value resource.PropertyValue) any {
	switch {
	case value.IsSecret():
		return plain(value.SecretValue().Element)
	case value.IsOutput():
		return plain(value.OutputValue().Element)
	case value.IsArray():
		items := []any{}
		for _, item := range value.ArrayValue() {
			items = append(items, plain(item))
		}
		return items
	case value.IsObject():
		members := map[string]any{}
		for name, member := range value.ObjectValue() {
			members[string(name)] = plain(member)
		}
		return members
	}
	return value.V
}
