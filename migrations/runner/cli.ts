import { parseArgs } from 'node:util';
import { exitCodes, MigrationError } from './exit.ts';
import { migrateDown, migrateUp, migrationStatus, type Extent, type RunnerOptions } from './runner.ts';

const help = `migrate <up|down|status>

  up      apply the pending migrations         [--to NAME | --step N]
  down    revert the newest migration          [--to NAME | --step N | --all]
  status  list the migrations and how they stand   [--json]

  --folder DIR  reads the SQL files from there instead of the ones this image carries

Exit codes: ${Object.entries(exitCodes)
  .map(([reason, code]) => `${code} ${reason}`)
  .join(', ')}`;

/**
 * The command line of the runner.
 *
 * @param args what follows `migrate`, such as `['up', '--to', '0002_models']`
 * @returns the process' exit code; nothing is thrown
 */
export async function migrateCommand(args: string[], settings: Omit<RunnerOptions, 'say' | 'signal'>): Promise<number> {
  const stop = new AbortController();
  for (const [signal, reason] of [
    ['SIGTERM', 'terminated'],
    ['SIGINT', 'interrupted'],
  ] as const) {
    process.on(signal, () => {
      // The second signal means now. The server rolls back when the connection breaks.
      if (stop.signal.aborted) process.exit(exitCodes[reason]);
      stop.abort(new MigrationError(reason, `cancelled by ${signal}, nothing half-applied`));
    });
  }
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    return await run(args, { ...settings, say, signal: stop.signal });
  } catch (error) {
    const fault = error instanceof MigrationError ? error : undefined;
    process.stderr.write(`migrate: ${fault?.message ?? (error instanceof Error ? error.stack : String(error))}\n`);
    return fault?.exitCode ?? exitCodes.failedSql;
  }
}

async function run(args: string[], given: RunnerOptions): Promise<number> {
  const { verb, values } = parse(args);
  const options = { ...given, folder: values.folder ?? given.folder };
  if (values.help || verb === 'help') {
    options.say(help);
    return exitCodes.ok;
  }
  switch (verb) {
    case 'up': {
      const count = await migrateUp(options, extentOf(values));
      if (count > 0) options.say(`${count} applied`);
      return exitCodes.ok;
    }
    case 'down': {
      const count = await migrateDown(options, values.all ? { step: Number.MAX_SAFE_INTEGER } : extentOf(values));
      if (count > 0) options.say(`${count} reverted`);
      return exitCodes.ok;
    }
    case 'status':
      printStatus(await migrationStatus(options), options.say, values.json);
      return exitCodes.ok;
    default:
      throw new MigrationError('usage', `${verb ? `unknown verb "${verb}"` : 'a verb is missing'}.\n\n${help}`);
  }
}

function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        to: { type: 'string' },
        step: { type: 'string' },
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        folder: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (positionals.length > 1) throw new Error(`unexpected argument "${positionals[1]}"`);
    return { verb: positionals[0], values };
  } catch (error) {
    throw new MigrationError('usage', `${(error as Error).message}\n\n${help}`, { cause: error });
  }
}

function extentOf(values: { to?: string; step?: string }): Extent {
  if (values.to !== undefined && values.step !== undefined) {
    throw new MigrationError('usage', 'Give --to or --step, not both.');
  }
  if (values.to !== undefined) return { to: values.to };
  if (values.step === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(values.step)) {
    throw new MigrationError('usage', `--step ${values.step}: a whole number from 1 is needed.`);
  }
  return { step: Number(values.step) };
}

function printStatus(
  states: Awaited<ReturnType<typeof migrationStatus>>,
  say: (line: string) => void,
  json: boolean,
): void {
  if (json) return say(JSON.stringify(states));
  if (states.length === 0) return say('no migrations');
  const width = Math.max(...states.map(({ name }) => name.length));
  for (const { name, state, applied } of states) {
    const when = applied
      ? `${applied.appliedAt.toISOString()}  ${applied.durationMs} ms  release ${applied.release}`
      : '';
    say(`${name.padEnd(width)}  ${state.padEnd(8)}  ${when}`.trimEnd());
  }
  const pending = states.filter(({ state }) => state === 'pending').length;
  say(`${states.length - pending} applied, ${pending} pending`);
}
