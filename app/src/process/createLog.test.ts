import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { redactedPaths } from './log.ts';

/** What a process prints that logs these fields with the log of every role. */
function printed(fields: string): string {
  const script = `import { createLog } from ${JSON.stringify(import.meta.resolve('./log.ts'))};
    createLog('info', 'r1').info(${fields}, 'here');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(JSON.parse(stdout)).toMatchObject({ msg: 'here', level: 'info', release: 'r1' });
  return stdout;
}

test("every role's log shows no field that is to be redacted", () => {
  const fields: Record<string, unknown> = {};
  for (const path of redactedPaths) {
    const keys = path.replace('*', 'any').split('.');
    let at = fields;
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    at[keys.at(-1)!] = 'hunter2';
  }
  const line = printed(JSON.stringify(fields));
  expect(line.split('[redacted]')).toHaveLength(redactedPaths.length + 1);
  expect(line).not.toContain('hunter2');
});

test("an error is logged without the rows and queries that Postgres's errors repeat", () => {
  const line = printed(
    `{ err: Object.assign(new Error('a duplicate key'), { code: '23505', detail: 'Key (email)=(hunter2)', query: 'hunter2',
         cause: Object.assign(new Error('inner'), { detail: 'hunter2' }) }) }`,
  );
  expect(line).toContain('23505');
  expect(line).toContain('inner');
  expect(line).not.toContain('hunter2');
});
