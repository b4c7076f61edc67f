import * as provider from '@pulumi/pulumi/provider/index.js';
import { EngineLog } from './engineLog.ts';
import { SlipwayProvider } from './slipwayProvider.ts';

/** Started by the Pulumi engine through `pulumi-resource-slipway`; the engine's address is the last argument. */
const args = process.argv.slice(2);
const slipway = new SlipwayProvider(new EngineLog(args.at(-1) ?? ''));

// The engine sends SIGINT to its whole process group as well as a call to cancel(): the call decides what happens.
process.on('SIGINT', () => undefined);

// An engine that was killed cannot say goodbye. A task it started goes on; the next update finds it.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) setTimeout(() => process.exit(0), 4000).unref();
}, 1000).unref();

await provider.main(slipway, args);
