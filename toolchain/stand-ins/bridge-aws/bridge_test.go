package main

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/proto"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// fake is a Terraform provider with one resource type; it gives back what it is told to.
type fake struct {
	tfprotov6.ProviderServer
	newState tftypes.Value
}

func attribute(name string, kind tftypes.Type) *tfprotov6.SchemaAttribute {
	return &tfprotov6.SchemaAttribute{Name: name, Type: kind, Optional: true, Computed: true}
}

var thing = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
	Attributes: []*tfprotov6.SchemaAttribute{
		attribute("id", tftypes.String), attribute("arn", tftypes.String), attribute("policy", tftypes.String),
		attribute("name", tftypes.String), attribute("name_prefix", tftypes.String), attribute("period", tftypes.Number),
		attribute("dimensions", tftypes.Map{ElementType: tftypes.String}), attribute("count", tftypes.Number),
	},
	BlockTypes: []*tfprotov6.SchemaNestedBlock{{
		TypeName: "rule", Nesting: tfprotov6.SchemaNestedBlockNestingModeList,
		Block: &tfprotov6.SchemaBlock{
			Attributes: []*tfprotov6.SchemaAttribute{attribute("policy", tftypes.String)},
			BlockTypes: []*tfprotov6.SchemaNestedBlock{{
				TypeName: "filter", Nesting: tfprotov6.SchemaNestedBlockNestingModeList,
				Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{attribute("prefix", tftypes.String)}},
			}},
		},
	}},
}}

var providerConfig = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
	Attributes: []*tfprotov6.SchemaAttribute{attribute("region", tftypes.String)},
	BlockTypes: []*tfprotov6.SchemaNestedBlock{{
		TypeName: "endpoints", Nesting: tfprotov6.SchemaNestedBlockNestingModeSet,
		Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
			attribute("ecs", tftypes.String), attribute("rds", tftypes.String),
		}},
	}},
}}

func (f *fake) GetProviderSchema(
	context.Context, *tfprotov6.GetProviderSchemaRequest,
) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		Provider: providerConfig, ResourceSchemas: map[string]*tfprotov6.Schema{"aws_thing": thing, "aws_other": thing},
	}, nil
}

func (f *fake) ConfigureProvider(
	context.Context, *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (f *fake) ApplyResourceChange(
	context.Context, *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return &tfprotov6.ApplyResourceChangeResponse{NewState: dynamic(f.newState)}, nil
}

func (f *fake) ReadResource(
	context.Context, *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: dynamic(f.newState)}, nil
}

func dynamic(value tftypes.Value) *tfprotov6.DynamicValue {
	result, err := tfprotov6.NewDynamicValue(value.Type(), value)
	if err != nil {
		panic(err)
	}
	return &result
}

// state is a thing with the given attributes, the others null.
func state(given map[string]tftypes.Value) tftypes.Value {
	kind := thing.ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, attributeKind := range kind.AttributeTypes {
		values[name] = tftypes.NewValue(attributeKind, nil)
		if value, ok := given[name]; ok {
			values[name] = value
		}
	}
	return tftypes.NewValue(kind, values)
}

func number(n int) tftypes.Value { return tftypes.NewValue(tftypes.Number, n) }

func newFake(t *testing.T, inner *fake, endpoints map[string]string) *server {
	t.Helper()
	m := mapping{Resources: map[string]resourceType{"aws_thing": {Token: "aws:x/thing:Thing", Kept: []string{"period"}}}}
	s, err := newServer(t.Context(), inner, m)
	if err != nil {
		t.Fatal(err)
	}
	kind := providerConfig.ValueType().(tftypes.Object)
	set := kind.AttributeTypes["endpoints"].(tftypes.Set)
	attributes := map[string]tftypes.Value{}
	for _, name := range []string{"ecs", "rds"} {
		attributes[name] = tftypes.NewValue(tftypes.String, nil)
		if address, ok := endpoints[name]; ok {
			attributes[name] = tftypes.NewValue(tftypes.String, address)
		}
	}
	config := tftypes.NewValue(kind, map[string]tftypes.Value{
		"region":    tftypes.NewValue(tftypes.String, "eu-central-1"),
		"endpoints": tftypes.NewValue(set, []tftypes.Value{tftypes.NewValue(set.ElementType, attributes)}),
	})
	if _, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: dynamic(config)}); err != nil {
		t.Fatal(err)
	}
	return s
}

