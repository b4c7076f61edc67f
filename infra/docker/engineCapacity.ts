import type { Config } from '../config/config.ts';
import { UserError } from '../config/userError.ts';

/** What the machine of an engine has. */
export interface EngineCapacity {
  cpus: number;
  memoryMb: number;
}

/** What a stack's own containers may use beside the api, MiB: Postgres, Valkey, gateway, migrations. */
const besideApiMb = 512 + 192 + 128 + 256;

/**
 * The engine would refuse too many CPUs, but only when the container is made: after the migrations.
 *
 * @throws UserError with every key that asks for more than there is
 */
export function requireCapacity(
  config: Pick<Config, 'apiCpus' | 'apiMemoryMb'>,
  { cpus, memoryMb }: EngineCapacity,
): void {
  const faults: string[] = [];
  if (config.apiCpus > cpus)
    faults.push(
      `  - slipway:apiCpus: is ${config.apiCpus}, but this Docker engine has ${cpus}. Set it to ${cpus} or less.`,
    );
  if (config.apiMemoryMb > memoryMb)
    faults.push(
      `  - slipway:apiMemoryMb: is ${config.apiMemoryMb}, but this Docker engine has ${memoryMb} MiB. Set it lower.`,
    );
  if (faults.length > 0) throw new UserError(['Nothing was changed:', ...faults].join('\n'));
}

/**
 * Limits that together exceed the machine are no fault: few containers use all they may.
 *
 * @returns a warning for a stack that could run out of memory; while a release goes over, old and
 *   new instances run side by side
 */
export function memoryWarning(
  { replicas, apiMemoryMb }: Pick<Config, 'replicas' | 'apiMemoryMb'>,
  { memoryMb }: EngineCapacity,
): string | undefined {
  const most = besideApiMb + 2 * replicas * apiMemoryMb;
  if (most <= memoryMb) return undefined;
  return (
    `During a release this stack may use ${most} MiB, and this Docker engine has ${memoryMb} MiB: containers may be ` +
    'killed for lack of memory. Lower slipway:replicas or slipway:apiMemoryMb, or give the engine more.'
  );
}
