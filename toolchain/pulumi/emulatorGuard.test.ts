import { describe, expect, it } from 'vitest';
import { credentialLeaks, emulatorEnvironment, requireLoopback } from './emulatorGuard.ts';

const endpoint = 'http://127.0.0.1:4566';

describe('requireLoopback', () => {
  it.each([endpoint, 'http://localhost:4566', 'http://[::1]:4566', 'https://127.3.2.1/'])(
    'takes %s',
    (url) => {
      expect(requireLoopback(url).protocol).toMatch(/^https?:$/);
    },
  );

  it.each([
    'https://ecs.eu-central-1.amazonaws.com',
    'http://10.0.0.1:4566',
    'http://169.254.169.254/latest',
    'http://127.0.0.1.example.com:4566',
    'http://localhost.example.com',
    'http://127.0.0.1:4566@evil.example',
    'http://0.0.0.0:4566',
    'ftp://127.0.0.1',
    '127.0.0.1:4566',
    '',
  ])('refuses %s', (url) => {
    expect(() => requireLoopback(url)).toThrow(/is not (on this machine's loopback|a URL)/);
  });
});

describe('emulatorEnvironment', () => {
  const real = {
    PATH: '/usr/bin',
    AWS_PROFILE: 'production',
    AWS_ACCESS_KEY_ID: 'AKIAREAL',
    AWS_SECRET_ACCESS_KEY: 'real',
    AWS_SESSION_TOKEN: 'real',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
    AWS_ROLE_ARN: 'arn:aws:iam::1:role/x',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.2/',
    AWS_CONFIG_FILE: '/home/x/.aws/config',
    AWS_ENDPOINT_URL_S3: 'https://s3.example',
    AWS_CA_BUNDLE: '/ca.pem',
    NO_PROXY: 'corp.example',
  };

  it('hands on nothing that leads to real credentials', () => {
    const env = emulatorEnvironment(endpoint, real);
    expect(credentialLeaks(env)).toEqual([]);
    expect(JSON.stringify(env)).not.toMatch(/AKIAREAL|real"|production|s3\.example|169\.254/);
    expect(env).toMatchObject({
      PATH: '/usr/bin',
      AWS_CA_BUNDLE: '/ca.pem',
      AWS_ENDPOINT_URL: endpoint,
    });
    expect(env['NO_PROXY']).toBe('corp.example,127.0.0.1,localhost,[::1]');
  });

  it('refuses an endpoint elsewhere before it makes any', () => {
    expect(() => emulatorEnvironment('https://sts.amazonaws.com', real)).toThrow(/loopback/);
  });
});

describe('credentialLeaks', () => {
  it('names every way to real credentials that is open', () => {
    const leaks = credentialLeaks({
      AWS_PROFILE: 'x',
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_ROLE_ARN: 'y',
    });
    expect(leaks).toContain('AWS_PROFILE is set');
    expect(leaks).toContain("AWS_ACCESS_KEY_ID is not the emulator's");
    expect(leaks).toContain('AWS_ROLE_ARN is set');
    expect(leaks.join()).toMatch(/metadata/);
    expect(leaks.join()).not.toContain('AKIA');
  });
});
