/** Postgres' table locks, from the weakest to the strongest, and what each keeps others from. */
export const lockModes = {
  AccessShare: 'nobody but DROP, TRUNCATE and most of ALTER TABLE',
  RowShare: 'no reader or writer',
  RowExclusive: 'no reader or writer (of other rows)',
  ShareUpdateExclusive: 'schema changes and VACUUM',
  Share: 'writers',
  ShareRowExclusive: 'writers',
  Exclusive: 'writers and SELECT … FOR UPDATE',
  AccessExclusive: 'readers and writers',
} as const;

export type LockMode = keyof typeof lockModes;

export interface TableLock {
  mode: LockMode;
  /**
   * The table (or index) as it is written in the statement, without quotes where they are not
   * needed.
   */
  on: string;
}

const id = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
const name = `(${id}(?:\\s*\\.\\s*${id})?)`;

/** A statement's beginning (`@` stands for a table's name), and the lock it takes on that table. */
const rules: [pattern: string, mode: LockMode | undefined][] = [
  ['create (?:unlogged |temp |temporary )?table (?:if not exists )?@', 'AccessExclusive'],
  ['create (?:unique )?index concurrently .*?\\bon (?:only )?@', 'ShareUpdateExclusive'],
  ['create (?:unique )?index .*?\\bon (?:only )?@', 'Share'],
  ['create (?:or replace )?(?:constraint )?trigger .*? on @', 'ShareRowExclusive'],
  ['create policy .*? on @', 'AccessExclusive'],
  ['create (?:or replace )?rule .*? to @', 'AccessExclusive'],
  ['create statistics .*? from @', 'ShareUpdateExclusive'],
  ['drop (?:trigger|policy|rule) (?:if exists )?\\S+ on @', 'AccessExclusive'],
  ['drop index concurrently (?:if exists )?@', 'ShareUpdateExclusive'],
  ['drop (?:table|index|view|materialized view|sequence) (?:if exists )?@', 'AccessExclusive'],
  ['truncate (?:table )?(?:only )?@', 'AccessExclusive'],
  ['vacuum (?:full|\\([^)]*full[^)]*\\)) ?(?:verbose |analyze )*@', 'AccessExclusive'],
  ['(?:vacuum|analyze) (?:\\([^)]*\\) ?)?(?:verbose |analyze )*@', 'ShareUpdateExclusive'],
  ['cluster (?:verbose )?@', 'AccessExclusive'],
  ['refresh materialized view concurrently @', 'Exclusive'],
  ['refresh materialized view @', 'AccessExclusive'],
  ['reindex (?:\\([^)]*\\) ?)?(?:table|index) concurrently @', 'ShareUpdateExclusive'],
  ['reindex (?:\\([^)]*\\) ?)?table @', 'Share'],
  ['reindex (?:\\([^)]*\\) ?)?index @', 'AccessExclusive'],
  ['comment on (?:table|view|materialized view) @', 'ShareUpdateExclusive'],
  ['comment on column @\\.', 'ShareUpdateExclusive'],
  ['insert into @', 'RowExclusive'],
  ['update (?:only )?@', 'RowExclusive'],
  ['delete from (?:only )?@', 'RowExclusive'],
  ['merge into (?:only )?@', 'RowExclusive'],
  ['copy @ (?:\\([^)]*\\) )?from', 'RowExclusive'],
  ['select .*? for (?:no key )?(?:update|share|key share)\\b', undefined],
  [
    'create (?:or replace )?(?:function|procedure|view|type|domain|schema|extension|sequence|aggregate|cast|operator)',
    undefined,
  ],
  ['drop (?:function|procedure|type|domain|schema|extension|aggregate)', undefined],
  [
    '(?:alter|comment on) (?:function|procedure|type|domain|schema|extension|sequence|index|constraint|default)',
    undefined,
  ],
  ['(?:set|reset|grant|revoke|savepoint|release|rollback to|select|values|with)\\b', undefined],
];
const compiled = rules.map(([pattern, mode]) => ({
  pattern: new RegExp(
    `^${pattern.replaceAll(' ', '\\s+').replaceAll('\\s+?', '\\s*').replace('@', name)}`,
    'isu',
  ),
  mode,
}));

const alterTable = new RegExp(
  `^alter\\s+table\\s+(?:if\\s+exists\\s+)?(?:only\\s+)?${name}\\s*\\*?\\s*(?<rest>[\\s\\S]*)$`,
  'iu',
);
const references = new RegExp(`\\breferences\\s+${name}`, 'giu');
const reads = new RegExp(`\\b(?:from|join)\\s+(?:only\\s+)?${name}(?!\\s*\\()`, 'giu');
const explicit = new RegExp(
  `^lock\\s+(?:table\\s+)?(?:only\\s+)?${name}(?:\\s+in\\s+(?<mode>[a-z ]+?)\\s+mode)?(?:\\s+nowait)?$`,
  'iu',
);

/**
 * What an ALTER TABLE needs less than the strongest lock for. All of its actions share the
 * strongest lock of any.
 */
