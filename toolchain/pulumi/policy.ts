import { join } from 'node:path';
import { stack, stackConfig } from '../lib/context.ts';
import { UserFault } from '../lib/fault.ts';
import { root } from '../lib/paths.ts';

export const policyPack = join(root, 'infra', 'policy');

interface PolicyChoice {
  platform: unknown;
  /** The stack's `slipway:policy`. */
  policy: unknown;
  /** The environment's `POLICY`. */
  variable: string | undefined;
}

/**
 * The arguments that hold a preview or an update of this stack to the policy pack; none when it is
 * not held to it.
 */
export function policyFlags(): string[] {
  const choice = {
    platform: stackConfig('platform'),
    policy: stackConfig('policy'),
    variable: process.env['POLICY'],
  };
  return usesPolicy(choice) ? ['--policy-pack', policyPack] : [];
}

/**
 * Whether a stack is held to the policy pack: those on AWS unless their file says no, those on
 * Docker when their file or
 * `POLICY=1` says yes.
 *
 * @throws UserFault when POLICY is neither 0 nor 1, or would release an AWS stack without a trace
 */
export function usesPolicy({ platform, policy, variable }: PolicyChoice): boolean {
  if (variable && variable !== '0' && variable !== '1') {
    throw new UserFault(
      `POLICY=${variable} is neither 0 nor 1.`,
      'Use POLICY=1 to hold the stack to the policy pack.',
    );
  }
  const configured =
    policy === undefined ? platform === 'aws' : policy === true || policy === 'true';
  if (!variable) return configured;
  if (variable === '0' && configured && platform === 'aws') {
    throw new UserFault(
      `POLICY=0 does not release stack ${stack} from the policy pack: it is on AWS.`,
      'Write an exception with a reason into its file (docs/policy.md), or set slipway:policy to false there.',
    );
  }
  return variable === '1';
}
