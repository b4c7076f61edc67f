import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../component.ts';
import { databaseName, databaseOwner, databaseUser } from '../config/database.ts';
import { baseImages } from '../docker-engine/baseImages.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import type { Database } from '../platform.ts';
import type { DatabaseIdentity } from '../release/migrationRun.ts';
import { containerDefaults, dockerLabels, healthTiming } from './containerDefaults.ts';

/**
 * A new major version needs a dump and a restore, so it gets a volume of its own beside the old
 * one.
 */
const major = 17;

export interface PostgresArgs {
  identity: StackIdentity;
  network: docker.Network;
  ownerPassword: pulumi.Input<string>;
  userPassword: pulumi.Input<string>;
  /** Port on 127.0.0.1. */
  hostPort: number;
  /** CPUs of the engine's machine: it refuses a container that may use more. */
  cpus: number;
}

/** Postgres in a container, its data in a volume. */
export class Postgres extends Component implements Database {
  readonly url: pulumi.Output<string>;
  readonly ownerUrl: pulumi.Output<string>;
  readonly identity: pulumi.Output<DatabaseIdentity>;
  /** For tools on this machine, as the owner. */
  readonly hostUrl: pulumi.Output<string>;
  readonly owner = databaseOwner;
  readonly databaseName = databaseName;
  readonly container: docker.Container;

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:docker:Postgres', name, opts);
    const data = this.child(
      docker.Volume,
      `${major}-data`,
      { labels: dockerLabels(args.identity, 'postgres') },
      // A checkout that moves has other labels; its data must not be replaced for that.
      { ignoreChanges: ['labels'] },
    );
    this.container = this.child(docker.Container, '', containerArgs(args, data));
    const { ownerPassword, userPassword, hostPort } = args;
    const address = (user: string, password: pulumi.Input<string>, at = 'postgres:5432') =>
      pulumi.secret(pulumi.interpolate`postgres://${user}:${password}@${at}/${databaseName}`);
    this.url = address(databaseUser, userPassword);
    this.ownerUrl = address(databaseOwner, ownerPassword);
    this.hostUrl = address(databaseOwner, ownerPassword, `127.0.0.1:${hostPort}`);
    // The volume holds the data: a container created anew on the same volume is the same database.
    this.identity = data.id.apply((id) => ({
      id,
      endpoint: 'postgres:5432',
      generation: String(major),
    }));
    this.registerOutputs({});
  }
}

function containerArgs(args: PostgresArgs, data: docker.Volume): docker.ContainerArgs {
  return {
    ...containerDefaults(args.identity, 'postgres', {
      cpus: Math.min(2, args.cpus),
      memoryMb: 512,
    }),
    image: baseImages.postgres,
    // Postgres is its own init. One before it would be root without the right to signal another
    // user's process, and every stop a crash.
    init: false,
    envs: [
      `POSTGRES_USER=${databaseOwner}`,
      `POSTGRES_DB=${databaseName}`,
      pulumi.secret(pulumi.interpolate`POSTGRES_PASSWORD=${args.ownerPassword}`),
      'PGDATA=/var/lib/postgresql/data/pgdata',
    ],
    volumes: [{ volumeName: data.name, containerPath: '/var/lib/postgresql/data' }],
    networksAdvanced: [{ name: args.network.name, aliases: ['postgres'] }],
    ports: [{ internal: 5432, external: args.hostPort, ip: '127.0.0.1' }],
    readOnly: true,
    tmpfs: {
      '/tmp': 'rw,noexec,nosuid,size=64m',
      '/var/run/postgresql': 'rw,noexec,nosuid,size=1m,mode=1777',
    },
    // The image's entry point prepares the data directory and becomes its owner with these.
    capabilities: {
      drops: ['ALL'],
      adds: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_SETGID', 'CAP_SETUID'],
    },
    shmSize: 128,
    healthcheck: { tests: readinessProbe, ...healthTiming },
    // Generous: on a busy disk, initialising the data directory waits for each of its writes.
    waitTimeout: 300,
    // SIGINT is Postgres' fast shutdown: sessions end, the data is checkpointed.
    stopSignal: 'SIGINT',
    stopTimeout: 30,
    destroyGraceSeconds: 30,
  };
}

/**
 * Over TCP: while it initialises, Postgres answers on its socket only. By its path: on PATH is a
 * script of Debian's that takes ten times as long, each second.
 */
const readinessProbe = [
  'CMD',
  `/usr/lib/postgresql/${major}/bin/pg_isready`,
  '-q',
  '-h',
  '127.0.0.1',
  '-U',
  databaseOwner,
  '-d',
  databaseName,
];