func period(t *testing.T, value *tfprotov6.DynamicValue, name string) string {
	t.Helper()
	object, err := value.Unmarshal(thing.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		t.Fatal(err)
	}
	return attributes[name].String()
}

var emulator = map[string]string{"ecs": "http://127.0.0.1:4566", "rds": "http://localhost:4566"}

func TestOnlyNamedAttributesAreTakenOverFromThePlan(t *testing.T) {
	inner := &fake{newState: state(map[string]tftypes.Value{"count": number(1)})}
	planned := state(map[string]tftypes.Value{"period": number(60), "count": number(5)})
	s := newFake(t, inner, emulator)
	response, err := s.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "aws_thing", PlannedState: dynamic(planned),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := period(t, response.NewState, "period"); got != number(60).String() {
		t.Errorf("period is %s", got)
	}
	if got := period(t, response.NewState, "count"); got != number(1).String() {
		t.Errorf("a difference that is real was hidden: count is %s", got)
	}
}

func TestReadingKeepsNamedAttributes(t *testing.T) {
	inner := &fake{newState: state(map[string]tftypes.Value{"period": number(0), "count": number(1)})}
	current := state(map[string]tftypes.Value{"period": number(60), "count": number(5)})
	s := newFake(t, inner, emulator)
	response, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "aws_thing", CurrentState: dynamic(current),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := period(t, response.NewState, "period"); got != number(60).String() {
		t.Errorf("period is %s", got)
	}
	if got := period(t, response.NewState, "count"); got != number(1).String() {
		t.Errorf("drift was hidden: count is %s", got)
	}
}

func TestNothingIsKeptOnAWS(t *testing.T) {
	inner := &fake{newState: state(nil)}
	current := state(map[string]tftypes.Value{"period": number(60)})
	for _, endpoints := range []map[string]string{
		nil, {"ecs": "https://ecs.eu-central-1.amazonaws.com"}, {"ecs": "http://127.0.0.1:4566", "rds": "https://rds.example"},
	} {
		s := newFake(t, inner, endpoints)
		response, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: "aws_thing", CurrentState: dynamic(current),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := period(t, response.NewState, "period"); got == number(60).String() {
			t.Errorf("kept with endpoints %v", endpoints)
		}
	}
}

