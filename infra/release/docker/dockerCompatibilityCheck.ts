import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { throwAwayEnvironment } from '../../environment.ts';
import type {
  CompatibilityArgs,
  CompatibilityCheck,
  CompatibilityOptions,
  CompatibilityResult,
} from '../compatibilityCheck.ts';
import { TaskError, type TaskResult } from '../taskRunner.ts';
import { containerExec } from './containerExec.ts';
import { dockerClient } from './dockerClient.ts';
import { DockerTaskRunner } from './dockerTaskRunner.ts';
import { lastLines, Scratch } from './scratch.ts';
import { dumpSchema, ScratchDatabase, type SourceDatabase } from './scratchDatabase.ts';

const smokeTimeoutSeconds = 60;
const apiAlias = 'deployed-api';
/** What the app says when it is asked for a role it does not have. */
const noRole = /There is no role/;

export interface DockerCompatibilityArgs {
  host: string;
  /** Id of the image the release brings. */
  image: string;
  app: CompatibilityArgs;
  /** Labels of the containers that serve now. */
  deployedLabels: Record<string, string>;
  /** Labels of a migration task: one that a killed update left may still be changing the schema. */
  migrationLabels: Record<string, string>;
  /** The stack's Postgres. */
  database: { labels: Record<string, string>; user: string; name: string };
  /** Labels of what the check starts. */
  labels: Record<string, string>;
  /** What the names of its networks begin with. */
  name: string;
}

interface SmokeReport {
  passed: number;
  failed: number;
  skipped: number;
  checks: { name: string; outcome: string; expected?: string; got?: string }[];
}

/** The deployed version on the new schema, in containers of its own beside the stack. */
export class DockerCompatibilityCheck implements CompatibilityCheck {
  private readonly args: DockerCompatibilityArgs;
  private readonly docker: Docker;

  constructor(args: DockerCompatibilityArgs, docker: Docker = dockerClient(args.host)) {
    this.args = args;
    this.docker = docker;
  }

  async run(options: CompatibilityOptions): Promise<CompatibilityResult> {
    const { args, docker } = this;
    const deployed = await this.deployedImages();
    if (deployed.length === 0) return unchecked('no other version is deployed');
    if ((await this.running(args.migrationLabels)).length > 0) {
      return unchecked('a migration task of an earlier update is still running; it was checked before that');
    }
    const postgres = (await this.running(args.database.labels))[0];
    if (!postgres) throw new TaskError("the stack's Postgres does not run; `make up` starts it");

    const scratch = await Scratch.open(docker, args.labels, args.name);
    // Everything at once: whoever cancels an update waits a few seconds only.
    const onAbort = () => void scratch.remove().catch(() => undefined);
    options.signal.addEventListener('abort', onAbort);
    try {
      const source = { container: postgres.Id, user: args.database.user, name: args.database.name };
      return await this.compare(options, scratch, deployed, source, postgres.ImageID);
    } catch (error) {
      throw options.signal.aborted ? new TaskError('cancelled', [], { cause: error }) : error;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
      await scratch.remove();
    }
  }

  private async compare(
    options: CompatibilityOptions,
    scratch: Scratch,
    deployed: string[],
    source: SourceDatabase,
    postgresImage: string,
  ): Promise<CompatibilityResult> {
    const { args, docker } = this;
    // Side by side, but all of them to their end: what still starts must not outlive the removal.
    const [database, dump, mute] = await settled([
      ScratchDatabase.start(docker, scratch, postgresImage, source, options.signal),
      dumpSchema(docker, source, ['slipway_*', ...args.app.referenceTables]),
      this.withoutSmoke(scratch, deployed, options.signal),
    ]);
    if (dump === undefined) return unchecked('the database of the stack has never been migrated');
    const able = deployed.filter((image) => !mute.includes(image));
    if (able.length === 0) {
      const names = mute.map((image) => image.slice(0, 'sha256:'.length + 12)).join(', ');
      const reason = `its image ${names} has no role \`${args.app.smoke.join(' ')}\`; from the next release on it can be`;
      return { outcome: 'unchecked', reason, severity: 'warning' };
    }
    await database.fill(dump);
    const migration = await this.task(scratch, args.image, options.migrate, options.migrateTimeoutMs, options.signal, [
      'NODE_ENV=production',
      `RELEASE=${args.image}`,
      `DATABASE_URL=${database.url}`,
    ]);
    if (migration.exitCode !== 0) {
      const code = migration.exitCode === undefined ? 'no exit code' : `exit code ${migration.exitCode}`;
      const reason = [code, migration.reason].filter(Boolean).join(', ');
      return { outcome: 'migrationFailed', reason, tail: migration.tail };
    }
    let checks = 0;
    for (const image of able) {
      const result = await this.hold(scratch, image, database.url, options.signal);
      if (result.outcome !== 'passed') return result;
      checks = result.checks;
    }
    return { outcome: 'passed', deployed: able, checks };
  }

