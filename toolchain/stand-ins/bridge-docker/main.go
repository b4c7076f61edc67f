// pulumi-resource-docker, built where the official plugin cannot be downloaded: the same Terraform provider behind the same
// bridge, with the type tokens and property names of the npm package @pulumi/docker. What is native to the official plugin
// (docker.Image) is not here.
package main

import (
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// version is set at build time to that of the npm package which asks for this plugin.
var version = "0.0.0"

func main() {
	info := docker()
	schema, err := json.Marshal(map[string]string{"name": info.Name, "version": info.Version})
	if err != nil {
		panic(err)
	}
	exitWithEngine()
	tfbridge.Main(info.Name, info.Version, info, schema)
}

func docker() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            shimv2.NewProvider(provider.New(version)()),
		Name:         "docker",
		Version:      version,
		License:      "Apache-2.0",
		Resources:    map[string]*tfbridge.ResourceInfo{},
		DataSources:  map[string]*tfbridge.DataSourceInfo{},
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
	}
	for terraform, name := range map[string]string{
		"docker_buildx_builder": "BuildxBuilder",
		"docker_config":         "ServiceConfig",
		"docker_container":      "Container",
		"docker_image":          "RemoteImage",
		"docker_network":        "Network",
		"docker_plugin":         "Plugin",
		"docker_registry_image": "RegistryImage",
		"docker_secret":         "Secret",
		"docker_service":        "Service",
		"docker_tag":            "Tag",
		"docker_volume":         "Volume",
	} {
		info.Resources[terraform] = &tfbridge.ResourceInfo{Tok: tokens.Type(token(name))}
	}
	for terraform, name := range map[string]string{
		"docker_image":                    "getRemoteImage",
		"docker_logs":                     "getLogs",
		"docker_network":                  "getNetwork",
		"docker_plugin":                   "getPlugin",
		"docker_registry_image":           "getRegistryImage",
		"docker_registry_image_manifests": "getRegistryImageManifests",
	} {
		info.DataSources[terraform] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(token(name))}
	}
	container := info.Resources["docker_container"]
	container.DeleteBeforeReplace = true
	// The bridge would make plurals of these.
	container.Fields = map[string]*tfbridge.SchemaInfo{
		"command":           {Name: "command"},
		"networks_advanced": {Name: "networksAdvanced"},
	}
	info.SetAutonaming(255, "-")
	// What newer upstreams add and the npm package does not know stays out.
	info.P.ResourcesMap().Range(func(key string, _ shim.Resource) bool {
		if info.Resources[key] == nil {
			info.IgnoreMappings = append(info.IgnoreMappings, key)
		}
		return true
	})
	info.P.DataSourcesMap().Range(func(key string, _ shim.Resource) bool {
		if info.DataSources[key] == nil {
			info.IgnoreMappings = append(info.IgnoreMappings, key)
		}
		return true
	})
	return info
}

// token is `docker:index/container:Container` for "Container".
func token(name string) string {
	module := strings.ToLower(name[:1]) + name[1:]
	return "docker:index/" + module + ":" + name
}
