// pulumi-resource-aws, built where the official plugin cannot be downloaded: the Terraform AWS provider of a plugin mirror
// behind Pulumi's bridge, with the type tokens and property names of the npm package @pulumi/aws. Only the types of
// mapping.json are here; docs/aws-plugin.md says how it differs from the official plugin.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
)

// version is set at build time to that of the npm package which asks for this plugin.
var version = "0.0.0"

func main() {
	ctx := context.Background()
	if len(os.Args) == 3 && os.Args[1] == "--shapes" {
		fail(writeShapes(ctx, os.Args[2]))
		return
	}
	exitWithEngine()
	path, err := providerPath()
	fail(err)
	server, err := launch(ctx, path)
	fail(err)
	info, err := awsInfo(ctx, server)
	fail(err)
	schema, err := json.Marshal(map[string]string{"name": info.Name, "version": info.Version})
	fail(err)
	pfbridge.Main(ctx, info.Name, info, pfbridge.ProviderMetadata{PackageSchema: schema})
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
