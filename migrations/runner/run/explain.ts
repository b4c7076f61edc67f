import pg from 'pg';
import { MigrationError } from '../exit.ts';
import type { Script } from '../files/files.ts';
import { excerpt, utf16Offset } from '../files/excerpt.ts';
import { parseForRun, type Statement } from '../sql/parse.ts';

/**
 * Says for a person what went wrong with a file, and where.
 *
 * @param done how many statements of the file were completed
 */
export async function explain(
  error: unknown,
  script: Script,
  done: number,
  attempt: number,
): Promise<MigrationError> {
  const { file, sql, header } = script;
  if (error instanceof MigrationError)
    return new MigrationError(error.reason, `${file}: ${error.message}`, { cause: error });
  if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL')
    return brokenOff(error, script);
  // Outside a transaction there is one statement; what else was counted was ours.
  const index = header.noTransaction ? 0 : done;
  const statements = (await parseForRun(file, sql)) ?? [];
  const statement = statements[index];
  const offset = error.position ? utf16Offset(sql, Number(error.position) - 1) : statement?.start;
  const tried = attempt > 1 ? `, attempt ${attempt}` : '';
  return new MigrationError(
    'failedSql',
    [
      `${file}: ${error.message} (SQLSTATE ${error.code ?? '?'}${placeOf(index, statements)}${tried})`,
      ...(offset === undefined ? [] : [excerpt(sql, offset)]),
      ...(['detail', 'hint', 'where'] as const).flatMap((note) =>
        error[note] ? [`  ${note}: ${error[note]}`] : [],
      ),
      header.noTransaction
        ? 'Its one statement did not complete, and it is not noted as applied. Correct it and run again.'
        : 'Rolled back whole; nothing of this file remains. Correct it and run again.',
    ].join('\n'),
    { cause: error },
  );
}

/** Empty for a file that was not parsed. */
function placeOf(index: number, statements: Statement[]): string {
  if (statements.length === 0) return '';
  // The error may also come from COMMIT, after the last statement: a deferred constraint, for
  // instance.
  return statements[index] ? `, statement ${index + 1} of ${statements.length}` : ', at its commit';
}

function brokenOff(error: unknown, { file, header }: Script): MigrationError {
  const text = error instanceof Error ? error.message : String(error);
  const left = header.noTransaction ? 'The next run takes it up' : 'The server rolls the file back';
  return new MigrationError(
    'lockLost',
    `${file}: lost the connection, and with it the lock: ${text}. ${left}; run \`migrate up\` again.`,
    { cause: error },
  );
}
