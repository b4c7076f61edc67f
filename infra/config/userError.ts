import { RunError } from '@pulumi/pulumi';

/**
 * A mistake of the person running the program: its message says what is wrong, where, and what to
 * do. No stack trace.
 */
export class UserError extends RunError {
  constructor(message: string) {
    super(message);
    this.name = 'UserError';
  }
}
