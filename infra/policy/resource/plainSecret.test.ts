import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { plainSecret } from './plainSecret.ts';

describe('plainSecret', () => {
  it.each([
    ['POSTGRES_PASSWORD', 'x'],
    ['jwt_secrets', 'k1:abc'],
    ['API_TOKEN', 'abc'],
    ['OPENAI_API_KEY', 'abc'],
    ['SIGNING_KEY', 'abc'],
    ['AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE'],
    ['AWS_SECRET_ACCESS_KEY', 'abc'],
    ['ECS_ENGINE_AUTH_DATA', '{}'],
    ['CACHE_URL', 'redis://:hunter2@valkey:6379'],
    ['X', '-----BEGIN RSA PRIVATE KEY-----\nMII'],
    ['X', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig'],
    ['X', randomBytes(32).toString('hex')],
    ['PEPPER', 'q8Zr3VwN1xTbK6mYp0LsHd7JcE5uGfRa'],
  ])('sees %s', (name, value) => {
    expect(plainSecret(name, value)).toBeDefined();
  });

  it.each([
    ['LOG_LEVEL', 'info'],
    ['ACCESS_TOKEN_EXPIRE_MINUTES', '30'],
    ['TOKEN_ISSUER', 'slipway'],
    ['PASSWORD_FILE', '/run/secrets/password'],
    ['JWT_SECRET_ARN', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:jwt-AbCdEf'],
    ['RELEASE', `sha256:${'a1b2c3d4'.repeat(8)}`],
    ['FRONTEND_URL', 'https://chat.example.com/path?x=1'],
    ['CACHE_URL', 'redis://valkey:6379'],
    ['PGDATA', '/var/lib/postgresql/data/pgdata'],
    ['SECRETS_ENABLED', 'true'],
    ['API_TOKEN', ''],
    ['GATEWAY_SCRIPT', 'set -e\nwhile read -r line; do echo "$line"; done'],
  ])('lets %s=%s be', (name, value) => {
    expect(plainSecret(name, value)).toBeUndefined();
  });

  it('never repeats the value', () => {
    expect(plainSecret('DATABASE_URL', 'postgres://app:hunter2@db/app')).not.toContain('hunter2');
  });
});
