import * as provider from '@pulumi/pulumi/provider/index.js';
import { exitWithParent } from '../exitWithParent.ts';
import { EngineLog } from './protocol/engineLog.ts';
import { SlipwayProvider } from './slipwayProvider.ts';

/**
 * Started by the Pulumi engine through `pulumi-resource-slipway`; the engine's address is the last
 * argument.
 */
const args = process.argv.slice(2);
const slipway = new SlipwayProvider(new EngineLog(args.at(-1) ?? ''));

// At the end of every run the engine calls cancel() and then sends SIGINT; it waits 5 s before it
// kills. A task that runs at that moment is stopped in good order first.
process.on('SIGINT', () => void slipway.cancel().finally(() => process.exit(0)));

// An engine that was killed cannot say goodbye. A task it started goes on; the next update finds
// it.
exitWithParent();

await provider.main(slipway, args);
