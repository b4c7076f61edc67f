import { MigrationError } from '../exit.ts';
import { excerpt, splitStatements } from './statements.ts';

/** The one statement of a `no-transaction` file. */
export interface BareStatement {
  sql: string;
  /**
   * The index that it makes or drops concurrently: by it an attempt that broke off is recognised.
   */
  index?: { action: 'create' | 'drop'; name: string };
}

const identifier = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
const qualified = `${identifier}(?:\\s*\\.\\s*${identifier})?`;
// Made when a file needs them: with all of Unicode's letters in them that takes a while.
const createIndex = () =>
  new RegExp(
    `^create\\s+(?:unique\\s+)?index\\s+concurrently\\b(?:\\s+(?:if\\s+not\\s+exists\\s+)?(?!on\\s)(?<name>${identifier})\\s+on\\s+(?:only\\s+)?(?<table>${qualified}))?`,
    'iu',
  );
const dropIndex = () =>
  new RegExp(`^drop\\s+index\\s+concurrently\\s+(?:if\\s+exists\\s+)?(?<name>${qualified})`, 'iu');

/**
 * Reads a `no-transaction` file. It may hold one statement only: of two, the first could stay
 * behind alone.
 *
 * @throws {MigrationError} `badFile`
 */
export function bareStatement(file: string, sql: string): BareStatement {
  const [first, second] = splitStatements(sql);
  if (second) {
    throw new MigrationError(
      'badFile',
      `${file}: with no-transaction a file holds one statement only, because nothing would roll back the others. ` +
        `Move this one to a migration of its own.\n${excerpt(sql, second.start)}`,
    );
  }
  const text = sql.slice(first?.start, first?.end);
  // A comment between the words would hide them.
  const plain = text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const create = createIndex().exec(plain);
  if (create) {
    const { name, table } = create.groups ?? {};
    if (!name) {
      throw new MigrationError(
        'badFile',
        `${file}: give the index a name, so that an unfinished one can be found and dropped.\n${excerpt(sql, first?.start ?? 0)}`,
      );
    }
    // An index lives in the schema of its table.
    const schema = table?.match(new RegExp(`^(${identifier})\\s*\\.`, 'u'))?.[1];
    return { sql: text, index: { action: 'create', name: schema ? `${schema}.${name}` : name } };
  }
  const drop = dropIndex().exec(plain)?.groups?.['name'];
  return drop ? { sql: text, index: { action: 'drop', name: drop } } : { sql: text };
}
