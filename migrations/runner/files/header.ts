import { MigrationError } from '../exit.ts';
import { commentsOnTop } from './comments.ts';
import { excerpt } from './excerpt.ts';

/**
 * How a step affects the code that runs beside it. `expand` adds things that old code ignores,
 * `migrate` moves data, `contract` removes things that only old code needs.
 */
export type Phase = 'expand' | 'migrate' | 'contract';

const phases: readonly string[] = ['expand', 'migrate', 'contract'] satisfies Phase[];

/** The content of the `-- slipway:` lines on top of a file. */
export interface Header {
  phase?: Phase;
  reversible?: boolean;
  /** The expand that a contract step completes, by its name. */
  completes?: string;
  /** Runs outside a transaction, for a statement that Postgres refuses inside one. */
  noTransaction: boolean;
  lockTimeoutMs?: number;
  statementTimeoutMs?: number;
  /** How long the file may take in a trial. */
  timeBudgetMs?: number;
  /** How long it may keep a reader or a writer waiting in a trial. */
  maxWaitMs?: number;
}

const units: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };
/** Words with a time, and where it goes. */
const times = {
  lock_timeout: 'lockTimeoutMs',
  statement_timeout: 'statementTimeoutMs',
  time_budget: 'timeBudgetMs',
  max_wait: 'maxWaitMs',
} as const;
const line = /^--[ \t]*slipway[ \t]*:(?<words>.*)$/i;
/** A line that means to be of the header, wherever it stands. */
const meant = /^[ \t]*(?:--|\/\*|\*|#)?[ \t]*slipway[ \t]*:/im;
const below = /^[ \t]*--[ \t]*slipway[ \t]*:/gim;

/**
 * Reads the header: comment lines on top that begin with `-- slipway:`, each with words such as
 * `phase=expand` (`phase: expand` will do as well). Other comments may stand between them. Anything
 * it does not know is refused, and so is a header line in another place, because a typing error
 * must not go unseen.
 *
 * @throws {MigrationError} `badFile`, with the line
 */
export function readHeader(file: string, sql: string): Header {
  const header: Header = { noTransaction: false };
  const seen = new Set<string>();
  const { comments, end } = commentsOnTop(sql);
  const refuse = (fault: string, offset: number): MigrationError =>
    new MigrationError('badFile', `${file}: ${fault}.\n${excerpt(sql, offset)}`);
  for (const { text, at } of comments) {
    if (text.startsWith('/*')) {
      const inBlock = meant.exec(text);
      if (inBlock)
        throw refuse(
          'a header is a line comment (`-- slipway: …`), not part of a block comment',
          at + inBlock.index,
        );
      continue;
    }
    const words = line.exec(text)?.groups?.['words'] ?? '';
    for (const word of words
      .trim()
      .replaceAll(/: *| *= */g, '=')
      .split(/[\s,;]+/)) {
      if (word === '') continue;
      const [key = '', value] = word.split('=', 2);
      const fault = seen.has(key) ? `${key} is given twice` : apply(header, key, value);
      seen.add(key);
      if (fault) throw refuse(`in its header, ${fault}`, at);
    }
  }
  below.lastIndex = end;
  const late = below.exec(sql);
  if (late)
    throw refuse('a header stands on top of its file, before the first statement', late.index);
  return header;
}

/** @returns what is wrong, if anything */
function apply(header: Header, key: string, value: string | undefined): string | undefined {
  switch (key) {
    case 'no-transaction':
      if (value !== undefined) return 'no-transaction takes no value';
      header.noTransaction = true;
      return undefined;
    case 'phase':
      if (!value || !phases.includes(value))
        return `phase=${value ?? ''} is none of ${phases.join(', ')}`;
      header.phase = value as Phase;
      return undefined;
    case 'reversible':
      if (value !== 'yes' && value !== 'no')
        return `reversible=${value ?? ''} is neither yes nor no`;
      header.reversible = value === 'yes';
      return undefined;
    case 'completes':
      if (!value || !/^\d{4}_[a-z0-9_]+$/.test(value))
        return `completes=${value ?? ''} is not a migration's name`;
      header.completes = value;
      return undefined;
    case 'lock_timeout':
    case 'statement_timeout':
    case 'time_budget':
    case 'max_wait': {
      const ms = duration(value);
      if (ms === undefined)
        return `${key}=${value ?? ''} is no time; write one such as 500ms, 5s or 10min`;
      header[times[key]] = ms;
      return undefined;
    }
    default:
      return `"${key}" is not known; there are phase, reversible, completes, no-transaction, lock_timeout, statement_timeout, time_budget and max_wait`;
  }
}

/** Milliseconds. 0 would mean "for ever" to Postgres, so it is refused. */
export function duration(text = ''): number | undefined {
  const match = /^(?<count>[1-9]\d{0,8})(?<unit>ms|s|min|h)$/.exec(text);
  const ms = Number(match?.groups?.['count']) * (units[match?.groups?.['unit'] ?? ''] ?? NaN);
  return ms <= 86_400_000 ? ms : undefined;
}
