import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../toolchain/lib/paths.ts';
import { awsPlugin } from '../../toolchain/setup/aws-plugin.ts';
import { originOf } from '../../toolchain/setup/origin.ts';
import { pluginFolder } from '../../toolchain/setup/plugins.ts';
import { findProvider, providerExecutable } from '../../toolchain/setup/terraform-mirror.ts';
import { differences, type Shapes } from './support/shapeDifferences.ts';

const list = join(root, 'toolchain/bridge-aws/differences.txt');
const folder = pluginFolder(awsPlugin());

// The official plugin is made for the package, so there is nothing to compare.
describe.skipIf(originOf(folder, 'pulumi-resource-aws') === 'official')('the AWS plugin built here', () => {
  it('takes and gives what the npm package does, but for what differences.txt lists', async () => {
    const provider = findProvider();
    if (provider === undefined) throw new Error('No Terraform AWS provider: see `make doctor`.');
    const output = execFileSync(join(folder, 'pulumi-resource-aws'), ['--shapes', await providerExecutable(provider)], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const found = differences(JSON.parse(output) as Shapes);
    expect(found).toEqual(readFileSync(list, 'utf8').trimEnd().split('\n'));
  });
});
