import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../toolchain/lib/paths.ts';
import { findProvider, providerExecutable } from '../../toolchain/stand-ins/terraformMirror.ts';
import { ourPlugin } from './support/ourPlugin.ts';
import { differences, type Shapes } from './support/shapeDifferences.ts';

const list = join(root, 'toolchain/stand-ins/bridge-aws/differences.txt');

it('the AWS plugin built here differs from the npm package by what differences.txt lists, and no more', async ({
  skip,
}) => {
  const folder = await ourPlugin();
  // The official plugin is made for the package, so there is nothing to compare.
  if (folder === undefined) return skip('the official plugin is here');
  const provider = findProvider();
  if (provider === undefined) throw new Error('No Terraform AWS provider: see `make doctor`.');
  const output = execFileSync(
    join(folder, 'pulumi-resource-aws'),
    ['--shapes', await providerExecutable(provider)],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const found = differences(JSON.parse(output) as Shapes);
  expect(found).toEqual(readFileSync(list, 'utf8').trimEnd().split('\n'));
});
