import type * as docker from '@pulumi/docker';
import { stackLabels, type StackIdentity } from '../docker-engine/labels.ts';

/** Docker's way of writing labels. */
export function dockerLabels(
  identity: StackIdentity,
  role: string,
): { label: string; value: string }[] {
  return Object.entries(stackLabels(identity, role)).map(([label, value]) => ({ label, value }));
}

/**
 * All containers of a stack have this in common: bounded memory, CPU and logs, no privilege to
 * gain, and a comeback after a crash or a restart of the engine.
 */
export function containerDefaults(
  identity: StackIdentity,
  role: string,
  size: { cpus: number; memoryMb: number },
): Partial<docker.ContainerArgs> {
  return {
    labels: dockerLabels(identity, role),
    restart: 'unless-stopped',
    // As the engine says it back: 1 is "1.0".
    cpus: Number.isInteger(size.cpus) ? size.cpus.toFixed(1) : String(size.cpus),
    memory: size.memoryMb,
    // Equal, so no swap: the provider sees a difference at every update otherwise.
    memorySwap: size.memoryMb,
    logDriver: 'json-file',
    logOpts: { 'max-size': '10m', 'max-file': '3' },
    securityOpts: ['no-new-privileges:true'],
    init: true,
    wait: true,
    mustRun: true,
  };
}

/** The first health probe comes after a whole interval, so short ones make a quick start. */
export const healthTiming = {
  interval: '1s',
  timeout: '3s',
  retries: 3,
  startPeriod: '30s',
} as const;
