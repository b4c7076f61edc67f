package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// The npm package @pulumi/docker is made for the official plugin: every property it sends must exist here under that name.
func TestPropertyNamesAreThoseOfThePackage(t *testing.T) {
	property := regexp.MustCompile(`resourceInputs\["(\w+)"\]`)
	info := docker()
	for terraform, resource := range info.Resources {
		name := string(resource.Tok.Name())
		file := "../../node_modules/@pulumi/docker/" + strings.ToLower(name[:1]) + name[1:] + ".js"
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v: run `make setup` first", err)
		}
		ours := map[string]bool{}
		schema := info.P.ResourcesMap().Get(terraform).Schema()
		schema.Range(func(key string, _ shim.Schema) bool {
			ours[tfbridge.TerraformToPulumiNameV2(key, schema, resource.Fields)] = true
			return true
		})
		for _, match := range property.FindAllStringSubmatch(string(source), -1) {
			if !ours[match[1]] {
				t.Errorf("%s.%s is unknown to the bridge", name, match[1])
			}
		}
	}
}
