import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBlueprint } from '../../infra/blueprint.ts';
import { parseConfig } from '../../infra/config/config.ts';
import { gatewayPorts, nginxConfig } from '../../infra/gateway/nginxConfig.ts';
import { tryExec, which } from '../../toolchain/lib/exec.ts';
import { aptInstall, isDebianRoot } from '../../toolchain/machine/host.ts';
import { run, type Finished } from './commands.ts';
import { servicesOf } from './composeServices.ts';
import type { RunningStack } from './stack.ts';

/** Runs the same containers with docker-compose. Its file is made from the engine's description. */
export class Compose {
  /** The name and version, for the table. */
  readonly version: string;
  /** The services that run all the time. `migrate` runs once, before the api. */
  readonly #services: string[];
  readonly gatewayPort: number;
  readonly #command: string[];

  private constructor(version: string, command: string[], services: string[], gatewayPort: number) {
    this.version = version;
    this.#command = command;
    this.#services = services;
    this.gatewayPort = gatewayPort;
  }

  /**
   * Writes the compose file into `folder`. Its ports count up from `firstPort`.
   *
   * @returns the reason as `missing` when there is no docker-compose and we cannot install it
   */
  static async create(args: {
    project: string;
    folder: string;
    firstPort: number;
    stack: RunningStack;
  }): Promise<Compose | { missing: string }> {
    const program = await findProgram();
    if (program === undefined) {
      return {
        missing:
          'there is no docker-compose; install it (Debian: `sudo apt-get install docker-compose`)',
      };
    }
    const version = (await run([...program, 'version', '--short'])).stdout.trim();
    const configuration = join(args.folder, 'nginx.conf');
    writeFileSync(configuration, gatewayConfiguration());
    const services = servicesOf(args.stack, configuration, args.firstPort);
    const file = join(args.folder, 'docker-compose.json');
    // JSON is valid YAML. Named volumes have to be declared at the top.
    const volumes = Object.values(services).flatMap(({ volumes }) => volumes ?? []);
    const named = volumes
      .filter((volume) => !volume.startsWith('/'))
      .map((volume) => volume.split(':')[0] ?? '');
    const text = { volumes: Object.fromEntries(named.map((name) => [name, {}])), services };
    writeFileSync(file, JSON.stringify(text, undefined, 2).replaceAll('$', '$$$$'), {
      mode: 0o600,
    });
    const names = Object.keys(services).filter((name) => name !== 'migrate');
    const command = [...program, '--project-name', args.project, '--file', file];
    return new Compose(`docker-compose ${version}`, command, names, args.firstPort);
  }

  /** `docker-compose up -d` of everything: first the migrations, then the api. */
  up(): Promise<Finished> {
    return run([...this.#command, 'up', '-d']);
  }

  /** The same for the running services alone: `up` would run the finished `migrate` again. */
  upAgain(): Promise<Finished> {
    return run([...this.#command, 'up', '-d', '--no-deps', ...this.#services]);
  }

  async destroy(): Promise<void> {
    await run([...this.#command, 'down', '--volumes']);
  }
}

/** The rollout's configuration. Compose's one name for all api instances replaces their list. */
function gatewayConfiguration(): string {
  const config = parseConfig(
    { platform: 'docker', build: 'true' },
    { project: 'slipway', stack: 'bench' },
  );
  const { routes } = createBlueprint(config);
  const text = nginxConfig({
    routes,
    upstreams: [{ service: 'api', address: 'api:3000' }],
    port: gatewayPorts.public,
    metricsPort: gatewayPorts.metrics,
  });
  // The gateway's own script does the same for an nginx that does not know this setting yet.
  return text.replace(/^ *keepalive_min_timeout .*\n/m, '');
}

async function findProgram(): Promise<string[] | undefined> {
  if (!which('docker-compose') && isDebianRoot())
    await aptInstall(['docker-compose']).catch(() => undefined);
  if (which('docker-compose')) return ['docker-compose'];
  return (await tryExec('docker', ['compose', 'version'])).code === 0
    ? ['docker', 'compose']
    : undefined;
}
