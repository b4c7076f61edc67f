import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { standIns } from '../lib/paths.ts';
import { reachable } from '../machine/reachable.ts';

/** The file beside everything that we built in place of an official download. */
const markerName = 'slipway.json';
const askAgainAfterMs = 24 * 3600 * 1000;

export type Origin = 'official' | 'ours' | 'missing';

/** Where a thing came from: `file` is the thing, its folder holds the marker. */
export function originOf(folder: string, file: string): Origin {
  if (!existsSync(join(folder, file))) return 'missing';
  return existsSync(join(folder, markerName)) ? 'ours' : 'official';
}

/** The recipe that our build in a folder was made by. */
export function recipeOf(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, markerName), 'utf8')) as { recipe?: string })
      .recipe;
  } catch {
    return undefined;
  }
}

export function mark(folder: string, recipe: string): void {
  const text = { madeBy: 'slipway', why: 'the official download was not reachable', recipe };
  writeFileSync(join(folder, markerName), `${JSON.stringify(text, null, 2)}\n`);
}

let downloads: Promise<boolean> | undefined;

/**
 * Whether Pulumi's downloads can be reached; asked once a run. SLIPWAY_PLUGINS=local keeps to what
 * we build.
 */
export function downloadsReachable(): Promise<boolean> {
  if (process.env['SLIPWAY_PLUGINS'] === 'local') return Promise.resolve(false);
  return (downloads ??= reachable('https://get.pulumi.com/'));
}

/**
 * Whether it is time to look once more for the official one in place of ours: once a day, so that
 * it costs nothing else.
 */
export async function officialCanReplace(folder: string): Promise<boolean> {
  const marker = join(folder, markerName);
  if (
    process.env['SLIPWAY_PLUGINS'] === 'local' ||
    Date.now() - statSync(marker).mtimeMs < askAgainAfterMs
  )
    return false;
  if (await downloadsReachable()) return true;
  utimesSync(marker, new Date(), new Date());
  return false;
}

/**
 * The hash of the sources that something of ours is built from; patterns start at
 * `toolchain/stand-ins`.
 *
 * @throws Error when a pattern finds nothing: what is behind it has moved, and would change unseen
 */
export function sourceHash(patterns: string[], ...extra: string[]): string {
  const hash = createHash('sha256').update(extra.join('\0'));
  const files = patterns.flatMap((pattern) => {
    const found = globSync(pattern, { cwd: standIns });
    if (found.length === 0) throw new Error(`There is no ${pattern} in ${standIns}.`);
    return found;
  });
  for (const file of files.sort()) {
    if (/[._]test\.\w+$/.test(file)) continue;
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(standIns, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
