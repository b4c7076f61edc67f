import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { baseImages } from '../images.ts';
import type { StackIdentity } from '../labels.ts';
import { containerDefaults, dockerLabels, healthTiming } from './containerDefaults.ts';
import { gatewayScript } from './gatewayScript.ts';
import { gatewayPorts } from './nginxConfig.ts';

export interface GatewayArgs {
  identity: StackIdentity;
  network: docker.Network;
  /** Port on 127.0.0.1. */
  hostPort: number;
  /** Port on 127.0.0.1 for `/metrics`. */
  metricsHostPort: number;
}

/** Fixed text: were it to change with the route table, the gateway would be replaced and drop a second of requests. */
const firstConfig = `pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events {}
http {
  access_log off;
  server_tokens off;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen ${gatewayPorts.public};
    default_type application/problem+json;
    return 503 '{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"No release serves yet."}';
  }
}
`;

/** nginx: the one door to the stack. It only routes; which instances it routes to is the rollout's to say. */
export class Gateway extends pulumi.ComponentResource {
  readonly url: string;
  readonly metricsUrl: string;
  readonly container: docker.Container;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:docker:Gateway', name, {}, opts);
    const configuration = new docker.Volume(
      `${name}-config`,
      { labels: dockerLabels(args.identity, 'gateway') },
      { parent: this, ignoreChanges: ['labels'] },
    );
    this.container = new docker.Container(
      name,
      {
        ...containerDefaults(args.identity, 'gateway', { cpus: 1, memoryMb: 128 }),
        image: baseImages.nginx,
        user: 'nginx',
        entrypoints: ['bash', '-c', gatewayScript, 'gateway'],
        command: ['run'],
        envs: [`FIRST_CONFIG=${firstConfig}`, `GATEWAY_SCRIPT=${gatewayScript}`],
        volumes: [{ volumeName: configuration.name, containerPath: '/etc/slipway' }],
        networksAdvanced: [{ name: args.network.name, aliases: ['gateway'] }],
        ports: [
          { internal: gatewayPorts.public, external: args.hostPort, ip: '127.0.0.1' },
          { internal: gatewayPorts.metrics, external: args.metricsHostPort, ip: '127.0.0.1' },
        ],
        readOnly: true,
        tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m,mode=1777' },
        capabilities: { drops: ['ALL'] },
        healthcheck: {
          tests: ['CMD', 'bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${gatewayPorts.public}`],
          ...healthTiming,
        },
        waitTimeout: 60,
        // SIGQUIT lets nginx finish the requests in flight.
        stopSignal: 'SIGQUIT',
        stopTimeout: 15,
        destroyGraceSeconds: 15,
      },
      { parent: this },
    );
    this.url = `http://127.0.0.1:${args.hostPort}`;
    this.metricsUrl = `http://127.0.0.1:${args.metricsHostPort}/`;
    this.registerOutputs({});
  }
}
