import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../component.ts';
import { baseImages } from '../docker-engine/baseImages.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import type { Cache } from '../platform.ts';
import { containerDefaults, dockerLabels, healthTiming } from './containerDefaults.ts';

export interface ValkeyArgs {
  identity: StackIdentity;
  network: docker.Network;
  password: pulumi.Input<string>;
}

/**
 * The configuration goes in by standard input: a password on the command line could be read in the
 * process list.
 */
const start = `exec valkey-server - <<CONFIG
requirepass $VALKEY_PASSWORD
appendonly yes
dir /data
save ""
maxmemory 96mb
maxmemory-policy noeviction
CONFIG`;

/** Valkey in a container: fan-out, jobs, rate limits. Its data is kept in a volume. */
export class Valkey extends Component implements Cache {
  readonly url: pulumi.Output<string>;
  readonly container: docker.Container;

  constructor(name: string, args: ValkeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:docker:Valkey', name, opts);
    const data = this.child(
      docker.Volume,
      'data',
      { labels: dockerLabels(args.identity, 'valkey') },
      { ignoreChanges: ['labels'] },
    );
    this.container = this.child(docker.Container, '', {
      ...containerDefaults(args.identity, 'valkey', { cpus: 1, memoryMb: 192 }),
      image: baseImages.valkey,
      user: 'valkey',
      command: ['sh', '-c', start],
      envs: [pulumi.secret(pulumi.interpolate`VALKEY_PASSWORD=${args.password}`)],
      volumes: [{ volumeName: data.name, containerPath: '/data' }],
      networksAdvanced: [{ name: args.network.name, aliases: ['valkey'] }],
      readOnly: true,
      tmpfs: { '/tmp': 'rw,noexec,nosuid,size=16m' },
      capabilities: { drops: ['ALL'] },
      healthcheck: {
        tests: ['CMD-SHELL', 'REDISCLI_AUTH="$VALKEY_PASSWORD" valkey-cli ping | grep -q PONG'],
        ...healthTiming,
      },
      waitTimeout: 300,
      stopTimeout: 15,
      destroyGraceSeconds: 15,
    });
    this.url = pulumi.secret(pulumi.interpolate`redis://:${args.password}@valkey:6379`);
    this.registerOutputs({});
  }
}
