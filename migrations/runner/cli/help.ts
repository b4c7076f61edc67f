import { exitCodes, type ExitReason } from '../exit.ts';

interface VerbHelp {
  /** The arguments after the verb. */
  usage: string;
  about: string;
  /** Options beyond --folder, --json and --help, which every verb takes. */
  options: Option[];
  /** A name of its own as an argument: needed, possible, or not. */
  name?: 'required' | 'optional';
  /** An option that may not be left out. */
  needs?: Option;
  /** Exit codes beyond 0 and `usage`. */
  codes: ExitReason[];
}

export type Option =
  | 'to'
  | 'step'
  | 'all'
  | 'wait'
  | 'no-wait'
  | 'force'
  | 'reason'
  | 'rows'
  | 'budget'
  | 'max-wait'
  | 'from';

const database = ['unreachable', 'authentication', 'tls'] as const;
const files = ['duplicateNumber', 'missingDown', 'badFile'] as const;
const differences = ['checksum', 'order', 'missingFile', 'rollback'] as const;
const lock = ['lockNotObtained', 'lockLost', 'pooler', 'interrupted', 'terminated'] as const;
const waiting: Option[] = ['wait', 'no-wait'];

const optionHelp: Record<Option, string> = {
  to: '--to NAME        as far as this migration, itself included',
  step: '--step N         this many',
  all: '--all            every one',
  wait: '--wait SECONDS   how long to wait for another run',
  'no-wait': '--no-wait        fail at once when another run holds the lock',
  force: '--force NAME     lets pass what is refused by this name; may be repeated',
  reason: '--reason TEXT    why; kept in the history',
  rows: '--rows N         rows for each empty table (10000), or by table: --rows 1000,messages=1000000',
  budget:
    '--budget TIME    the longest a file may take (1min), where its header gives no time_budget',
  'max-wait':
    '--max-wait TIME  the longest it may keep others waiting (its lock_timeout), where its header gives no max_wait',
  from: '--from NAME      apply up to this migration first, itself included, and try those after it',
};

/** Every verb, in the order in which `--help` lists them. */
export const verbs = {
  up: {
    usage: '[--to NAME | --step N] [--force NAME]',
    about: 'apply the pending migrations',
    options: ['to', 'step', 'force', ...waiting],
    codes: ['failedSql', 'contractTooEarly', ...differences, ...files, ...lock, ...database],
  },
  down: {
    usage: '[--to NAME | --step N | --all] [--force NAME]',
    about: 'revert the newest migration',
    options: ['to', 'step', 'all', 'force', ...waiting],
    codes: ['failedSql', 'irreversible', ...differences, ...files, ...lock, ...database],
  },
  redo: {
    usage: '[--to NAME | --step N]',
    about: 'revert the newest migration and apply it again',
    options: ['to', 'step', 'force', ...waiting],
    codes: ['failedSql', 'irreversible', ...differences, ...files, ...lock, ...database],
  },
  'revert-all': {
    usage: '[--force DATABASE]',
    about: 'revert every migration; in production the database has to be named',
    options: ['force', ...waiting],
    codes: ['failedSql', 'irreversible', ...differences, ...files, ...lock, ...database],
  },
  status: {
    usage: '',
    about: 'list the migrations and how they stand',
    options: [],
    codes: [...files, ...database],
  },
  plan: {
    usage: '',
    about: 'show what `up` would run: the SQL, and the locks it takes on what',
    options: ['force'],
    codes: ['contractTooEarly', ...differences, ...files, ...database],
  },
  trial: {
    usage: '[--rows N | --rows TABLE=N,…] [--budget TIME] [--max-wait TIME] [--from NAME]',
    about:
      'run what is pending, down and up again, on a throw-away database with generated rows; measure locks and waits',
    options: ['rows', 'budget', 'max-wait', 'from', ...waiting],
    codes: [
      'failedSql',
      'overBudget',
      'notRestored',
      ...differences,
      ...files,
      ...lock,
      ...database,
    ],
  },
  verify: {
    usage: '',
    about: 'hold the files against the database; refuse what `up` would refuse',
    options: [],
    codes: [...differences, ...files, ...database],
  },
  lint: {
    usage: '',
    about: 'look at the files alone for what is unsafe or left out',
    options: [],
    codes: ['lint'],
  },
  create: {
    usage: 'NAME',
    about: 'make the two files of a new migration, with the next number',
    options: [],
    name: 'required',
    codes: ['badFile'],
  },
  renumber: {
    usage: 'NAME',
    about: 'give a migration the next free number, where two branches took one',
    options: [],
    name: 'optional',
    codes: ['badFile'],
  },
  baseline: {
    usage: '--to NAME',
    about:
      'take the migrations as applied, without running them, in a database that has the schema',
    options: ['to', ...waiting],
    needs: 'to',
    codes: [...files, ...lock, ...database],
  },
  repair: {
    usage: 'NAME --reason TEXT',
    about: 'accept that an applied file was edited, or is gone',
    options: ['reason', ...waiting],
    name: 'required',
    needs: 'reason',
    codes: [...files, ...lock, ...database],
  },
} satisfies Record<string, VerbHelp>;

export type Verb = keyof typeof verbs;

/** Names of verbs before: they go on working for a release, with a line that says so. */
export const formerVerbs: Record<string, Verb> = { rehearse: 'trial' };

export const verbHelp = (verb: Verb): VerbHelp => verbs[verb];

const common = [
  '--folder DIR     read the SQL files from there, not from the ones this image carries',
  '--json           one JSON document on stdout; progress goes to stderr',
  '--help           this text',
];

/** The help of one verb, or of all. */
export function helpText(verb?: Verb): string {
  if (!verb) {
    const lines = Object.entries(verbs).map(
      ([name, { about }]) => `  ${name.padEnd(10)}  ${about}`,
    );
    return [
      'migrate VERB [options]',
      '',
      ...lines,
      '',
      '`migrate VERB --help` tells more.',
      '',
      codes(allReasons),
    ].join('\n');
  }
  const { usage, about, options, codes: own } = verbHelp(verb);
  const lines = [...options.map((option) => optionHelp[option]), ...common].map(
    (line) => `  ${line}`,
  );
  return [
    `migrate ${verb} ${usage}`.trimEnd(),
    '',
    `  ${about}`,
    '',
    ...lines,
    '',
    codes(['ok', 'usage', ...own]),
  ].join('\n');
}

const allReasons = Object.keys(exitCodes) as ExitReason[];

function codes(reasons: ExitReason[]): string {
  const sorted = reasons.toSorted((a, b) => exitCodes[a] - exitCodes[b]);
  return `Exit codes: ${sorted.map((reason) => `${exitCodes[reason]} ${reason}`).join(', ')}`;
}
