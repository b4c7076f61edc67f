import { pino, type Logger } from 'pino';

/** The fields that no log line may show. */
export const redactedPaths = [
  'req.headers.authorization',
  'req.headers.cookie',
  '*.password',
  '*.passwordHash',
  '*.refreshToken',
  '*.accessToken',
  '*.token',
  '*.connectionString',
  'password',
  'refreshToken',
  'accessToken',
  'token',
];

/** Writes one JSON object per line to standard output, with times in ISO 8601. */
export function createLog(level: string, release: string): Logger {
  return pino({
    level,
    base: { release },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: '[redacted]' },
    serializers: { err: errorFields },
  });
}

/** An error without the fields in which Postgres repeats rows and queries: they may be private. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, constraint, table } = error as Error &
    Record<'code' | 'constraint' | 'table', unknown>;
  const cause = error.cause === undefined ? undefined : errorFields(error.cause);
  return {
    type: error.name,
    message: error.message,
    code,
    constraint,
    table,
    stack: error.stack,
    cause,
  };
}
