import { disbelief } from '../../infra/receipt/verification.ts';
import { project } from '../lib/context.ts';
import { UserFault } from '../lib/fault.ts';
import type { Releases } from '../pulumi/releases.ts';

/** What is known of the stack that verified a release, before it goes to another. */
export interface Candidate {
  from: string;
  releases: Releases | undefined;
  /** Whether an update of that stack is running. */
  busy: boolean;
  /** The name that an image built from this checkout has; undefined where the stack builds none. */
  checkout: string | undefined;
  /**
   * The keys of which one must have signed the receipt; empty: any key will do that the stack itself
   * names.
   */
  trusted: string[];
  /** Files of the image that differ from the last commit. */
  uncommitted: string[];
  maxAgeDays: number;
}

export const noSuchStack = (name: string): UserFault =>
  new UserFault(`There is no stack ${name}.`, `\`make up STACK=${name}\` makes it.`);

/**
 * The release that may go on, by its image's id.
 *
 * @param now milliseconds since 1970
 * @throws UserFault with every reason why it may not
 */
export function promotable(candidate: Candidate, now = Date.now()): string {
  const { from, releases, busy, checkout, trusted, uncommitted, maxAgeDays } = candidate;
  if (!releases) throw noSuchStack(from);
  const newest = releases.receipts[0];
  if (!newest)
    throw new UserFault(
      `No release of stack ${from} has served yet.`,
      `First: \`make up STACK=${from}\`.`,
    );
  const ageDays = (now - Date.parse(newest.at)) / 86_400_000;
  const keys = trusted.length > 0 ? trusted : [releases.signer ?? ''].filter(Boolean);
  const reasons = [
    disbelief(newest.attestation, { ...newest, stack: `${project}/${from}` }, keys),
    busy && 'an update of it is running',
    releases.lastUpdate !== 'succeeded' &&
      `its last update ended with "${releases.lastUpdate ?? 'nothing'}", so what serves is not what was tried last`,
    // Whether it is no date at all, too.
    !(ageDays <= maxAgeDays) &&
      `it was verified at ${newest.at}, more than ${maxAgeDays} days ago (slipway:promoteMaxAgeDays)`,
    uncommitted.length > 0 && `its source is not committed: ${uncommitted.join(', ')}`,
    checkout !== undefined &&
      releases.built !== checkout &&
      `it was built from another source (${releases.built ?? 'none'}) than this checkout holds (${checkout})`,
  ].filter((reason) => typeof reason === 'string');
  if (reasons.length === 0) return newest.release;
  throw new UserFault(
    [
      `The release ${newest.release.slice(0, 19)} of stack ${from} cannot be promoted; nothing was changed:`,
      ...reasons.map((reason) => `  - ${reason}`),
    ].join('\n'),
    `Commit what belongs to it, then \`make up STACK=${from}\` verifies it.`,
  );
}
