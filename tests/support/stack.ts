import { randomBytes } from 'node:crypto';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { labelKeys } from '../../infra/docker-engine/labels.ts';
import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import type { Checkout } from './checkout.ts';
import { run, start, type Finished, type Running } from './run.ts';

export const docker = dockerClient(dockerHost());

export interface StackOptions {
  /** First of three ports that follow each other by 10. */
  basePort: number;
  replicas?: number;
  config?: Record<string, string>;
}

/** A stack of a test's own checkout, with ports of its own. */
export class Stack {
  readonly checkout: Checkout;
  readonly name: string;
  readonly port: number;

  constructor(
    checkout: Checkout,
    options: StackOptions,
    name = `e2e-${randomBytes(3).toString('hex')}`,
  ) {
    this.checkout = checkout;
    this.name = name;
    this.port = options.basePort;
    const config = {
      platform: 'docker',
      build: 'true',
      seed: 'true',
      gatewayPort: String(options.basePort),
      databasePort: String(options.basePort + 10),
      metricsPort: String(options.basePort + 20),
      replicas: String(options.replicas ?? 2),
      rolloutTimeoutSeconds: '40',
      ...options.config,
    };
    // As Pulumi itself would write it: texts bare, all else in quotes.
    const write = (value: string) =>
      /^(\d|true$|false$)/.test(value) ? JSON.stringify(value) : value;
    const lines = Object.entries(config).map(([key, value]) => `  slipway:${key}: ${write(value)}`);
    checkout.write(`Pulumi.${name}.yaml`, ['config:', ...lines, ''].join('\n'));
    checkout.commit();
  }

  /** Runs a verb of the Makefile. */
  make(verb: string, variables: Record<string, string> = {}): Promise<Finished> {
    return this.startMake(verb, variables).finished;
  }

  startMake(verb: string, variables: Record<string, string> = {}): Running {
    const settings = Object.entries({ STACK: this.name, ...variables }).map(
      ([key, value]) => `${key}=${value}`,
    );
    return start(['make', '--no-print-directory', verb, ...settings], {
      cwd: this.checkout.root,
      seconds: 600,
    });
  }

  /** Runs `npx pulumi …` in a shell that has `eval "$(make env)"`. */
  async pulumi(...args: string[]): Promise<Finished> {
    return this.startPulumi(...args).finished;
  }

  startPulumi(...args: string[]): Running {
    const script = 'eval "$(make --no-print-directory env)" && exec npx pulumi "$@"';
    const command = [
      'bash',
      '-c',
      script,
      'pulumi',
      ...args,
      '--stack',
      this.name,
      '--non-interactive',
    ];
    return start(command, { cwd: this.checkout.root, seconds: 600 });
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.pulumi('stack', 'output', '--json', '--show-secrets');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async containers(role?: string) {
    const label = [
      `${labelKeys.stack}=${this.name}`,
      ...(role ? [`${labelKeys.role}=${role}`] : []),
    ];
    return docker.listContainers({ all: true, filters: { label } });
  }

  /** Names of everything of this stack that Docker still has. */
  async leftovers(): Promise<string[]> {
    const filters = { label: [`${labelKeys.stack}=${this.name}`] };
    const [containers, volumes, networks, images] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listVolumes({ filters }),
      docker.listNetworks({ filters }),
      docker.listImages({ filters }),
    ]);
    return [
      ...containers.map(({ Names }) => `container ${Names.join()}`),
      ...volumes.Volumes.map(({ Name }) => `volume ${Name}`),
      ...networks.map(({ Name }) => `network ${Name}`),
      ...images.flatMap(({ RepoTags }) => (RepoTags ?? []).map((tag) => `image ${tag}`)),
    ];
  }

  /** Runs one SQL statement; its rows come back as text, a line each. */
  async sql(statement: string): Promise<string[]> {
    const { stdout, output, code } = await this.make('psql', { ARGS: `-At -c '${statement}'` });
    if (code !== 0) throw new Error(output);
    return stdout.split('\n').filter(Boolean);
  }

  async api<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ) {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : undefined) as T };
  }

  /** Removes all that is left, whatever state the test left it in. */
  async clear(): Promise<void> {
    await run(
      ['make', '--no-print-directory', 'destroy', `STACK=${this.name}`, `CONFIRM=${this.name}`],
      {
        cwd: this.checkout.root,
        seconds: 300,
      },
    );
  }
}
