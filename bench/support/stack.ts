import { delimiter, join } from 'node:path';
import type { ContainerInspectInfo } from 'dockerode';
import { labelKeys } from '../../infra/docker-engine/labels.ts';
import { Checkout } from '../../tests/support/checkout.ts';
import { engineFolder, enginePath } from '../../toolchain/pulumi/pulumiEngine.ts';
import { run, type Finished } from './commands.ts';
import { docker } from './docker.ts';

/** The image, the containers and the migration task of a stack that is up. */
export interface RunningStack {
  imageId: string;
  containers: ContainerInspectInfo[];
  migrationTask: { image: string; env: Record<string, string> };
}

/** A stack of a copy of this checkout, with its own state, passphrase and ports. */
export class BenchStack {
  readonly name: string;
  readonly gatewayPort: number;
  readonly #checkout: Checkout;
  #env: NodeJS.ProcessEnv = process.env;

  private constructor(name: string, firstPort: number) {
    this.name = name;
    this.gatewayPort = firstPort;
    this.#checkout = Checkout.create();
    const config = {
      platform: 'docker',
      build: '"true"',
      // Compose has no counterpart of the demo data.
      seed: '"false"',
      gatewayPort: `"${firstPort}"`,
      databasePort: `"${firstPort + 1}"`,
      metricsPort: `"${firstPort + 2}"`,
    };
    const lines = Object.entries(config).map(([key, value]) => `  slipway:${key}: ${value}`);
    this.#checkout.write(`Pulumi.${name}.yaml`, `config:\n${lines.join('\n')}\n`);
  }

  /** Makes an empty stack. */
  static async create(name: string, firstPort: number): Promise<BenchStack> {
    const stack = new BenchStack(name, firstPort);
    try {
      stack.#env = await environmentOf(stack.#checkout.root);
      await stack.#pulumi('stack', 'init', name, '--no-select');
      return stack;
    } catch (error) {
      stack.remove();
      throw error;
    }
  }

  /** `pulumi up`, the engine started as `make up` starts it. */
  up(...flags: string[]): Promise<Finished> {
    return this.#pulumi('up', '--stack', this.name, '--yes', ...flags);
  }

  /** Deletes containers, volumes and network; the app image stays on the engine. */
  async destroy(): Promise<void> {
    await this.#pulumi('destroy', '--stack', this.name, '--yes', '--skip-preview');
  }

  async running(): Promise<RunningStack> {
    const { stdout } = await this.#pulumi(
      'stack',
      'output',
      '--stack',
      this.name,
      '--json',
      '--show-secrets',
    );
    const outputs = JSON.parse(stdout) as Pick<RunningStack, 'imageId' | 'migrationTask'>;
    const found = await docker.listContainers({
      filters: { label: [`${labelKeys.stack}=${this.name}`] },
    });
    const containers = await Promise.all(found.map(({ Id }) => docker.getContainer(Id).inspect()));
    return { ...outputs, containers };
  }

  remove(): void {
    this.#checkout.remove();
  }

  #pulumi(...args: string[]): Promise<Finished> {
    const { root } = this.#checkout;
    return run([enginePath(), ...args, '--non-interactive'], { cwd: root, env: this.#env });
  }
}

/**
 * The variables of `make env` in that checkout. It is asked without make, which would compare the
 * packages with the lockfile again.
 */
async function environmentOf(root: string): Promise<NodeJS.ProcessEnv> {
  // `make bench` has set these for this checkout.
  const ours = { ...process.env };
  for (const name of ['PULUMI_BACKEND_URL', 'PULUMI_CONFIG_PASSPHRASE_FILE', 'NODE_COMPILE_CACHE'])
    delete ours[name];
  const { stdout } = await run([process.execPath, join(root, 'toolchain/cli.ts'), 'env'], {
    cwd: root,
    env: ours,
  });
  const shell = await run(['bash', '-c', 'eval "$0" && env -0', stdout], { env: ours });
  const pairs = shell.stdout.split('\0').filter(Boolean);
  const env = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  return { ...env, PATH: `${engineFolder()}${delimiter}${env['PATH'] ?? ''}` };
}
