import { parseArgs } from 'node:util';
import { MigrationError } from '../exit.ts';
import { formerVerbs, helpText, verbHelp, verbs, type Option, type Verb } from './help.ts';
import type { TrialArguments } from '../trial/settings.ts';
import type { Extent } from '../run/runner.ts';

export interface Arguments {
  /** `undefined`: help on everything was asked for. */
  verb: Verb | undefined;
  /** The name that was given, where the verb has another one now. */
  formerVerb: string | undefined;
  help: boolean;
  json: boolean;
  folder: string | undefined;
  name: string | undefined;
  extent: Extent | undefined;
  /** The name after --to; never empty for `baseline`. */
  to: string;
  all: boolean;
  /** How long to wait for the lock, when the command line says so. */
  lockWaitMs: number | undefined;
  forced: string[];
  /** Never empty for `repair`. */
  reason: string;
  trial: TrialArguments;
  /** The last migration that a trial takes as it is. */
  from: string | undefined;
}

const options = {
  to: { type: 'string' },
  step: { type: 'string' },
  all: { type: 'boolean' },
  wait: { type: 'string' },
  'no-wait': { type: 'boolean' },
  force: { type: 'string', multiple: true },
  reason: { type: 'string' },
  rows: { type: 'string' },
  budget: { type: 'string' },
  'max-wait': { type: 'string' },
  from: { type: 'string' },
  json: { type: 'boolean', default: false },
  folder: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Reads what follows `migrate`.
 *
 * @throws {MigrationError} `usage`, with the verb's help
 */
export function parseArguments(args: string[]): Arguments {
  const { values, positionals } = parse(args);
  const [word, name, extra] = positionals;
  if (word === 'help' || (word === undefined && values.help))
    return { ...empty, verb: undefined, help: true };
  if (word === undefined) throw usage('A verb is missing.');
  const former = Object.hasOwn(formerVerbs, word) ? formerVerbs[word] : undefined;
  if (!former && !Object.hasOwn(verbs, word)) throw usage(`There is no verb "${word}".`);
  const verb = former ?? (word as Verb);
  const about = verbHelp(verb);
  const unfit = Object.keys(values).find(
    (key) => !['json', 'folder', 'help'].includes(key) && !about.options.includes(key as Option),
  );
  if (unfit) throw usage(`\`${verb}\` does not take --${unfit}.`, verb);
  const help = values.help;
  const surplus = about.name ? extra : name;
  if (surplus !== undefined) throw usage(`Unexpected argument "${surplus}".`, verb);
  if (!help && about.name === 'required' && name === undefined)
    throw usage('A name is missing.', verb);
  if (!help && about.needs && !values[about.needs])
    throw usage(`--${about.needs} is missing.`, verb);
  return {
    verb,
    formerVerb: former && word,
    help,
    json: values.json,
    folder: values.folder,
    name,
    extent: extentOf(values, verb),
    to: values.to ?? '',
    all: values.all ?? false,
    lockWaitMs: lockWait(values, verb),
    forced: values.force ?? [],
    reason: values.reason ?? '',
    trial: {
      ...(values.rows !== undefined && { rows: values.rows }),
      ...(values.budget !== undefined && { budget: values.budget }),
      ...(values['max-wait'] !== undefined && { maxWait: values['max-wait'] }),
    },
    from: values.from,
  };
}

const empty: Omit<Arguments, 'verb' | 'help'> = {
  formerVerb: undefined,
  json: false,
  folder: undefined,
  name: undefined,
  extent: undefined,
  to: '',
  all: false,
  lockWaitMs: undefined,
  forced: [],
  reason: '',
  trial: {},
  from: undefined,
};

function parse(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new MigrationError('usage', `${(error as Error).message}\n\n${helpText()}`, {
      cause: error,
    });
  }
}

function extentOf(
  values: { to?: string; step?: string; all?: boolean },
  verb: Verb,
): Extent | undefined {
  if ([values.to, values.step, values.all].filter((value) => value !== undefined).length > 1) {
    throw usage('Give one of --to, --step and --all.', verb);
  }
  if (values.to !== undefined) return { to: values.to };
  if (values.step === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(values.step))
    throw usage(`--step ${values.step}: a whole number from 1 is needed.`, verb);
  return { step: Number(values.step) };
}

function lockWait(values: { wait?: string; 'no-wait'?: boolean }, verb: Verb): number | undefined {
  if (values['no-wait']) {
    if (values.wait !== undefined) throw usage('Give --wait or --no-wait, not both.', verb);
    return 0;
  }
  if (values.wait === undefined) return undefined;
  if (!/^\d{1,6}$/.test(values.wait))
    throw usage(`--wait ${values.wait}: a whole number of seconds is needed.`, verb);
  return Number(values.wait) * 1000;
}

function usage(message: string, verb?: Verb): MigrationError {
  return new MigrationError('usage', `${message}\n\n${helpText(verb)}`);
}
