import { setUp } from '../../../toolchain/setup/all.ts';
import { awsPlugin } from '../../../toolchain/setup/awsPlugin.ts';
import { pluginFolder, pluginOrigin } from '../../../toolchain/setup/plugins.ts';

/**
 * Sets the AWS plugin up, and gives its folder when it is the one built here.
 *
 * @returns undefined where the official plugin is
 */
export async function ourPlugin(): Promise<string | undefined> {
  await setUp({ aws: true });
  return pluginOrigin(awsPlugin()) === 'ours' ? pluginFolder(awsPlugin()) : undefined;
}
