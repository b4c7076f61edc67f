import type { Keys } from './keys.ts';

/** Keys that had another name in the release before; the old name goes on working in this one. */
const oldNames: Record<string, keyof Keys> = { checkOldCode: 'compatibilityCheck' };

type Raw = Record<string, string>;

/** A stack's keys under their names of today. */
export interface Renamed {
  raw: Raw;
  /** Keys that are set under both names. */
  faults: string[];
  /** A fault, under the name that the stack's file uses. */
  asWritten: (fault: string) => string;
}

export function renameOldKeys(given: Raw): Renamed {
  const raw = { ...given };
  const faults: string[] = [];
  const written = new Map<string, string>();
  for (const [old, now] of Object.entries(oldNames)) {
    const value = raw[old];
    if (value === undefined) continue;
    delete raw[old];
    if (raw[now] !== undefined) {
      faults.push(`${old}: is the old name of ${now}, and both are set. Remove ${old}.`);
      continue;
    }
    raw[now] = value;
    written.set(now, old);
  }
  const asWritten = (fault: string) => fault.replace(/^\w+/, (key) => written.get(key) ?? key);
  return { raw, faults, asWritten };
}

/** One line for each key that a stack's file has under its old name. */
export function oldNameWarnings(given: Raw, where: { project: string; stack: string }): string[] {
  return Object.entries(oldNames)
    .filter(([old]) => given[old] !== undefined)
    .map(
      ([old, now]) =>
        `${where.project}:${old} is now called ${where.project}:${now}. The old name works in this release only. ` +
        `Rename it in Pulumi.${where.stack}.yaml.`,
    );
}
