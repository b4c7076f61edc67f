import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

const where = { project: 'slipway', stack: 'dev' };
const parse = (raw: Record<string, string>) => parseConfig(raw, where);

/** The message of the error that a configuration is refused with. */
function refusal(raw: Record<string, string>): string {
  try {
    parse(raw);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the configuration was accepted');
}

describe('configuration', () => {
  it('fills in the defaults', () => {
    expect(parse({ platform: 'docker', build: 'true' })).toMatchObject({
      platform: 'docker',
      build: true,
      replicas: 2,
      gatewayPort: 8000,
      databasePort: 15432,
      seed: false,
    });
  });

  it('reports every fault at once, each with its key', () => {
    const message = refusal({ platform: 'moon', build: 'maybe', replicas: '0', gatewayPort: '70000', replcas: '2' });
    expect(message).toContain('5 faults');
    expect(message).toContain('slipway:platform: must be one of docker, aws, is "moon"');
    expect(message).toContain('slipway:build: must be a boolean, is "maybe"');
    expect(message).toContain('slipway:replicas: must be at least 1');
    expect(message).toContain('slipway:gatewayPort: must be 65535 or below, is 70000');
    expect(message).toContain('slipway:replcas: unknown key. Did you mean replicas?');
  });

  it('says which values a missing key may have', () => {
    expect(refusal({ build: 'true' })).toContain('slipway:platform: is required: one of docker, aws');
  });

  it('wants exactly one of build and image', () => {
    const image = `sha256:${'a'.repeat(64)}`;
    expect(refusal({ platform: 'docker' })).toContain('neither build nor image is set');
    expect(refusal({ platform: 'docker', build: 'true', image })).toContain('cannot be true while image is set');
    expect(parse({ platform: 'docker', image }).image).toBe(image);
  });

  it('refuses an image that is not an id', () => {
    expect(refusal({ platform: 'docker', image: 'app:latest' })).toContain('slipway:image: must be an image id');
  });

  it('refuses one port for two things, defaults included', () => {
    const message = refusal({ platform: 'docker', build: 'true', gatewayPort: '15432' });
    expect(message).toContain('slipway:databasePort: 15432 is gatewayPort as well');
  });

  it('refuses ports that need root', () => {
    expect(refusal({ platform: 'docker', build: 'true', gatewayPort: '80' })).toContain('must be 1024 or above');
  });

  it('does not repeat a long value, which may be a misplaced secret', () => {
    const secret = 'hunter2-hunter2-hunter2-hunter2';
    expect(refusal({ platform: 'docker', build: 'true', replicas: secret })).not.toContain(secret);
  });

  it('takes names of migrations to force, and a schema, that Postgres and the runner can take', () => {
    const docker = { platform: 'docker', build: 'true' };
    const given = parse({ ...docker, forceMigrations: '["0007_drop_title"]', databaseSchema: 'chat' });
    expect(given).toMatchObject({
      forceMigrations: ['0007_drop_title'],
      databaseSchema: 'chat',
      migrationLint: 'error',
    });
    expect(refusal({ ...docker, forceMigrations: '["7"]' })).toContain('names such as 0007_drop_title');
    expect(refusal({ ...docker, databaseSchema: 'Chat Room' })).toContain('slipway:databaseSchema: must be a plain');
    expect(refusal({ ...docker, databaseSchema: 'pg_chat' })).toContain('must not begin with pg_');
    expect(refusal({ ...docker, migrationLint: 'no' })).toContain('must be one of error, warning, off');
  });

  it('counts a single fault in the singular', () => {
    expect(refusal({ platform: 'docker', build: 'true', replicas: '0' })).toContain('has a fault');
  });
});
