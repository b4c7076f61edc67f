import { randomUUID } from 'node:crypto';
import type * as provider from '@pulumi/pulumi/provider/index.js';
import type { EcsTaskRunnerArgs } from './ecs/ecsTaskRunner.ts';
import type { EngineLog } from './engineLog.ts';
import { describePlan, planMigrations, type MigrationTarget } from './migrationPlan.ts';
import type { MigrationRunArgs } from './migrationRun.ts';
import type { ResourceHandler } from './slipwayProvider.ts';
import { TaskError, type TaskResult, type TaskRunner } from './taskRunner.ts';
import { hasUnknown, unwrap } from './wire.ts';

type Inputs = { [K in keyof MigrationRunArgs]: MigrationRunArgs[K] extends infer T ? T : never } & MigrationTarget & {
    runner:
      | {
          kind: 'docker';
          host: string;
          network: string;
          labels: Record<string, string>;
          memoryMb: number;
          envs: string[];
        }
      | ({ kind: 'ecs' } & Omit<EcsTaskRunnerArgs, 'identity'>);
  };

/** The provider's side of MigrationRun. */
export class MigrationHandler implements ResourceHandler {
  private readonly log: EngineLog;
  private readonly runnerFor: (inputs: Inputs) => Promise<TaskRunner>;

  constructor(log: EngineLog, runnerFor = taskRunner) {
    this.log = log;
    this.runnerFor = runnerFor;
  }

  /** Refuses what can be known to be wrong before anything runs, and says what will run. */
  async check(urn: string, olds: unknown, news: unknown): Promise<provider.CheckResult> {
    const next = unwrap(news) as Inputs;
    const last = olds && Object.keys(olds).length > 0 ? (unwrap(olds) as Inputs) : undefined;
    const failures: provider.CheckFailure[] = [];
    if (!hasUnknown((news as { files?: unknown }).files)) {
      const plan = planMigrations(last, next);
      for (const name of plan.edited) {
        const reason = `${name} was edited after it had been applied to this database. Restore it, and put the change into a new migration.`;
        failures.push({ property: 'files', reason });
      }
      if (failures.length === 0) {
        for (const line of describePlan(plan)) await this.log.line(urn, line);
      }
    }
    return { inputs: news, failures };
  }

  async diff(_urn: string, olds: unknown, news: unknown): Promise<provider.DiffResult> {
    const plan = planMigrations(unwrap(olds) as Inputs, unwrap(news) as Inputs);
    return Promise.resolve({ changes: plan.run, replaces: [] });
  }

  async create(urn: string, news: unknown, signal: AbortSignal): Promise<provider.CreateResult> {
    return { id: randomUUID(), outs: await this.migrate(urn, news, signal) };
  }

  async update(urn: string, _olds: unknown, news: unknown, signal: AbortSignal): Promise<provider.UpdateResult> {
    return { outs: await this.migrate(urn, news, signal) };
  }

  /** Deleting the resource runs nothing: the schema stays with its database. */
  async delete(): Promise<void> {}

  private async migrate(urn: string, news: unknown, signal: AbortSignal): Promise<Record<string, unknown>> {
    const inputs = unwrap(news) as Inputs;
    const started = Date.now();
    await this.task(urn, 'migrations', inputs, inputs.command, signal);
    if (inputs.seedCommand.length > 0) await this.task(urn, 'demo data', inputs, inputs.seedCommand, signal);
    return {
      image: inputs.image,
      files: inputs.files,
      database: inputs.database,
      command: inputs.command,
      seedCommand: inputs.seedCommand,
      timeoutSeconds: inputs.timeoutSeconds,
      ranAt: new Date(started).toISOString(),
      tookMs: Date.now() - started,
    };
  }

  private async task(urn: string, what: string, inputs: Inputs, command: string[], signal: AbortSignal): Promise<void> {
    const pending: Promise<void>[] = [];
    let result: TaskResult;
    try {
      const runner = await this.runnerFor(inputs);
      result = await runner.run({
        command,
        timeoutMs: inputs.timeoutSeconds * 1000,
        signal,
        onLine: (line) => pending.push(this.log.line(urn, line)),
      });
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      throw new Error(explain(what, error.message, error.tail), { cause: error });
    } finally {
      await Promise.all(pending);
    }
    if (result.exitCode === 0) return;
    const code = result.exitCode === undefined ? 'no exit code' : `exit code ${result.exitCode}`;
    throw new Error(explain(what, [code, result.reason].filter(Boolean).join(', '), result.tail));
  }
}

function explain(what: string, reason: string, tail: string[]): string {
  const lines = [`The ${what} task failed: ${reason}.`, 'No service was touched: the release before goes on serving.'];
  if (tail.length > 0) lines.push(`Its last ${tail.length === 1 ? 'line' : `${tail.length} lines`}:`);
  return [...lines, ...tail.map((line) => `  | ${line}`)].join('\n');
}

/** Loaded when a task runs: most updates run none, a preview never does, and no stack needs both platforms' code. */
async function taskRunner({ runner, image, files, database }: Inputs): Promise<TaskRunner> {
  if (runner.kind === 'ecs') {
    const { EcsTaskRunner } = await import('./ecs/ecsTaskRunner.ts');
    return new EcsTaskRunner({ ...runner, identity: [image, files, database] });
  }
  const { DockerTaskRunner } = await import('./docker/dockerTaskRunner.ts');
  return new DockerTaskRunner({ ...runner, image: image ?? '' });
}
