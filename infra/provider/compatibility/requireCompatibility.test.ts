import { describe, expect, it } from 'vitest';
import type { CompatibilityCheck, CompatibilityResult } from './compatibilityCheck.ts';
import { MigrationHandler } from '../migrations/migrationHandler.ts';
import { EngineLog } from '../protocol/engineLog.ts';
import { requireCompatibility } from './requireCompatibility.ts';
import { TaskError, type TaskRunner } from '../../tasks/taskRunner.ts';

const deployed = `sha256:${'a'.repeat(64)}`;
const checkThat = (result: CompatibilityResult | Error): CompatibilityCheck => ({
  run: () => (result instanceof Error ? Promise.reject(result) : Promise.resolve(result)),
});

/** The lines that are shown, and the error that refuses the release. */
async function checked(result: CompatibilityResult | Error, signal = new AbortController().signal) {
  const lines: string[] = [];
  const refusal = await requireCompatibility(checkThat(result), {
    pending: ['0005_subject'],
    stack: 'dev',
    migrate: ['migrate', 'up'],
    migrateTimeoutMs: 1000,
    signal,
    onLine: (line, severity) => Promise.resolve(void lines.push(`${severity}: ${line}`)),
  }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { lines, refusal };
}

describe('the compatibility check before the migrations', () => {
  it('lets a release pass whose schema the deployed version works on, and says so', async () => {
    const { lines, refusal } = await checked({
      outcome: 'passed',
      deployed: [deployed],
      checks: 31,
    });
    expect(refusal).toBeUndefined();
    expect(lines.join()).toMatch(
      /^info: the deployed version sha256:aaaaaaaaaaaa works on the new schema.* 31 checks/,
    );
  });

  it('lets one pass that cannot be checked, with a warning', async () => {
    const { lines, refusal } = await checked({
      outcome: 'unchecked',
      reason: 'no role',
      severity: 'warning',
    });
    expect(refusal).toBeUndefined();
    expect(lines).toEqual([
      'warning: the deployed version was not checked on the new schema: no role',
    ]);
  });

  it('refuses one that the deployed version fails on: which checks, why, what is pending, what to do', async () => {
    const failures = Array.from({ length: 7 }, (_, i) => ({
      name: `check ${i}`,
      expected: '201',
      got: '500',
    }));
    const logged = ['column "title" does not exist'];
    const { refusal } = await checked({
      outcome: 'failed',
      deployed,
      failures,
      checks: 31,
      skipped: 2,
      logged,
    });
    expect(refusal).toContain(
      'sha256:aaaaaaaaaaaa, does not work on the schema of this release: 7 of its 31 checks',
    );
    expect(refusal).toContain('2 more could not run');
    expect(refusal).toContain('- check 0: expected 201; got 500');
    expect(refusal).toContain('- and 2 more');
    expect(refusal).toContain('| column "title" does not exist');
    expect(refusal).toContain('Pending: 0005_subject');
    expect(refusal).toContain('goes on serving');
    expect(refusal).toContain('pulumi config set --stack dev compatibilityCheck false');
  });

  it('refuses one whose migrations fail on the copy, in the words of the migration task', async () => {
    const { refusal } = await checked({
      outcome: 'migrationFailed',
      reason: 'exit code 1',
      tail: ['division by zero'],
    });
    expect(refusal).toMatch(
      /^The migrations task failed: exit code 1, on a throw-away copy of the schema/,
    );
    expect(refusal).toContain('| division by zero');
  });

  it('refuses one that could not be checked for a fault, with the way around', async () => {
    const { refusal } = await checked(
      new TaskError('a throw-away Postgres did not become ready', ['no space left']),
    );
    expect(refusal).toContain('did not become ready');
    expect(refusal).toContain('| no space left');
    expect(refusal).toContain('compatibilityCheck false');
  });

  it('offers no way around to whoever cancelled', async () => {
    const { refusal } = await checked(new TaskError('cancelled'), AbortSignal.abort());
    expect(refusal).toContain('cancelled');
    expect(refusal).not.toContain('compatibilityCheck');
  });
});

describe('a migration run', () => {
  const urn = 'urn:pulumi:dev::slipway::slipway:index:MigrationRun::migrations';
  const users = { name: '0001_users', checksum: 'a' };
  const models = { name: '0002_models', checksum: 'b' };
  const inputs = {
    image: 'sha256:1',
    files: [users],
    database: { id: 'data-1', endpoint: 'postgres:5432', generation: '17' },
    command: ['migrate', 'up'],
    seedCommand: [],
    timeoutSeconds: 1,
    compatibility: {},
    runner: { kind: 'docker' },
  };

  /** The steps that ran, in order. */
  async function ran(
    olds: object | undefined,
    news: object,
    result: CompatibilityResult,
  ): Promise<string[]> {
    const order: string[] = [];
    const runner: TaskRunner = {
      run: ({ command }) => {
        order.push(command.join(' '));
        return Promise.resolve({ exitCode: 0, tail: [], adopted: false });
      },
    };
    const check: CompatibilityCheck = { run: () => (order.push('check'), Promise.resolve(result)) };
    const handler = new MigrationHandler(
      new EngineLog(''),
      () => Promise.resolve(runner),
      () => Promise.resolve(check),
    );
    const { signal } = new AbortController();
    await (
      olds ? handler.update(urn, olds, news, signal) : handler.create(urn, news, signal)
    ).catch(() => {
      order.push('refused');
    });
    return order;
  }
  const passed: CompatibilityResult = { outcome: 'passed', deployed: [deployed], checks: 1 };
  const failed: CompatibilityResult = {
    outcome: 'failed',
    deployed,
    failures: [],
    checks: 1,
    skipped: 0,
    logged: [],
  };

  it('is checked before the migrations run', async () => {
    expect(await ran(inputs, { ...inputs, files: [users, models] }, passed)).toEqual([
      'check',
      'migrate up',
    ]);
  });

  it('runs no migration when the check fails', async () => {
    expect(await ran(inputs, { ...inputs, files: [users, models] }, failed)).toEqual([
      'check',
      'refused',
    ]);
  });

  it('is not checked when no migration is pending', async () => {
    expect(await ran(inputs, { ...inputs, image: 'sha256:2' }, failed)).toEqual(['migrate up']);
  });

  it('is checked when the state knows of none, for something may be deployed all the same', async () => {
    expect(await ran(undefined, inputs, passed)).toEqual(['check', 'migrate up']);
  });

  it('is not checked where the configuration says so', async () => {
    const without = { ...inputs, compatibility: undefined };
    expect(await ran(without, { ...without, files: [users, models] }, failed)).toEqual([
      'migrate up',
    ]);
  });

  it('checks nothing in a preview', async () => {
    const fail = () => Promise.reject(new Error('it was asked'));
    const handler = new MigrationHandler(new EngineLog(''), fail, fail);
    const news = { ...inputs, files: [users, models] };
    expect((await handler.check(urn, inputs, news)).failures).toEqual([]);
    expect(await handler.diff(urn, inputs, news)).toMatchObject({ changes: true });
  });
});
