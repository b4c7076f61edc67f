/** A fault that the person at the keyboard can mend: printed without a stack trace, with the next thing to type. */
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
