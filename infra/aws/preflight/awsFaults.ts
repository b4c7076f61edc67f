/** @param action the right that the question needs, such as `ec2:DescribeVpcs` */
export function refused(what: string, action: string, error: unknown): string {
  const denied = /AccessDenied|UnauthorizedOperation/.test(nameOf(error));
  const advice = denied ? ` Allow ${action}.` : '';
  return `AWS did not list the ${what} (${nameOf(error)}): ${firstLine(messageOf(error))}${advice}`;
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** One sentence with its full stop. */
export function firstLine(message: string): string {
  const line = (message.split('\n')[0] ?? '').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
