import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { keptConfigPath } from '../../gateway/gatewayScript.ts';
import { throwAwayEnvironment } from '../../environment.ts';
import type {
  CompatibilityCheck,
  CompatibilityOptions,
  CompatibilityResult,
} from './compatibilityCheck.ts';
import type { CompatibilityArgs } from '../../release/compatibilityArgs.ts';
import type { DockerCompatibilityTargets } from '../../release/migrationRun.ts';
import { TaskError, type TaskResult } from '../../tasks/taskRunner.ts';
import { containerExec } from '../../docker-engine/containerExec.ts';
import { dockerClient } from '../../docker-engine/dockerClient.ts';
import { DockerTaskRunner } from '../../tasks/dockerTaskRunner.ts';
import { lastLines, Scratch } from './scratch.ts';
import { dumpSchema, ScratchDatabase, type SourceDatabase } from './scratchDatabase.ts';
import { shortImageId } from '../../release/shortImageId.ts';

/** It takes about a second; a busy machine must not make it fail. */
const smokeTimeoutSeconds = 180;
const apiAlias = 'deployed-api';
/** What the app says when it is asked for a role it does not have. */
const noRole = /There is no role/;

export interface DockerCompatibilityArgs extends DockerCompatibilityTargets {
  host: string;
  /** Id of the image the release brings. */
  image: string;
  app: CompatibilityArgs;
  /** Labels of a migration task: one that a killed update left may still be changing the schema. */
  migrationLabels: Record<string, string>;
  /** Postgres schema of the stack's tables. */
  schema: string;
}

interface SmokeReport {
  passed: number;
  failed: number;
  skipped: number;
  checks: { name: string; outcome: string; expected?: string; got?: string }[];
}

/** The deployed version on the new schema, in containers of its own beside the stack. */
export class DockerCompatibilityCheck implements CompatibilityCheck {
  readonly #args: DockerCompatibilityArgs;
  readonly #docker: Docker;

  constructor(args: DockerCompatibilityArgs, docker: Docker = dockerClient(args.host)) {
    this.#args = args;
    this.#docker = docker;
  }

  async run(options: CompatibilityOptions): Promise<CompatibilityResult> {
    const args = this.#args;
    const docker = this.#docker;
    const deployed = await this.#deployedImages();
    if (deployed.length === 0) return unchecked('no other version is deployed');
    if ((await this.#running(args.migrationLabels)).length > 0) {
      return unchecked(
        'a migration task of an earlier update is still running; it was checked before that',
      );
    }
    const postgres = (await this.#running(args.database.labels))[0];
    if (!postgres) throw new TaskError("the stack's Postgres does not run; `make up` starts it");

    const scratch = await Scratch.open(docker, args.labels, args.name);
    // Everything at once: whoever cancels an update waits a few seconds only.
    const onAbort = () => void scratch.remove().catch(() => undefined);
    options.signal.addEventListener('abort', onAbort);
    try {
      const source = { container: postgres.Id, user: args.database.user, name: args.database.name };
      return await this.#compare(options, scratch, deployed, source, postgres.ImageID);
    } catch (error) {
      throw options.signal.aborted ? new TaskError('cancelled', [], { cause: error }) : error;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
      await scratch.remove();
    }
  }

  async #compare(
    options: CompatibilityOptions,
    scratch: Scratch,
    deployed: string[],
    source: SourceDatabase,
    postgresImage: string,
  ): Promise<CompatibilityResult> {
    const args = this.#args;
    const docker = this.#docker;
    // Side by side, but both to their end: what still starts must not outlive the removal.
    const work = [
      ScratchDatabase.start(docker, scratch, postgresImage, source),
      dumpSchema(docker, source, ['slipway_*', ...args.app.referenceTables]),
    ] as const;
    await Promise.allSettled(work);
    const [database, dump] = await Promise.all(work);
    if (dump === undefined) return unchecked('the database of the stack has never been migrated');
    await database.fill(dump);
    const migration = await this.#task(
      scratch,
      args.image,
      options.migrate,
      options.migrateTimeoutMs,
      options.signal,
      [
        'NODE_ENV=production',
        `RELEASE=${args.image}`,
        `DATABASE_URL=${database.url}`,
        `DATABASE_SCHEMA=${args.schema}`,
      ],
    );
    if (migration.exitCode !== 0) {
      const code =
        migration.exitCode === undefined ? 'no exit code' : `exit code ${migration.exitCode}`;
      const reason = [code, migration.reason].filter(Boolean).join(', ');
      return { outcome: 'migrationFailed', reason, tail: migration.tail };
    }
    let checks = 0;
    for (const image of deployed) {
      const result = await this.#hold(scratch, image, database.url, options.signal);
      if (result.outcome !== 'passed') return result;
      checks = result.checks;
    }
    return { outcome: 'passed', deployed, checks };
  }

