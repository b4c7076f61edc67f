/** Postgres' classes of errors: connection lost, server starts or stops, resources used up. */
const sqlStates = /^(08|57P0|53)/;
const statementTimeout = '57014';

const networkCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
];

/** The driver gives these errors no code. */
const driverMessages =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|Client was closed/;

/** Whether an error says that the database cannot be reached or does not answer in time. */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    sqlStates.test(code) ||
    code === statementTimeout ||
    networkCodes.includes(code) ||
    driverMessages.test(message)
  );
}
