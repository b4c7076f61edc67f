import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stackSettings } from './stackFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'stack-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('stackSettings', () => {
  it("gives the project's own keys of the stack's file", () => {
    const file = join(folder, 'Pulumi.x.yaml');
    writeFileSync(
      file,
      'config:\n  slipway:cost: lean\n  aws:region: eu-central-1\n  slipway:policyExceptions:\n    - rule: a\n',
    );
    const urn = 'urn:pulumi:x::slipway::pulumi:pulumi:Stack::slipway-x';
    expect(stackSettings(urn, { SLIPWAY_STACK_FILE: file })).toEqual({
      cost: 'lean',
      policyExceptions: [{ rule: 'a' }],
    });
  });

  it("finds the file of this checkout by the stack's name", () => {
    expect(stackSettings('urn:pulumi:prod::slipway::t::n', {})).toMatchObject({ platform: 'aws' });
  });

  it('is empty for a stack without a file', () => {
    expect(stackSettings('urn:pulumi:no-such-stack::slipway::t::n', {})).toEqual({});
  });
});