  /** Runs one deployed image on the copy and holds it against its own checks. */
  async #hold(
    scratch: Scratch,
    image: string,
    databaseUrl: string,
    signal: AbortSignal,
  ): Promise<CompatibilityResult> {
    const { app, schema } = this.#args;
    const api = await scratch.start({
      image,
      command: app.serve,
      alias: apiAlias,
      envs: Object.entries(
        throwAwayEnvironment({
          databaseUrl,
          schema,
          release: image,
          port: app.port,
        }),
      ).map(([name, value]) => `${name}=${value}`),
      memoryMb: app.memoryMb,
      user: '1000:1000',
      tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m,mode=1777' },
    });
    const notReady = await this.#waitUntilReady(api);
    if (notReady) {
      const expected = `${app.readinessPath} to answer 200 within ${app.readinessTimeoutSeconds} s`;
      const failures = [{ name: 'it starts and becomes ready', expected, got: notReady }];
      return {
        outcome: 'failed',
        deployed: image,
        failures,
        checks: 1,
        skipped: 0,
        logged: await loggedBy(api),
      };
    }
    const address = `http://${apiAlias}:${app.port}`;
    const command = [...app.smoke, address, '--json', '--timeout', String(smokeTimeoutSeconds)];
    const { exitCode, tail } = await this.#task(
      scratch,
      image,
      command,
      (smokeTimeoutSeconds + 30) * 1000,
      signal,
    );
    if (exitCode === 2 && noRole.test(tail.join('\n'))) {
      const reason = `it becomes ready there, but its image ${shortImageId(image)} has no role \`${app.smoke.join(' ')}\` with more checks; the next one has`;
      return { outcome: 'unchecked', reason, severity: 'warning' };
    }
    const report = readReport(tail);
    if (!report)
      throw new TaskError(
        `its checks ended with ${exitCode ?? 'no exit code'} and no report`,
        tail,
      );
    const { passed, failed, skipped } = report;
    const result = { deployed: image, checks: passed + failed + skipped };
    if (exitCode === 0) {
      await api.remove({ force: true, v: true });
      return { outcome: 'passed', deployed: [image], checks: result.checks };
    }
    const failures = report.checks
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ name, expected = '', got = '' }) => ({ name, expected, got }));
    return { outcome: 'failed', ...result, failures, skipped, logged: await loggedBy(api) };
  }

  /**
   * The images that serve now, without that of the release: an update that is run again meets
   * itself.
   */
  async #deployedImages(): Promise<string[]> {
    const running = await this.#running(this.#args.deployedLabels);
    const proven = await this.#provenNames();
    const serving = proven
      ? running.filter(({ Names }) => Names.some((name) => proven.has(name.slice(1))))
      : running;
    return [...new Set(serving.map(({ ImageID }) => ImageID))].filter(
      (image) => image !== this.#args.image,
    );
  }

  /**
   * Names of the containers that a rollout has proven and put behind the gateway; undefined without
   * a gateway.
   */
  async #provenNames(): Promise<Set<string> | undefined> {
    const gateway = (await this.#running(this.#args.gatewayLabels))[0];
    if (!gateway) return undefined;
    // Before the first release there is no such file.
    const { stdout } = await containerExec(this.#docker, gateway.Id, ['cat', keptConfigPath], {
      user: '0',
    });
    return new Set([...stdout.matchAll(/\bserver ([\w.-]+):\d+/g)].map(([, name = '']) => name));
  }

  /** @returns why not, when it does not become ready */
  async #waitUntilReady(api: Docker.Container): Promise<string | undefined> {
    const { port, readinessPath, readinessTimeoutSeconds } = this.#args.app;
    const script = [
      'ask() { exec 3<>/dev/tcp/127.0.0.1/"$1" && printf "GET $2 HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3 && timeout 3 cat <&3; }',
      'until answer=$(ask "$0" "$1" 2> /dev/null) && [[ $answer == HTTP/1.?" 200 "* ]]; do',
      '  if ((SECONDS >= $2)); then printf %s "$answer"; exit 1; fi',
      '  sleep 0.1',
      'done',
    ].join('\n');
    const command = [
      'bash',
      '-c',
      script,
      String(port),
      readinessPath,
      String(readinessTimeoutSeconds),
    ];
    // One command that waits in there: each one costs the engine more than the question.
    const asked = await containerExec(this.#docker, api.id, command).catch(whenStopped);
    if (asked?.exitCode === 0) return undefined;
    // 1 is the script's own word for "not in time"; anything else means that it was ended with its
    // container.
    if (asked?.exitCode !== 1) {
      const ended = (await Promise.race([api.wait(), sleep(5_000)])) as
        { StatusCode: number } | undefined;
      return ended
        ? `it ended with exit code ${ended.StatusCode}`
        : `it cannot be asked: ${asked?.output.trim()}`;
    }
    const { stdout } = asked;
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(stdout)?.[1];
    return status
      ? `${status} ${stdout.slice(stdout.indexOf('\r\n\r\n') + 4).slice(0, 400)}`
      : 'no answer';
  }

  #task(
    scratch: Scratch,
    image: string,
    command: string[],
    timeoutMs: number,
    signal: AbortSignal,
    envs: string[] = [],
  ): Promise<TaskResult> {
    const { host, app } = this.#args;
    const labels = scratch.taskLabels();
    const runner = new DockerTaskRunner(
      { host, image, network: scratch.network, labels, memoryMb: app.memoryMb, envs },
      this.#docker,
    );
    return runner.run({ command, timeoutMs, signal, onLine: () => undefined });
  }

  #running(labels: Record<string, string>): Promise<Docker.ContainerInfo[]> {
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    return this.#docker.listContainers({ filters: { label, status: ['running'] } });
  }
}

/** The engine refuses a command in a container that has ended. */
function whenStopped(error: unknown): undefined {
  if ((error as { statusCode?: number }).statusCode !== 409) throw error;
}

function unchecked(reason: string): CompatibilityResult {
  return { outcome: 'unchecked', reason, severity: 'info' };
}

function readReport(lines: string[]): SmokeReport | undefined {
  for (const line of lines.toReversed()) {
    if (!line.startsWith('{"baseUrl"')) continue;
    const report = JSON.parse(line) as Partial<SmokeReport>;
    if (report.checks) return report as SmokeReport;
  }
  return undefined;
}

/** The reasons in the API's log, each once. */
async function loggedBy(api: Docker.Container): Promise<string[]> {
  const reasons = (await lastLines(api, 100)).map((line) => {
    try {
      const { err, msg } = JSON.parse(line) as { err?: { message?: string }; msg?: string };
      return err?.message ?? msg ?? line;
    } catch {
      return line;
    }
  });
  return [...new Set(reasons)].slice(-5).map((line) => line.slice(0, 300));
}
