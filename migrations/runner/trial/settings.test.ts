import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrationFolder } from '../../../tests/support/migrate.ts';
import { parseRows, readSettings } from './settings.ts';

function folder(settings?: unknown, file = 'trial.json'): string {
  const made = migrationFolder({});
  if (settings !== undefined) writeFileSync(join(made, file), JSON.stringify(settings));
  return made;
}

test('reads rows for every table, and by table', () => {
  expect(parseRows('1000, messages=1_000_000,users=0')).toEqual(
    new Map([
      ['*', 1000],
      ['messages', 1_000_000],
      ['users', 0],
    ]),
  );
});

test.each(['many', 'users=', 'users=-1', '=5', '1e9', '999999999999'])(
  'refuses --rows %s',
  (text) => {
    expect(() => parseRows(text)).toThrow(expect.objectContaining({ reason: 'usage' }));
  },
);

test('says something sensible where nobody says anything', () => {
  expect(readSettings(folder(), {})).toEqual({
    rows: 10_000,
    tableRows: new Map(),
    fill: new Map(),
    timeBudgetMs: 60_000,
    maxWaitMs: undefined,
  });
});

test('the command line goes over trial.json', () => {
  const made = folder({
    rows: { '*': 5, users: 7, messages: 9 },
    fill: { tags: 'INSERT' },
    timeBudget: '2s',
    maxWait: '1s',
  });
  expect(readSettings(made, {})).toMatchObject({
    rows: 5,
    timeBudgetMs: 2_000,
    maxWaitMs: 1_000,
    fill: new Map([['tags', 'INSERT']]),
  });
  expect(readSettings(made, { rows: 'users=8', budget: '5min', maxWait: '300ms' })).toMatchObject({
    rows: 5,
    tableRows: new Map([
      ['users', 8],
      ['messages', 9],
    ]),
    timeBudgetMs: 300_000,
    maxWaitMs: 300,
  });
});

test('refuses what it does not know, and names the file', () => {
  for (const wrong of [{ row: 5 }, { rows: -1 }, { timeBudget: 'soon' }, []])
    expect(() => readSettings(folder(wrong), {})).toThrow(/trial\.json: .*docs\/migrations\.md/);
  expect(() => readSettings(folder(), { budget: '10' })).toThrow(/--budget 10/);
  expect(() => readSettings(folder(), { maxWait: '0s' })).toThrow(/--max-wait 0s/);
});

test('rehearsal.json, its name before, goes on being read, and is told to be called trial.json', () => {
  const said: string[] = [];
  const made = folder({ rows: 5 }, 'rehearsal.json');
  expect(readSettings(made, {}, (line) => said.push(line))).toMatchObject({ rows: 5 });
  expect(said).toEqual([expect.stringMatching(/rehearsal\.json is called trial\.json now/)]);
  writeFileSync(join(made, 'trial.json'), '{}');
  expect(() => readSettings(made, {})).toThrow(/holds trial\.json and rehearsal\.json/);
});
