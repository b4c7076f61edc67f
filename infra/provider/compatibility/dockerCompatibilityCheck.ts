import type Docker from 'dockerode';
import { ContainerError } from '../../docker-engine/containerError.ts';
import { dockerClient } from '../../docker-engine/dockerClient.ts';
import { findImage, requireImage, type LocalImage } from '../../docker-engine/imageIdentity.ts';
import { lastLines } from '../../docker-engine/logLines.ts';
import type { ContainerDatabase } from '../../docker-engine/postgresTools.ts';
import { ThrowAwayPostgres } from '../../docker-engine/throwAwayPostgres.ts';
import { throwAwayEnvironment } from '../../environment.ts';
import type { CompatibilityArgs } from '../../release/compatibilityArgs.ts';
import type { DockerCompatibilityTargets } from '../../release/migrationRun.ts';
import { shortImageId } from '../../release/shortImageId.ts';
import { DockerTaskRunner } from '../../tasks/dockerTaskRunner.ts';
import { TaskError, type TaskOptions, type TaskResult } from '../../tasks/taskRunner.ts';
import type {
  CompatibilityCheck,
  CompatibilityOptions,
  CompatibilityResult,
} from './compatibilityCheck.ts';
import { deployedImages, runningContainers } from './deployedImages.ts';
import { whyNotReady } from './readiness.ts';
import { dumpSchema } from '../../docker-engine/schemaCopy.ts';
import { Scratch } from './scratch.ts';
import { loggedReasons, readReport } from './smokeReport.ts';

/** It takes about a second; a busy machine must not make it fail. */
const smokeTimeoutSeconds = 180;
const apiAlias = 'deployed-api';
const databaseAlias = 'postgres';
/** The app says it when it is asked for a role that it does not have. */
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

