import { describe, expect, it, vi } from 'vitest';
import { awsPlugin, awsPluginFound } from './awsPlugin.ts';
import type * as Mirror from '../stand-ins/terraformMirror.ts';
import { findProvider } from '../stand-ins/terraformMirror.ts';

vi.mock('../stand-ins/terraformMirror.ts', async (original) => ({
  ...(await original<typeof Mirror>()),
  findProvider: vi.fn(),
}));
const find = vi.mocked(findProvider);
const provider = {
  version: '5.100.0',
  path: '/mirror/x',
  packed: false,
  mirror: '/mirror',
  because: 'a test',
};

describe('the AWS plugin without a Terraform provider', () => {
  it('says where it looked and how to get one, before it builds anything', async () => {
    find.mockReturnValue(undefined);
    const made = awsPlugin().make('/nowhere/pulumi-resource-aws', () => undefined);
    await expect(made).rejects.toThrow(/no Terraform AWS provider 5\.x .*\.terraform\.d\/plugins/);
    await expect(made).rejects.toHaveProperty(
      'next',
      expect.stringMatching(/SLIPWAY_TERRAFORM_MIRROR=<folder>/),
    );
  });

  it('is named by doctor, with the setting', () => {
    find.mockReturnValue(undefined);
    vi.stubEnv('PULUMI_HOME', '/nowhere');
    expect(awsPluginFound()).toMatchObject({ origin: 'missing', broken: false });
    expect(awsPluginFound().found).toMatch(
      /not there yet; no Terraform provider found; SLIPWAY_TERRAFORM_MIRROR/,
    );
    vi.unstubAllEnvs();
  });
});

describe('the recipe of the AWS plugin', () => {
  it('changes with the provider behind it, so that another one is taken', () => {
    find.mockReturnValue(provider);
    const first = awsPlugin().recipe;
    expect(awsPlugin().recipe).toBe(first);
    find.mockReturnValue({ ...provider, path: '/mirror/y' });
    expect(awsPlugin().recipe).not.toBe(first);
  });
});
