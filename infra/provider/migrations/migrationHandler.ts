import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type * as provider from '@pulumi/pulumi/provider/index.js';
import type { Unwrap } from '@pulumi/pulumi';
import type { CompatibilityCheck } from '../compatibility/compatibilityCheck.ts';
import type { EngineLog } from '../protocol/engineLog.ts';
import {
  describePlan,
  planMigrations,
  type MigrationPlan,
  type MigrationTarget,
} from './migrationPlan.ts';
import type { MigrationRunArgs } from '../../release/migrationRun.ts';
import { requireCompatibility } from '../compatibility/requireCompatibility.ts';
import type { ResourceHandler } from '../protocol/resourceHandler.ts';
import { isWarning } from '../../../migrations/runner/run/notices.ts';
import { TaskError, type TaskResult, type TaskRunner } from '../../tasks/taskRunner.ts';
import { hasUnknown, unwrap } from '../protocol/wire.ts';

/** `ahead` is kept with the inputs by `check`. */
type Inputs = Unwrap<MigrationRunArgs> & MigrationTarget;

const stateHint =
  " So says the stack's state. Where the database was changed by hand since, such as reverted or rebuilt, name the file in " +
  'slipway:forceMigrations: the runner then decides by what the database says.';
const doubtHint = " So says the stack's state; the migrations' task will go by the database.";
const forceHint = ' In a stack: add its name to slipway:forceMigrations.';

/** The provider's side of MigrationRun. */
export class MigrationHandler implements ResourceHandler {
  readonly #log: EngineLog;
  readonly #runnerFor: (inputs: Inputs) => Promise<TaskRunner>;
  readonly #compatibilityFor: (inputs: Inputs) => Promise<CompatibilityCheck | undefined>;
  /** The checkout's migrations: what a preview shows the SQL of. */
  readonly #folder: string;

  constructor(
    log: EngineLog,
    runnerFor = taskRunner,
    compatibilityFor = dockerCompatibility,
    folder = join(import.meta.dirname, '../../../migrations'),
  ) {
    this.#log = log;
    this.#runnerFor = runnerFor;
    this.#compatibilityFor = compatibilityFor;
    this.#folder = folder;
  }

