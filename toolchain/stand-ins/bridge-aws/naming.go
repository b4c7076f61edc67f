package main

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// autoName makes a name of at most entry.AutoName characters from the resource's, with a random end.
func autoName(entry field) *tfbridge.DefaultInfo {
	options := tfbridge.AutoNameOptions{Separator: "-", Maxlen: entry.AutoName, Randlen: 7}
	options.Transform = func(name string) string {
		if entry.Lower {
			name = strings.ToLower(name)
		}
		if entry.Before != "" && !strings.HasPrefix(name, entry.Before) {
			name = entry.Before + name
		}
		return name
	}
	return &tfbridge.DefaultInfo{
		AutoNamed: true,
		ComputeDefault: func(ctx context.Context, given tfbridge.ComputeDefaultOptions) (any, error) {
			name, err := tfbridge.ComputeAutoNameDefault(ctx, options, given)
			if err != nil {
				// Too long: the bridge would go on without a name, so the provider gets the long one to refuse.
				return options.Transform(given.URN.Name()) + options.Separator + strings.Repeat("x", options.Randlen), nil
			}
			return name, nil
		},
	}
}

// withoutNameBesidePrefix leaves a name alone where the program gives its prefix: the provider refuses both.
func withoutNameBesidePrefix(schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo) {
	for key, info := range fields {
		if info.Default == nil || info.Default.ComputeDefault == nil {
			continue
		}
		if _, ok := schema.GetOk(key + "_prefix"); !ok {
			continue
		}
		prefix := resource.PropertyKey(tfbridge.TerraformToPulumiNameV2(key+"_prefix", schema, fields))
		compute := info.Default.ComputeDefault
		info.Default.ComputeDefault = func(ctx context.Context, given tfbridge.ComputeDefaultOptions) (any, error) {
			if value, ok := given.Properties[prefix]; ok && !value.IsNull() {
				return nil, nil
			}
			return compute(ctx, given)
		}
	}
}
