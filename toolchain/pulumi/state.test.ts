import { describe, expect, it } from 'vitest';
import { pulumiVariables, withoutSalt } from './state.ts';

describe('withoutSalt', () => {
  it('drops the salt wherever it stands and keeps the rest', () => {
    expect(withoutSalt('encryptionsalt: v1:x=:y\nconfig:\n  slipway:seed: "true"\n')).toBe(
      'config:\n  slipway:seed: "true"\n',
    );
    expect(withoutSalt('config: {}\nencryptionsalt: v1:x')).toBe('config: {}\n');
  });
});

describe('pulumiVariables', () => {
  it('gives an absolute backend and a passphrase file', () => {
    const variables = pulumiVariables({ PATH: '/usr/bin' });
    expect(variables['PULUMI_BACKEND_URL']).toMatch(/^file:\/\/\/.*\/\.slipway\/state$/);
    expect(variables['PULUMI_CONFIG_PASSPHRASE_FILE']).toMatch(/^\/.*\/\.slipway\/passphrase$/);
    expect(variables['PATH']).toMatch(/node_modules\/\.bin:.*:\/usr\/bin$/);
  });

  it("keeps the user's own backend and passphrase", () => {
    const variables = pulumiVariables({
      PULUMI_BACKEND_URL: 's3://bucket',
      PULUMI_CONFIG_PASSPHRASE: 'x',
      PATH: '',
    });
    expect(variables).not.toHaveProperty('PULUMI_BACKEND_URL');
    expect(variables).not.toHaveProperty('PULUMI_CONFIG_PASSPHRASE_FILE');
  });

  it('does not grow PATH when it is loaded twice', () => {
    const once = pulumiVariables({ PATH: '/usr/bin' })['PATH'] ?? '';
    expect(pulumiVariables({ PATH: once })['PATH']).toBe(once);
  });
});
