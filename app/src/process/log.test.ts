import { pino } from 'pino';
import { expect, test } from 'vitest';
import { redactedPaths } from './log.ts';

test('secrets are taken out of log lines, wherever they lie', () => {
  const lines: string[] = [];
  const log = pino({ redact: redactedPaths }, { write: (line: string) => void lines.push(line) });
  log.info({ password: 'hunter2', body: { password: 'hunter2', refreshToken: 'hunter2' } });
  log.info({ req: { headers: { authorization: 'Bearer hunter2', cookie: 'hunter2' } } });
  expect(lines.join('')).not.toContain('hunter2');
});
