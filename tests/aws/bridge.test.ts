import { expect, it } from 'vitest';
import { goTest } from '../../toolchain/stand-ins/go.ts';
import { ourPlugin } from './support/ourPlugin.ts';

it('the AWS plugin built here passes its own tests in Go', async ({ skip }) => {
  // Where the official one is, there may be no Go.
  skip((await ourPlugin()) === undefined, 'the official plugin is here');
  const output = await goTest('bridge-aws');
  expect(output).toMatch(/^--- PASS: TestNothingIsKeptOnAWS/m);
  expect(output).not.toMatch(/^--- (FAIL|SKIP)/m);
});
