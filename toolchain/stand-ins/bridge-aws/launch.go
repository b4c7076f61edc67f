package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-mux/tf5to6server"
	"google.golang.org/grpc"

	"github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/internal/shim/protov5"
	tfplugin "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/opentofu/plugin"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/tfplugin5"
)

// Lies beside this plugin and holds the path of the Terraform provider; written by toolchain/setup/awsPlugin.ts.
const pathFile = "terraform-provider.path"

// The main goroutine stays on the main thread: the provider dies with the thread that started it (see dieWithParent).
func init() { runtime.LockOSThread() }

// providerPath is where the Terraform provider's executable lies.
func providerPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(self), pathFile))
	if err != nil {
		return "", fmt.Errorf("this AWS plugin does not know its Terraform provider (%w): type `make setup` with an aws stack", err)
	}
	path := strings.TrimSpace(string(text))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the Terraform AWS provider %s is gone (%w): `make doctor` says where it is looked for", path, err)
	}
	return path, nil
}

// launch starts a Terraform provider that ends with this process, also when this process is killed.
func launch(ctx context.Context, path string) (tfprotov6.ProviderServer, error) {
	command := exec.Command(path)
	dieWithParent(command)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  tfplugin.Handshake,
		VersionedPlugins: tfplugin.VersionedPlugins,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Managed:          true,
		Cmd:              command,
		// Its log may hold requests with their secrets.
		Logger:          hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1 << 30))},
	})
	connection, err := client.Client()
	if err != nil {
		return nil, fmt.Errorf("the Terraform AWS provider %s did not start: %w", path, err)
	}
	if client.NegotiatedVersion() != 5 {
		return nil, errors.New("the Terraform AWS provider " + path + " does not speak protocol 5; this plugin is made for versions 5.x")
	}
	remote := tfplugin5.NewProviderClient(connection.(*plugin.GRPCClient).Conn)
	return tf5to6server.UpgradeServer(ctx, func() tfprotov5.ProviderServer { return protov5.New(remote) })
}