const mildActions: [RegExp, LockMode][] = [
  [/^validate\s+constraint\b/i, 'ShareUpdateExclusive'],
  [/^alter\s+(?:column\s+)?\S+\s+set\s+statistics\b/i, 'ShareUpdateExclusive'],
  [/^alter\s+(?:column\s+)?\S+\s+(?:re)?set\s*\(/i, 'ShareUpdateExclusive'],
  [
    /^(?:re)?set\s*\(\s*(?:fillfactor|autovacuum_|toast\.|parallel_workers|n_distinct)/i,
    'ShareUpdateExclusive',
  ],
  [/^(?:cluster\s+on|set\s+without\s+cluster)\b/i, 'ShareUpdateExclusive'],
  [/^attach\s+partition\b/i, 'ShareUpdateExclusive'],
  [/^detach\s+partition\s+\S+\s+(?:concurrently|finalize)\b/i, 'ShareUpdateExclusive'],
  [/^add\s+(?:constraint\s+\S+\s+)?foreign\s+key\b/i, 'ShareRowExclusive'],
  [/^(?:enable|disable)\s+(?:(?:replica|always)\s+)?trigger\b/i, 'ShareRowExclusive'],
];

/** From the weakest to the strongest. */
export const lockOrder = Object.keys(lockModes) as LockMode[];
const strongest = (modes: LockMode[]): LockMode =>
  modes.reduce((a, b) => (lockOrder.indexOf(b) > lockOrder.indexOf(a) ? b : a));

/**
 * The table locks that a statement takes, read from its text: nothing is run. A statement that may
 * do anything (DO, CALL, a function called in a SELECT) cannot be read so.
 *
 * @returns the locks, or `undefined` where the text does not tell
 */
export function locksOf(statement: string): TableLock[] | undefined {
  const sql = plain(statement);
  const locks = new Map<string, LockMode>();
  const add = (mode: LockMode, on: string): void => {
    const table = on.replaceAll(/\s*\.\s*/g, '.').replaceAll(/"([a-z_][a-z0-9_$]*)"/g, '$1');
    const known = locks.get(table);
    locks.set(table, known ? strongest([known, mode]) : mode);
  };
  const alter = alterTable.exec(sql);
  const lock = explicit.exec(sql);
  if (alter) {
    add(alterMode(alter.groups?.['rest'] ?? ''), alter[1] ?? '');
  } else if (lock) {
    const mode = (lock.groups?.['mode'] ?? 'access exclusive').replaceAll(
      /(?:^|\s+)([a-z])/gi,
      (_, c: string) => c.toUpperCase(),
    );
    add(
      lockOrder.find((known) => known.toLowerCase() === mode.toLowerCase()) ?? 'AccessExclusive',
      lock[1] ?? '',
    );
  } else {
    const rule = compiled.find(({ pattern }) => pattern.test(sql));
    if (!rule) return undefined;
    const table = rule.pattern.exec(sql)?.[1];
    if (rule.mode && table) add(rule.mode, table);
    // The other tables of a list: DROP TABLE a, b.
    if (/^(?:drop\s+table|truncate)/i.test(sql)) {
      const rest = sql.replace(rule.pattern, '');
      for (const [, more] of rest.matchAll(new RegExp(`,\\s*${name}`, 'gu')))
        if (more) add('AccessExclusive', more);
    }
  }
  const definition = /^(?:create\s+(?:or\s+replace\s+)?(?:function|procedure))/i.test(sql);
  if (!definition) {
    for (const [, table] of sql.matchAll(references)) if (table) add('ShareRowExclusive', table);
    if (/^(?:select|with|insert|update|delete|merge|create)\b/i.test(sql)) {
      const locking = /\bfor\s+(?:no\s+key\s+)?(?:update|share|key\s+share)\b/i.test(sql);
      for (const [, table] of sql.matchAll(reads))
        if (table && !/^delete$/i.test(table)) add(locking ? 'RowShare' : 'AccessShare', table);
    }
  }
  return [...locks].map(([on, mode]) => ({ on, mode }));
}

/** The table that a statement makes: nobody else can wait for that. */
export function createdTable(statement: string): string | undefined {
  return /^create\s+(?:unlogged\s+|temp(?:orary)?\s+)?table\b/i.test(plain(statement))
    ? locksOf(statement)?.find(({ mode }) => mode === 'AccessExclusive')?.on
    : undefined;
}

function alterMode(rest: string): LockMode {
  return strongest(
    topLevelParts(rest).map(
      (action) => mildActions.find(([mild]) => mild.test(action))?.[1] ?? 'AccessExclusive',
    ),
  );
}

/** The parts between commas that are not inside parentheses. */
function topLevelParts(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim());
}

/** Without comments, and with the contents of literals gone: they may look like anything. */
function plain(statement: string): string {
  return statement
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/(\$(?:[a-z_]\w*)?\$)[\s\S]*?\1/gi, "''")
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .trim();
}
