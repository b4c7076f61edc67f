import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readMigrations } from '../../../migrations/runner/files/files.ts';
import { EngineLog } from '../protocol/engineLog.ts';
import { MigrationHandler } from './migrationHandler.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-preview-'));
  write('0001_users', 'expand', 'CREATE TABLE users (id bigint PRIMARY KEY, name text);');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, phase: string, sql: string): void {
  writeFileSync(
    join(folder, `${name}.up.sql`),
    `-- slipway: phase=${phase} reversible=yes\n${sql}\n`,
  );
  writeFileSync(join(folder, `${name}.down.sql`), 'SELECT 1;\n');
}

const files = () =>
  readMigrations(folder).map(({ name, checksum, phase, reversible }) => ({
    name,
    checksum,
    phase,
    reversible,
  }));
const inputs = (over: object = {}) => ({
  image: 'sha256:1',
  files: files(),
  force: [] as string[],
  lint: 'error',
  database: { id: 'data-1', endpoint: 'postgres:5432', generation: '17' },
  ...over,
});

/** A preview as it is shown: its lines, warnings marked, and the reasons for which it fails. */
async function preview(olds: object | undefined, news: object) {
  const log = new EngineLog('');
  const lines: string[] = [];
  vi.spyOn(log, 'line').mockImplementation((_urn, line, severity = 'info') => {
    lines.push(severity === 'info' ? line : `${severity}: ${line}`);
    return Promise.resolve();
  });
  const noTask = () => Promise.reject(new Error('a preview runs no task'));
  const handler = new MigrationHandler(log, noTask, undefined, folder);
  const result = await handler.check('urn', olds, news);
  const reasons = (result.failures ?? []).map(({ reason }) => reason);
  return { shown: lines.join('\n'), checked: result.inputs as object, reasons };
}

describe('a preview with pending files', () => {
  it('shows each with its phase, its checksum and the locks it takes on what is in use', async () => {
    const before = inputs();
    write('0002_add_note', 'expand', 'ALTER TABLE users ADD COLUMN note text;');
    const { shown, reasons } = await preview(before, inputs());
    const { checksum } = files()[1]!;
    expect(shown).toContain('1 migration to apply: 0002_add_note');
    expect(shown).toContain(`0002_add_note  expand  sha256:${checksum.slice(0, 12)}`);
    expect(shown).toContain('line 2 takes AccessExclusive on users: keeps out readers and writers');
    expect(reasons).toEqual([]);
  });

  it('fails on what the lint calls an error, by file and line, and names no other file', async () => {
    const before = inputs();
    write('0002_add_note', 'expand', 'ALTER TABLE users ADD COLUMN note text;');
    write('0003_drop_name', 'expand', 'SELECT 1;\nALTER TABLE users DROP COLUMN name;');
    const { reasons } = await preview(before, inputs());
    expect(reasons.join('\n')).toContain(
      '0003_drop_name.up.sql:3: error: this takes something away from running code',
    );
    expect(reasons.join('\n')).not.toContain('0002_add_note');
  });

  it('shows errors as warnings, or none, where the stack says so', async () => {
    const before = inputs();
    write('0002_drop_name', 'expand', 'ALTER TABLE users DROP COLUMN name;');
    const lenient = await preview(before, inputs({ lint: 'warning' }));
    expect(lenient.reasons).toEqual([]);
    expect(lenient.shown).toContain(
      'warning: 0002_drop_name.up.sql:2: error: this takes something away',
    );
    const off = await preview(before, inputs({ lint: 'off' }));
    expect(off.reasons).toEqual([]);
    expect(off.shown).not.toContain('takes something away');
  });

  it('looks at pending files alone: what is applied was judged in its time', async () => {
    write('0002_drop_name', 'expand', 'ALTER TABLE users DROP COLUMN name;');
    expect((await preview(inputs(), inputs({ image: 'sha256:2' }))).reasons).toEqual([]);
  });

  it('shows all files, linted again, when the database is another one', async () => {
    const database = { id: 'data-1', endpoint: 'postgres:5432', generation: 'restored' };
    const { shown } = await preview(inputs(), inputs({ database }));
    expect(shown).toContain('another database than before');
    expect(shown).toContain('0001_users  expand  sha256:');
  });

  it('refuses a contract step beside its expand, unless it is forced by name', async () => {
    const before = inputs();
    write('0002_add_note', 'expand', 'ALTER TABLE users ADD COLUMN note text;');
    write('0003_drop_name', 'contract', 'ALTER TABLE users DROP COLUMN name;');
    const { reasons } = await preview(before, inputs());
    expect(reasons.join('\n')).toContain(
      '0003_drop_name takes away what the code before this release may still use',
    );
    expect(reasons.join('\n')).toContain('slipway:forceMigrations');
    expect((await preview(before, inputs({ force: ['0003_drop_name'] }))).reasons).toEqual([]);
  });

  it('says so of a promoted image whose files this checkout does not have', async () => {
    const before = inputs();
    const elsewhere = {
      name: '0002_elsewhere',
      checksum: 'f'.repeat(64),
      phase: 'migrate',
      reversible: false,
    };
    const { shown } = await preview(before, inputs({ files: [...files(), elsewhere] }));
    expect(shown).toContain(
      '0002_elsewhere  migrate, irreversible  sha256:ffffffffffff  (its SQL is not in this checkout',
    );
  });
});

