import type { Receipt } from '../../infra/release/rollout.ts';
import { pulumiText } from './runPulumi.ts';
import { stateResources } from './stackState.ts';

/** What a stack has released, as its state and its history say. */
export interface Releases {
  /** The releases that served, newest first. */
  receipts: Receipt[];
  /** The key that the stack signs its receipts with; undefined before it has one. */
  signer: string | undefined;
  /** How its newest update ended, such as `succeeded`; undefined where there was none. */
  lastUpdate: string | undefined;
  /** Name of the image it built last, `<project>-<stack>:<hash>`; undefined where it builds none. */
  built: string | undefined;
}

/** @returns undefined where there is no such stack */
export async function releasesOf(stack: string): Promise<Releases | undefined> {
  const resources = await stateResources(stack);
  if (!resources) return undefined;
  const ofType = (type: string) => resources.find((resource) => resource.type === type);
  const rollout = ofType('slipway:index:Rollout')?.outputs as
    { receipts?: Receipt[]; signer?: string } | undefined;
  const built = ofType('docker:index/remoteImage:RemoteImage')?.inputs?.['name'];
  return {
    receipts: rollout?.receipts ?? [],
    signer: rollout?.signer,
    lastUpdate: await lastUpdate(stack),
    built: typeof built === 'string' ? built : undefined,
  };
}

async function lastUpdate(stack: string): Promise<string | undefined> {
  const text = await pulumiText('stack', 'history', '--stack', stack, '--json');
  const entries = JSON.parse(text) as { kind: string; result: string }[];
  return entries.find(({ kind }) => kind === 'update')?.result;
}
