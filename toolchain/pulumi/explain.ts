import { stack } from '../lib/context.ts';
import { UserFault } from '../lib/fault.ts';

/**
 * Explains errors of pulumi that do not say what a person can do about them.
 */
export function explain(stderr: string): UserFault | undefined {
  if (/incorrect passphrase/.test(stderr)) {
    return new UserFault(
      `The passphrase is not the one that stack ${stack}'s secrets are encrypted with.`,
      `Put back .slipway/passphrase (or unset PULUMI_CONFIG_PASSPHRASE*), or delete everything and start again: \`make destroy STACK=${stack}\`, \`make up STACK=${stack}\`.`,
    );
  }
  if (/stack is currently locked/.test(stderr)) {
    return new UserFault(
      `Stack ${stack} is locked by another run.`,
      `Wait for it, or clear a left-over lock: \`make unlock STACK=${stack}\`.`,
    );
  }
  if (/no space left on device/i.test(stderr)) {
    return new UserFault(
      'The disk is full.',
      'Make room (`docker system df` shows what Docker holds), then type the command again.',
    );
  }
  return undefined;
}
