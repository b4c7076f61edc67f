/** Postgres' table locks, from the weakest to the strongest, and what each keeps others from. */
export const lockModes = {
  AccessShare: 'nobody but DROP, TRUNCATE and most of ALTER TABLE',
  RowShare: 'no reader or writer',
  RowExclusive: 'no reader or writer (of other rows)',
  ShareUpdateExclusive: 'schema changes and VACUUM',
  Share: 'writers',
  ShareRowExclusive: 'writers',
  Exclusive: 'writers and SELECT … FOR UPDATE',
  AccessExclusive: 'readers and writers',
} as const;

export type LockMode = keyof typeof lockModes;

/** From the weakest to the strongest. */
export const lockOrder = Object.keys(lockModes) as LockMode[];

export function strongest(modes: LockMode[]): LockMode {
  return modes.reduce((a, b) => (lockOrder.indexOf(b) > lockOrder.indexOf(a) ? b : a));
}