/** A deployed version whose API runs on the copy. */
interface RunningVersion {
  image: LocalImage;
  /** The API's name on the network of the copy. */
  alias: string;
  api: Docker.Container;
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
    // An update that is run again meets its own release.
    const own = await findImage(this.#docker, args.image);
    const others = (await deployedImages(this.#docker, args)).filter((id) => id !== own?.engineId);
    const deployed = await Promise.all(others.map((id) => requireImage(this.#docker, id)));
    if (deployed.length === 0) return unchecked('no other version is deployed');
    if ((await runningContainers(this.#docker, args.migrationLabels)).length > 0) {
      return unchecked(
        'a migration task of an earlier update is still running; it was checked before that',
      );
    }
    const postgres = (await runningContainers(this.#docker, args.database.labels))[0];
    if (!postgres) throw new TaskError("the stack's Postgres does not run; `make up` starts it");

    const scratch = await Scratch.open(this.#docker, args.labels, args.name);
    // Everything at once: whoever cancels an update waits a few seconds only.
    const onAbort = () => void scratch.remove().catch(() => undefined);
    options.signal.addEventListener('abort', onAbort);
    try {
      return await this.#compare(options, scratch, deployed, postgres);
    } catch (error) {
      if (options.signal.aborted) throw new TaskError('cancelled', [], { cause: error });
      if (error instanceof ContainerError)
        throw new TaskError(error.message, error.tail, { cause: error });
      throw error;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
      await scratch.remove();
    }
  }

  async #compare(
    { migrate, migrateTimeoutMs, signal }: CompatibilityOptions,
    scratch: Scratch,
    deployed: LocalImage[],
    postgres: Docker.ContainerInfo,
  ): Promise<CompatibilityResult> {
    const { image, schema } = this.#args;
    const database = await this.#copySchema(scratch, postgres);
    if (!database) return unchecked('the database of the stack has never been migrated');
    // With the rights it has in the stack: a migration may take them from it.
    const app = await database.login(this.#args.database.user);
    const deployedUrl = app.exists ? app.url : database.url;
    const envs = [
      'NODE_ENV=production',
      `RELEASE=${image}`,
      `DATABASE_URL=${database.url}`,
      `APP_DATABASE_URL=${app.url}`,
      `DATABASE_SCHEMA=${schema}`,
    ];
    // Before the migrations, as in the stack: what the deployed version keeps for the life of a
    // connection, such as the plan of a statement, has to survive them.
    const running: RunningVersion[] = [];
    for (const version of deployed) {
      const alias = `${apiAlias}-${running.length}`;
      const api = await this.#startApi(scratch, alias, version.engineId, deployedUrl);
      running.push({ image: version, alias, api });
      // What fails by now is no fault of the migrations; the checks after them judge.
      if (!(await whyNotReady(this.#docker, api, this.#args.app)))
        await this.#smoke(scratch, version.engineId, alias, signal);
    }
    const task = { command: migrate, timeoutMs: migrateTimeoutMs, signal };
    const { exitCode, reason, tail } = await this.#task(scratch, image, task, envs);
    if (exitCode !== 0) {
      const code = exitCode === undefined ? 'no exit code' : `exit code ${exitCode}`;
      const why = [code, reason].filter(Boolean).join(', ');
      return { outcome: 'migrationFailed', reason: why, tail };
    }
    let checks = 0;
    for (const version of running) {
      const result = await this.#check(scratch, version, signal);
      if (result.outcome !== 'passed') return result;
      checks = result.checks;
    }
    return { outcome: 'passed', deployed: deployed.map(({ imageId }) => imageId), checks };
  }

  /** @returns undefined when the database of the stack has never been migrated */
  async #copySchema(
    scratch: Scratch,
    postgres: Docker.ContainerInfo,
  ): Promise<ThrowAwayPostgres | undefined> {
    const { owner: user, name } = this.#args.database;
    const source: ContainerDatabase = { container: postgres.Id, user, name };
    // Side by side, but both to their end: what still starts must not outlive the removal.
    const work = [
      this.#startDatabase(scratch, postgres.ImageID),
      dumpSchema(this.#docker, source, ['slipway_*', ...this.#args.app.referenceTables]),
    ] as const;
    await Promise.allSettled(work);
    const [database, dump] = await Promise.all(work);
    if (dump === undefined) return undefined;
    await database.fill(dump);
    return database;
  }

  /** @param image that of the stack's Postgres, so that dump and server are of one version */
  async #startDatabase(scratch: Scratch, image: string): Promise<ThrowAwayPostgres> {
    const { owner: user, name } = this.#args.database;
    const database = await ThrowAwayPostgres.start(this.#docker, {
      image,
      name: scratch.containerName(databaseAlias),
      labels: scratch.labels,
      user,
      database: name,
      at: { network: scratch.network, alias: databaseAlias },
      data: 'memory',
    });
    await database.ready();
    return database;
  }

  /** The image's own checks against its running API: they use most of its statements. */
  #smoke(scratch: Scratch, image: string, alias: string, signal: AbortSignal): Promise<TaskResult> {
    const { app } = this.#args;
    const address = `http://${alias}:${app.port}`;
    const command = [...app.smoke, address, '--json', '--timeout', String(smokeTimeoutSeconds)];
    const timeoutMs = (smokeTimeoutSeconds + 30) * 1000;
    return this.#task(scratch, image, { command, timeoutMs, signal });
  }

  /** Judges one deployed version on the migrated copy. */
  async #check(
    scratch: Scratch,
    { image: { engineId, imageId }, alias, api }: RunningVersion,
    signal: AbortSignal,
  ): Promise<CompatibilityResult> {
    const { app } = this.#args;
    const notReady = await whyNotReady(this.#docker, api, app);
    if (notReady) {
      const expected = `${app.readinessPath} to answer 200 within ${app.readinessTimeoutSeconds} s`;
      const failures = [{ name: 'it starts and becomes ready', expected, got: notReady }];
      const logged = loggedReasons(await lastLines(api, 100));
      return { outcome: 'failed', deployed: imageId, failures, checks: 1, skipped: 0, logged };
    }
    const { exitCode, tail } = await this.#smoke(scratch, engineId, alias, signal);
    if (exitCode === 2 && noRole.test(tail.join('\n'))) {
      const reason = `it becomes ready there, but its image ${shortImageId(imageId)} has no role \`${app.smoke.join(' ')}\` with more checks; the next one has`;
      return { outcome: 'unchecked', reason, severity: 'warning' };
    }
    const report = readReport(tail);
    if (!report) {
      const message = `its checks ended with ${exitCode ?? 'no exit code'} and no report`;
      throw new TaskError(message, tail);
    }
    const checks = report.passed + report.failed + report.skipped;
    if (exitCode === 0) {
      await api.remove({ force: true, v: true });
      return { outcome: 'passed', deployed: [imageId], checks };
    }
    const failures = report.checks
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ name, expected = '', got = '' }) => ({ name, expected, got }));
    const logged = loggedReasons(await lastLines(api, 100));
    const { skipped } = report;
    return { outcome: 'failed', deployed: imageId, failures, checks, skipped, logged };
  }

  #startApi(
    scratch: Scratch,
    alias: string,
    image: string,
    databaseUrl: string,
  ): Promise<Docker.Container> {
    const { app, schema } = this.#args;
    const { serve: command, port, memoryMb } = app;
    const environment = throwAwayEnvironment({ databaseUrl, schema, release: image, port });
    const envs = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    return scratch.start(alias, { image, command, envs, memoryMb, user: '1000:1000' });
  }

  #task(
    scratch: Scratch,
    image: string,
    task: Omit<TaskOptions, 'onLine'>,
    envs: string[] = [],
  ): Promise<TaskResult> {
    const { host, app } = this.#args;
    const { network } = scratch;
    const labels = scratch.taskLabels();
    const args = { host, image, network, labels, memoryMb: app.memoryMb, envs };
    return new DockerTaskRunner(args, this.#docker).run({ ...task, onLine: () => undefined });
  }
}

function unchecked(reason: string): CompatibilityResult {
  return { outcome: 'unchecked', reason, severity: 'info' };
}
