import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import { Component } from '../component.ts';
import { baseImages } from '../docker-engine/baseImages.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import { containerDefaults, dockerLabels, healthTiming } from './containerDefaults.ts';
import { firstConfig, gatewayEntrypoint, gatewayScript } from '../gateway/gatewayScript.ts';
import { gatewayPorts } from '../gateway/nginxConfig.ts';

export interface GatewayArgs {
  identity: StackIdentity;
  network: docker.Network;
  /** Port on 127.0.0.1. */
  hostPort: number;
  /** Port on 127.0.0.1 for `/metrics`. */
  metricsHostPort: number;
}

/**
 * nginx: the one door to the stack. It only routes; the rollout decides which instances it routes
 * to.
 */
export class Gateway extends Component {
  readonly url: string;
  readonly metricsUrl: string;
  readonly container: docker.Container;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:docker:Gateway', name, opts);
    const configuration = this.child(
      docker.Volume,
      'config',
      { labels: dockerLabels(args.identity, 'gateway') },
      { ignoreChanges: ['labels'] },
    );
    this.container = this.child(docker.Container, '', {
      ...containerDefaults(args.identity, 'gateway', { cpus: 1, memoryMb: 128 }),
      image: baseImages.nginx,
      user: 'nginx',
      entrypoints: gatewayEntrypoint,
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
    });
    this.url = `http://127.0.0.1:${args.hostPort}`;
    this.metricsUrl = `http://127.0.0.1:${args.metricsHostPort}/`;
    this.registerOutputs({});
  }
}
