/**
 * A fault that the person at the keyboard can mend: printed without a stack trace, with the next
 * thing to type.
 */
export class UserFault extends Error {
  readonly next: string;

  /** @param what what went wrong and where; @param next what to do or type next */
  constructor(what: string, next: string, options?: ErrorOptions) {
    super(what, options);
    this.name = 'UserFault';
    this.next = next;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The text for a fault and, where it is known, for the next step: a Docker engine that does not
 * answer looks the same to every verb.
 */
export function faultText(error: unknown): string {
  if (error instanceof UserFault) return `${error.message}\n  → ${error.next}`;
  const { code, address } = error as { code?: unknown; address?: unknown };
  if (typeof address === 'string' && /docker/.test(address)) {
    if (code === 'EACCES') {
      return `Permission denied on the Docker socket ${address}.\n  → \`sudo usermod -aG docker "$USER"\`, log in again.`;
    }
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      return `No Docker engine answers at ${address}.\n  → \`make up\` starts one where it can; else start it, or point DOCKER_HOST at another.`;
    }
  }
  return `${messageOf(error)}\n  → \`make doctor\` looks for the cause; DEBUG=1 shows where it happened.`;
}
