package main

import (
	"context"
	"net"
	"net/url"
	"os"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A server is the Terraform provider with the emulator's forgetfulness made good (kept.go), knowing its region.
type server struct {
	tfprotov6.ProviderServer
	schema  *tfprotov6.GetProviderSchemaResponse
	mapping mapping

	mutex      sync.Mutex
	regionName string
	// onEmulator says that every endpoint is on this machine.
	onEmulator bool
}

func newServer(ctx context.Context, inner tfprotov6.ProviderServer, m mapping) (*server, error) {
	schema, err := inner.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	return &server{ProviderServer: inner, schema: mappedOnly(schema, m), mapping: m}, nil
}

func (s *server) GetProviderSchema(
	context.Context, *tfprotov6.GetProviderSchemaRequest,
) (*tfprotov6.GetProviderSchemaResponse, error) {
	return s.schema, nil
}

func (s *server) ConfigureProvider(
	ctx context.Context, request *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	if config, err := request.Config.Unmarshal(s.schema.Provider.ValueType()); err == nil {
		s.mutex.Lock()
		s.regionName = text(config, "region")
		s.onEmulator = endpointsOnLoopback(config)
		s.mutex.Unlock()
	}
	return s.ProviderServer.ConfigureProvider(ctx, request)
}

// region is where the provider works, as far as it was told.
func (s *server) region() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.regionName != "" {
		return s.regionName
	}
	if name := os.Getenv("AWS_REGION"); name != "" {
		return name
	}
	return os.Getenv("AWS_DEFAULT_REGION")
}

func (s *server) keeps() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.onEmulator
}

func text(object tftypes.Value, name string) string {
	value, _, err := tftypes.WalkAttributePath(object, tftypes.NewAttributePath().WithAttributeName(name))
	if err != nil {
		return ""
	}
	var result string
	if v, ok := value.(tftypes.Value); ok && v.IsKnown() && !v.IsNull() && v.As(&result) == nil {
		return result
	}
	return ""
}

// endpointsOnLoopback says whether there are endpoints and all of them are on this machine.
func endpointsOnLoopback(config tftypes.Value) bool {
	found := false
	elsewhere := false
	_ = tftypes.Walk(config, func(path *tftypes.AttributePath, value tftypes.Value) (bool, error) {
		steps := path.Steps()
		if len(steps) > 0 && steps[0] != tftypes.AttributeName("endpoints") {
			return false, nil
		}
		var address string
		if !value.Type().Is(tftypes.String) || !value.IsKnown() || value.IsNull() || value.As(&address) != nil || address == "" {
			return true, nil
		}
		found = true
		if !isLoopback(address) {
			elsewhere = true
		}
		return true, nil
	})
	return found && !elsewhere
}

func isLoopback(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := parsed.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