  /** Runs one deployed image on the copy and holds it against its own checks. */
  private async hold(
    scratch: Scratch,
    image: string,
    databaseUrl: string,
    signal: AbortSignal,
  ): Promise<CompatibilityResult> {
    const { app } = this.args;
    const api = await scratch.start({
      image,
      command: app.serve,
      alias: apiAlias,
      envs: Object.entries(throwAwayEnvironment({ databaseUrl, release: image, port: app.port })).map(
        ([name, value]) => `${name}=${value}`,
      ),
      memoryMb: app.memoryMb,
      user: '1000:1000',
      tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m,mode=1777' },
    });
    const notReady = await this.waitUntilReady(api, signal);
    if (notReady) {
      const expected = `${app.readinessPath} to answer 200 within ${app.readinessTimeoutSeconds} s`;
      const failures = [{ name: 'it starts and becomes ready', expected, got: notReady }];
      return { outcome: 'failed', deployed: image, failures, checks: 1, skipped: 0, logged: await loggedBy(api) };
    }
    const address = `http://${apiAlias}:${app.port}`;
    const command = [...app.smoke, address, '--json', '--timeout', String(smokeTimeoutSeconds)];
    const { exitCode, tail } = await this.task(scratch, image, command, (smokeTimeoutSeconds + 30) * 1000, signal);
    const report = readReport(tail);
    if (!report) throw new TaskError(`its checks ended with ${exitCode ?? 'no exit code'} and no report`, tail);
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

  /** The images that serve now, without that of the release: an update that is run again meets itself. */
  private async deployedImages(): Promise<string[]> {
    const serving = await this.running(this.args.deployedLabels);
    return [...new Set(serving.map(({ ImageID }) => ImageID))].filter((image) => image !== this.args.image);
  }

  /** Those of some images that were built before there was the role. */
  private async withoutSmoke(scratch: Scratch, images: string[], signal: AbortSignal): Promise<string[]> {
    const command = [...this.args.app.smoke, '--help'];
    const mute: string[] = [];
    for (const image of images) {
      const { exitCode, tail } = await this.task(scratch, image, command, 60_000, signal);
      if (exitCode === 0) continue;
      if (!noRole.test(tail.join('\n'))) throw new TaskError(`\`${command.join(' ')}\` of ${image} failed`, tail);
      mute.push(image);
    }
    return mute;
  }

  /** @returns why not, when it does not become ready */
  private async waitUntilReady(api: Docker.Container, signal: AbortSignal): Promise<string | undefined> {
    const { port, readinessPath, readinessTimeoutSeconds } = this.args.app;
    const script = `exec 3<>/dev/tcp/127.0.0.1/"$0"; printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' "$1" >&3; cat <&3`;
    const command = ['timeout', '3', 'bash', '-c', script, String(port), readinessPath];
    let last = 'no answer';
    for (const deadline = Date.now() + readinessTimeoutSeconds * 1000; Date.now() < deadline; await sleep(100)) {
      if (signal.aborted) throw new TaskError('cancelled');
      const { State } = await api.inspect();
      if (!State.Running) return `it ended with exit code ${State.ExitCode}`;
      const { stdout } = await containerExec(this.docker, api.id, command);
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(stdout)?.[1];
      if (status === '200') return undefined;
      if (status) last = `${status} ${stdout.slice(stdout.indexOf('\r\n\r\n') + 4).slice(0, 400)}`;
    }
    return last;
  }

  private task(
    scratch: Scratch,
    image: string,
    command: string[],
    timeoutMs: number,
    signal: AbortSignal,
    envs: string[] = [],
  ): Promise<TaskResult> {
    const { host, app } = this.args;
    const labels = scratch.taskLabels();
    const runner = new DockerTaskRunner(
      { host, image, network: scratch.network, labels, memoryMb: app.memoryMb, envs },
      this.docker,
    );
    return runner.run({ command, timeoutMs, signal, onLine: () => undefined });
  }

  private running(labels: Record<string, string>): Promise<Docker.ContainerInfo[]> {
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    return this.docker.listContainers({ filters: { label, status: ['running'] } });
  }
}

function unchecked(reason: string): CompatibilityResult {
  return { outcome: 'unchecked', reason, severity: 'info' };
}

/** Like Promise.all, but waits for every one before it fails. */
async function settled<A, B, C>(work: [Promise<A>, Promise<B>, Promise<C>]): Promise<[A, B, C]> {
  await Promise.allSettled(work);
  return Promise.all(work);
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