  /** Refuses what can be known to be wrong before anything runs, and says what will run. */
  async check(urn: string, olds: unknown, news: unknown): Promise<provider.CheckResult> {
    const next = unwrap(news) as Inputs;
    const last = olds && Object.keys(olds).length > 0 ? (unwrap(olds) as Inputs) : undefined;
    if (hasUnknown((news as { files?: unknown }).files)) return { inputs: news, failures: [] };
    const plan = planMigrations(last, next, next.force);
    for (const line of describePlan(plan)) await this.#log.line(urn, line);
    if (plan.doubt !== undefined) await this.#log.line(urn, plan.doubt + doubtHint, 'warning');
    const reasons = [
      ...(plan.refused === undefined ? [] : [plan.refused + stateHint]),
      ...(plan.pending.length > 0 ? await this.#review(urn, plan, next) : []),
    ];
    // Kept with the inputs, because the next check sees nothing else of the state.
    const inputs = plan.ahead.length > 0 ? { ...(news as object), ahead: plan.ahead } : news;
    // With a property's name the engine would print its whole value in front of each reason.
    return { inputs, failures: reasons.map((reason) => ({ property: '', reason })) };
  }

  /**
   * Shows the files that would be applied, and what the lint says of them. Returns what must not be
   * released.
   */
  async #review(urn: string, { pending }: MigrationPlan, next: Inputs): Promise<string[]> {
    // Loaded where something is pending: most updates have nothing to look at.
    const { reviewMigrations } = await import('./migrationReview.ts');
    const names = new Set(pending.map(({ name }) => name));
    const applied = (next.files ?? []).filter(({ name }) => !names.has(name));
    const review = await reviewMigrations(this.#folder, pending, applied, next.force);
    for (const line of review.lines) await this.#log.line(urn, line);
    if (next.lint !== 'off') {
      const warnings =
        next.lint === 'warning' ? [...review.errors, ...review.warnings] : review.warnings;
      for (const line of warnings) await this.#log.line(urn, line, 'warning');
    }
    const errors = next.lint === 'error' ? review.errors : [];
    return [...(review.refused === undefined ? [] : [review.refused + forceHint]), ...errors];
  }

  async diff(_urn: string, olds: unknown, news: unknown): Promise<provider.DiffResult> {
    const plan = planMigrations(unwrap(olds) as Inputs, unwrap(news) as Inputs);
    return Promise.resolve({ changes: plan.run, replaces: [] });
  }

  async create(urn: string, news: unknown, signal: AbortSignal): Promise<provider.CreateResult> {
    return { id: randomUUID(), outs: await this.#migrate(urn, undefined, news, signal) };
  }

  async update(
    urn: string,
    olds: unknown,
    news: unknown,
    signal: AbortSignal,
  ): Promise<provider.UpdateResult> {
    return { outs: await this.#migrate(urn, olds, news, signal) };
  }

  /** Deleting the resource runs nothing: the schema stays with its database. */
  async delete(): Promise<void> {}

  async #migrate(
    urn: string,
    olds: unknown,
    news: unknown,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const inputs = unwrap(news) as Inputs;
    const started = Date.now();
    const { pending } = planMigrations(unwrap(olds) as Inputs | undefined, inputs);
    if (inputs.compatibility && pending.length > 0) {
      const names = pending.map(({ name }) => name);
      await this.#requireCompatibility(urn, inputs, names, signal);
    }
    await this.#task(urn, 'migrations', inputs, inputs.command, signal);
    if (inputs.seedCommand.length > 0)
      await this.#task(urn, 'demo data', inputs, inputs.seedCommand, signal);
    return {
      image: inputs.image,
      files: inputs.files,
      ahead: inputs.ahead ?? [],
      database: inputs.database,
      login: inputs.login,
      schema: inputs.schema,
      command: inputs.command,
      seedCommand: inputs.seedCommand,
      timeoutSeconds: inputs.timeoutSeconds,
      ranAt: new Date(started).toISOString(),
      tookMs: Date.now() - started,
    };
  }

  /** Before anything of the stack is touched. */
  async #requireCompatibility(
    urn: string,
    inputs: Inputs,
    pending: string[],
    signal: AbortSignal,
  ): Promise<void> {
    const check = await this.#compatibilityFor(inputs);
    if (!check) return;
    await requireCompatibility(check, {
      pending,
      // urn:pulumi:<stack>::…
      stack: urn.split(':')[2] ?? '',
      migrate: inputs.command,
      migrateTimeoutMs: inputs.timeoutSeconds * 1000,
      signal,
      onLine: (line, severity) => this.#log.line(urn, line, severity),
    });
  }

  async #task(
    urn: string,
    what: string,
    inputs: Inputs,
    command: string[],
    signal: AbortSignal,
  ): Promise<void> {
    const pending: Promise<void>[] = [];
    let result: TaskResult;
    try {
      const runner = await this.#runnerFor(inputs);
      result = await runner.run({
        command,
        timeoutMs: inputs.timeoutSeconds * 1000,
        signal,
        onLine: (line) =>
          pending.push(this.#log.line(urn, line, isWarning(line) ? 'warning' : 'info')),
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
  const lines = [
    `The ${what} task failed: ${reason}.`,
    'No service was touched: the release before goes on serving.',
  ];
  if (tail.length > 0)
    lines.push(`Its last ${tail.length === 1 ? 'line' : `${tail.length} lines`}:`);
  return [...lines, ...tail.map((line) => `  | ${line}`)].join('\n');
}

/**
 * Loaded when a task runs: most updates run none, a preview never does, and no stack needs both
 * platforms' code.
 */
async function taskRunner({ runner, image, files, database }: Inputs): Promise<TaskRunner> {
  if (runner.kind === 'ecs') {
    const { EcsTaskRunner } = await import('../../tasks/ecsTaskRunner.ts');
    return new EcsTaskRunner({ ...runner, identity: [image, files, database] });
  }
  const { DockerTaskRunner } = await import('../../tasks/dockerTaskRunner.ts');
  return new DockerTaskRunner({ ...runner, image });
}

/** Loaded when there is something to check. */
async function dockerCompatibility(inputs: Inputs): Promise<CompatibilityCheck | undefined> {
  const { compatibility: app, runner } = inputs;
  if (!app || runner.kind !== 'docker' || !runner.compatibility) return undefined;
  const { DockerCompatibilityCheck } = await import('../compatibility/dockerCompatibilityCheck.ts');
  const { host, labels: migrationLabels } = runner;
  return new DockerCompatibilityCheck({
    host,
    image: inputs.image,
    app,
    migrationLabels,
    ...runner.compatibility,
    schema: inputs.schema,
  });
}