func TestADeletedResourceStaysDeleted(t *testing.T) {
	inner := &fake{newState: tftypes.NewValue(thing.ValueType(), nil)}
	s := newFake(t, inner, emulator)
	response, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "aws_thing", CurrentState: dynamic(state(map[string]tftypes.Value{"period": number(60)})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if null, _ := response.NewState.IsNull(); !null {
		t.Error("a resource that is gone came back")
	}
}

func schemaOf(t *testing.T) shim.SchemaMap {
	t.Helper()
	return proto.New(t.Context(), &fake{}).ResourcesMap().Get("aws_thing").Schema()
}

var filterIsOne = fieldInfos(map[string]field{"rule.filter": {Single: ref(true)}})

func ref[T any](value T) *T { return &value }

func checkThing(t *testing.T, inputs map[string]any) (resource.PropertyMap, error) {
	t.Helper()
	check := checkInputs("aws:x/thing:Thing", schemaOf(t), filterIsOne)
	return check(t.Context(), resource.NewPropertyMapFromMap(inputs), nil)
}

func TestUnknownNamesAreRefusedByName(t *testing.T) {
	_, err := checkThing(t, map[string]any{
		"region": "eu-central-1", "name": "x", "rules": []any{map[string]any{"filter": map[string]any{"tag": "x"}}},
	})
	if err == nil || !strings.Contains(err.Error(), "region, rules[0].filter.tag: not known") {
		t.Errorf("got %v", err)
	}
	if _, err := checkThing(t, map[string]any{
		"name": "x", "dimensions": map[string]any{"Any": "key"}, "__defaults": []any{}, "region": nil,
	}); err != nil {
		t.Errorf("refused what is known: %v", err)
	}
}

func TestObjectsForATextBecomeJSON(t *testing.T) {
	checked, err := checkThing(t, map[string]any{
		"policy": map[string]any{"b": "<x>", "a": []any{1, true}},
		"rules":  []any{map[string]any{"policy": []any{"x"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := checked["policy"].StringValue(); got != `{"a":[1,true],"b":"<x>"}` {
		t.Errorf("got %s", got)
	}
	if got := checked["rules"].ArrayValue()[0].ObjectValue()["policy"].StringValue(); got != `["x"]` {
		t.Errorf("got %s", got)
	}
}

func TestJSONStaysUnknownAndSecret(t *testing.T) {
	checked, err := checkThing(t, map[string]any{
		"policy": map[string]any{"password": resource.MakeSecret(resource.NewStringProperty("hush"))},
		"name":   map[string]any{"arn": resource.MakeComputed(resource.NewStringProperty(""))},
		"arn":    resource.MakeSecret(resource.NewObjectProperty(resource.PropertyMap{"a": resource.NewNumberProperty(1)})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !checked["policy"].IsSecret() || checked["policy"].SecretValue().Element.StringValue() != `{"password":"hush"}` {
		t.Errorf("got %v", checked["policy"])
	}
	if !checked["name"].IsComputed() {
		t.Errorf("got %v", checked["name"])
	}
	if !checked["arn"].IsSecret() || checked["arn"].SecretValue().Element.StringValue() != `{"a":1}` {
		t.Errorf("got %v", checked["arn"])
	}
}

func named(t *testing.T, entry field, urn string, inputs resource.PropertyMap) any {
	t.Helper()
	fields := fieldInfos(map[string]field{"name": entry})
	withoutNameBesidePrefix(schemaOf(t), fields)
	name, err := fields["name"].Default.ComputeDefault(t.Context(), tfbridge.ComputeDefaultOptions{
		URN:        resource.URN("urn:pulumi:s::p::aws:x/thing:Thing::" + urn),
		Properties: inputs, Seed: []byte("seed-of-32-bytes-seed-of-32-byte"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAutomaticNames(t *testing.T) {
	if name := named(t, field{AutoName: 32}, "api", nil).(string); len(name) != len("api-1234567") || name[:4] != "api-" {
		t.Errorf("got %s", name)
	}
	if name := named(t, field{AutoName: 63, Lower: true}, "Logs", nil).(string); name[:5] != "logs-" {
		t.Errorf("got %s", name)
	}
	if name := named(t, field{AutoName: 250, Before: "alias/"}, "key", nil).(string); name[:10] != "alias/key-" {
		t.Errorf("got %s", name)
	}
	long := strings.Repeat("long", 8)
	if name := named(t, field{AutoName: 32}, long, nil).(string); len(name) <= 32 || !strings.HasPrefix(name, long) {
		t.Errorf("the provider has nothing to refuse: %s", name)
	}
	prefix := resource.PropertyMap{"namePrefix": resource.NewStringProperty("x-")}
	if name := named(t, field{AutoName: 32}, "api", prefix); name != nil {
		t.Errorf("a name beside its prefix: %v", name)
	}
}

func TestMissingOutputsAreAddedAndTakenAwayAgain(t *testing.T) {
	copies := map[string]string{"secretArn": "arn"}
	add := addOutputs(copies, func() string { return "eu-central-1" })
	outputs, err := add(t.Context(), resource.PropertyMap{"arn": resource.NewStringProperty("a")})
	if err != nil {
		t.Fatal(err)
	}
	if outputs["secretArn"].StringValue() != "a" || outputs["region"].StringValue() != "eu-central-1" {
		t.Errorf("got %v", outputs)
	}
	left, err := dropOutputs(copies, schemaOf(t))(t.Context(), outputs)
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v", left, err)
	}
}

func TestMappingIsReadAndItsSpecialsHold(t *testing.T) {
	m, err := readMapping()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"aws_lb": 32, "aws_lb_target_group": 32, "aws_iam_role": 64} {
		if got := m.Resources[name].Fields["name"].AutoName; got != want {
			t.Errorf("%s: names of %d characters, not %d", name, got, want)
		}
	}
	if bucket := m.Resources["aws_s3_bucket"].Fields["bucket"]; bucket.AutoName != 63 || !bucket.Lower {
		t.Errorf("bucket: %+v", bucket)
	}
	if m.Resources["aws_elasticache_replication_group"].Fields["replication_group_id"].AutoName != 40 {
		t.Error("replication group: not 40")
	}
	if m.Functions["aws_region"].Fields["name"].Name != "region" {
		t.Error("getRegion().region would be undefined")
	}
}