describe('a preview against what the state knows', () => {
  it('fails on an edited file, and says what to do where the database was changed by hand', async () => {
    const before = inputs();
    write('0001_users', 'expand', 'CREATE TABLE users (id bigint PRIMARY KEY);');
    const { reasons } = await preview(before, inputs());
    expect(reasons.join('\n')).toContain('Edited after being applied: 0001_users');
    expect(reasons.join('\n')).toContain('slipway:forceMigrations');
    expect((await preview(before, inputs({ force: ['0001_users'] }))).reasons).toEqual([]);
  });

  it('warns of a file that the state knows and the folder does not: it may have been reverted by hand', async () => {
    write('0002_mine', 'expand', 'CREATE TABLE mine (id bigint);');
    const before = inputs();
    for (const direction of ['up', 'down']) {
      renameSync(
        join(folder, `0002_mine.${direction}.sql`),
        join(folder, `0003_mine.${direction}.sql`),
      );
    }
    write('0002_theirs', 'expand', 'CREATE TABLE theirs (id bigint);');
    const { shown, reasons } = await preview(before, inputs());
    expect(reasons).toEqual([]);
    expect(shown).toContain('2 migrations to apply: 0002_theirs, 0003_mine');
    expect(shown).toMatch(/warning: .*not among the files: 0002_mine.*will go by the database/);
  });

  it('keeps in mind what an older image leaves applied', async () => {
    const older = inputs();
    write('0002_add_note', 'expand', 'ALTER TABLE users ADD COLUMN note text;');
    const { shown, checked } = await preview(inputs(), older);
    expect(shown).toContain(
      'this image does not carry 0002_add_note (expand, reversible): they stay applied',
    );
    expect(checked).toMatchObject({ ahead: [{ name: '0002_add_note' }] });
    const again = await preview(checked, inputs());
    expect(again.shown).toContain('no migration to apply');
  });

  it('says nothing where nothing is to be done', async () => {
    expect(await preview(inputs(), inputs())).toMatchObject({ shown: '', reasons: [] });
  });

  it('waits with its judgement while the files are not known', async () => {
    const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
    expect(await preview(inputs(), inputs({ files: unknown }))).toMatchObject({
      shown: '',
      reasons: [],
    });
  });
});

it('shows what a migration warns of as a warning of the update', async () => {
  const log = new EngineLog('');
  const lines: [string, string | undefined][] = [];
  vi.spyOn(log, 'line').mockImplementation((_urn, line, severity) => {
    lines.push([line, severity]);
    return Promise.resolve();
  });
  const said = ['0001_users: NOTICE: 3 rows', '0001_users: WARNING: two have no name', '1 applied'];
  const task = {
    run: ({ onLine }: { onLine: (line: string) => void }) => {
      said.forEach(onLine);
      return Promise.resolve({ exitCode: 0, tail: [], adopted: false });
    },
  };
  const handler = new MigrationHandler(log, () => Promise.resolve(task), undefined, folder);
  const news = { ...inputs(), command: ['migrate', 'up'], seedCommand: [], timeoutSeconds: 60 };
  await handler.create('urn', news, new AbortController().signal);
  expect(lines).toEqual([
    [said[0], 'info'],
    [said[1], 'warning'],
    [said[2], 'info'],
  ]);
});
