import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryExec } from './lib/exec.ts';
import { node, root } from './lib/paths.ts';

const cli = (verb: string, env: Record<string, string> = {}) =>
  tryExec(node, [join(root, 'toolchain/cli.ts'), verb], {
    env: { ...process.env, STACK: 'dev', ARGS: '', ...env },
  });

// Each starts a process, which takes seconds on a busy machine.
describe('a verb that has another name now', { timeout: 60_000 }, () => {
  it('goes on working by its old one, and says so in one line', async () => {
    const [old, now] = await Promise.all(
      ['migration-rehearse', 'migration-trial'].map((verb) => cli(verb, { ARGS: '--help' })),
    );
    if (!old || !now) throw new Error('not run');
    expect(old.code, old.stderr).toBe(0);
    expect(old.stdout).toBe(now.stdout);
    expect(old.stderr).toBe(
      `\`make migration-rehearse\` is now \`make migration-trial\`; the old name goes with the next release.\n${now.stderr}`,
    );
  });

  it('is listed by the new one alone', async () => {
    const { stdout } = await cli('help');
    expect(stdout).toContain('make migration-trial ');
    expect(stdout).not.toContain('migration-rehearse');
  });
});

describe('make', () => {
  it.each(['ARGS', 'NAME'])('hands %s over as it was typed, dollar signs too', async (variable) => {
    const text = `repair --reason='$(id) $HOME $1'`;
    const { stdout } = await tryExec('make', [
      '--no-print-directory',
      '-C',
      root,
      `--eval=show: ; @printenv ${variable}`,
      'show',
      `${variable}=${text}`,
    ]);
    expect(stdout.trim()).toBe(text);
  });
});
