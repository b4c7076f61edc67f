import { describe, expect, it } from 'vitest';
import { awsConfig, parseConfig } from './config.ts';
import { oldNameWarnings } from './oldNames.ts';

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
    const message = refusal({
      platform: 'moon',
      build: 'maybe',
      replicas: '0',
      gatewayPort: '70000',
      replcas: '2',
    });
    expect(message).toContain('5 faults');
    expect(message).toContain('slipway:platform: must be one of docker, aws, is "moon"');
    expect(message).toContain('slipway:build: must be a boolean, is "maybe"');
    expect(message).toContain('slipway:replicas: must be at least 1');
    expect(message).toContain('slipway:gatewayPort: must be 65535 or below, is 70000');
    expect(message).toContain('slipway:replcas: unknown key. Did you mean replicas?');
  });

  it('takes a moment as it was written, and as Pulumi passes it on from YAML without quotes', () => {
    const expires = (text: string) =>
      parse({ platform: 'docker', build: 'true', expires: text }) as { expires?: string };
    const iso = '2027-01-31T08:30:00Z';
    expect(expires(iso).expires).toBe(iso);
    expect(expires('2027-01-31 08:30:00 +0000 UTC').expires).toBe(iso);
    expect(expires('2027-01-31 08:30:00.123 +0000 UTC').expires).toBe('2027-01-31T08:30:00.123Z');
    expect(refusal({ platform: 'docker', build: 'true', expires: 'soon' })).toContain(
      'slipway:expires: must be a moment in UTC',
    );
  });

  it('says which values a missing key may have', () => {
    expect(refusal({ build: 'true' })).toContain(
      'slipway:platform: is required: one of docker, aws',
    );
  });

  it('wants exactly one of build, image and imageFrom', () => {
    const image = `sha256:${'a'.repeat(64)}`;
    expect(refusal({ platform: 'docker' })).toContain('none of build, image and imageFrom is set');
    expect(refusal({ platform: 'docker', build: 'true', image })).toContain(
      'build: cannot be set with image;',
    );
    expect(refusal({ platform: 'docker', build: 'true', image, imageFrom: 'dev' })).toContain(
      'image and imageFrom;',
    );
    expect(parse({ platform: 'docker', image }).image).toBe(image);
    expect(parse({ platform: 'docker', build: 'false', imageFrom: 'dev' }).imageFrom).toBe('dev');
    expect(refusal({ platform: 'docker', imageFrom: 'a/b' })).toContain(
      "imageFrom: must be another stack's name",
    );
  });

  it('refuses an image that is not an id', () => {
    expect(refusal({ platform: 'docker', image: 'app:latest' })).toContain(
      'slipway:image: must be an image id',
    );
  });

  it('refuses one port for two things, defaults included', () => {
    const message = refusal({ platform: 'docker', build: 'true', gatewayPort: '15432' });
    expect(message).toContain('slipway:databasePort: 15432 is gatewayPort as well');
  });

  it('refuses ports that need root', () => {
    expect(refusal({ platform: 'docker', build: 'true', gatewayPort: '80' })).toContain(
      'must be 1024 or above',
    );
  });

  it('does not repeat a long value, which may be a misplaced secret', () => {
    const secret = 'hunter2-hunter2-hunter2-hunter2';
    expect(refusal({ platform: 'docker', build: 'true', replicas: secret })).not.toContain(secret);
  });

  it('takes names of migrations to force, and a schema, that Postgres and the runner can take', () => {
    const docker = { platform: 'docker', build: 'true' };
    const given = parse({
      ...docker,
      forceMigrations: '["0007_drop_title"]',
      databaseSchema: 'chat',
    });
    expect(given).toMatchObject({
      forceMigrations: ['0007_drop_title'],
      databaseSchema: 'chat',
      migrationLint: 'error',
    });
    expect(refusal({ ...docker, forceMigrations: '["7"]' })).toContain(
      'names such as 0007_drop_title',
    );
    expect(refusal({ ...docker, databaseSchema: 'Chat Room' })).toContain(
      'slipway:databaseSchema: must be a plain',
    );
    expect(refusal({ ...docker, databaseSchema: 'pg_chat' })).toContain('must not begin with pg_');
    expect(refusal({ ...docker, migrationLint: 'no' })).toContain(
      'must be one of error, warning, off',
    );
  });

  it('counts a single fault in the singular', () => {
    expect(refusal({ platform: 'docker', build: 'true', replicas: '0' })).toContain('has a fault');
  });
});

describe('configuration of an aws stack', () => {
  const least = { platform: 'aws', build: 'true', awsAccountId: '012345678901' };
  const provider = { region: 'eu-central-1' };
  const parseAws = (raw: Record<string, string>, aws: Record<string, string> = provider) =>
    parseConfig({ ...least, ...raw }, { project: 'slipway', stack: 'prod' }, aws);
  const refusalOf = (raw: Record<string, string>, aws?: Record<string, string>): string => {
    try {
      parseAws(raw, aws);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('the configuration was accepted');
  };

  it('is safe unless told otherwise, and sized by its profile', () => {
    expect(awsConfig(parseAws({}))).toMatchObject({
      region: 'eu-central-1',
      // Digits that start with a zero stay as they are written.
      awsAccountId: '012345678901',
      cost: 'standard',
      protect: true,
      enableExec: false,
      spotPercent: 0,
      replicas: 2,
      apiCpus: 0.5,
      apiMemoryMb: 1024,
      rolloutTimeoutSeconds: 900,
    });
    expect(parseAws({ cost: 'ha' })).toMatchObject({ replicas: 3, apiCpus: 1, apiMemoryMb: 2048 });
    expect(parseAws({ cost: 'ha', replicas: '5' }).replicas).toBe(5);
  });

  it('names its account and its region', () => {
    expect(() => parseConfig({ platform: 'aws', build: 'true' }, where, {})).toThrow(
      /slipway:awsAccountId: is required.*\n.*aws:region: is required/,
    );
    expect(refusalOf({ awsAccountId: '123' })).toContain(
      'awsAccountId: must be the 12 digits of an account',
    );
    expect(refusalOf({}, { region: 'eu-central-1a' })).toContain('a zone has one more letter');
  });

  it('takes no role that only the provider would assume', () => {
    expect(refusalOf({}, { ...provider, assumeRoles: '[]' })).toContain(
      'aws:assumeRoles: would hold for the provider alone',
    );
  });

  it('refuses keys of the other platform, which would have no effect', () => {
    const message = refusalOf({ gatewayPort: '8000', seed: 'true' });
    expect(message).toContain(
      'slipway:gatewayPort: is for stacks with platform: docker only. Remove it.',
    );
    expect(message).toContain('slipway:seed: is for stacks with platform: docker only');
    expect(refusal({ platform: 'docker', build: 'true', waf: 'true' })).toContain(
      'slipway:waf: is for stacks with platform: aws only',
    );
  });

  it.each([
    ['10.0.0.0/8', 'must be a /16 to a /22'],
    ['10.20.0.0/24', 'too small'],
    ['8.8.0.0/16', 'is not private'],
    ['10.20.1.0/16', 'does not start on its own boundary; 10.20.0.0/16 does'],
    ['10.20.0.0', 'is no IPv4 block'],
  ])('refuses the VPC %s', (vpcCidr, reason) => {
    expect(refusalOf({ vpcCidr })).toContain(reason);
  });

  it('refuses a VPC that overlaps a network it is connected with', () => {
    expect(refusalOf({ peeredCidrs: '["10.0.0.0/8"]' })).toContain(
      '10.20.0.0/16 overlaps 10.0.0.0/8 of peeredCidrs',
    );
  });

  it.each([
    [{ hostedZone: 'example.com' }, 'hostedZone: has no effect without domain'],
    [
      { domain: 'chat.example.com', hostedZone: 'example.org' },
      'example.org does not hold chat.example.com',
    ],
    [{ domain: 'ample.com', hostedZone: 'e.com' }, 'e.com does not hold ample.com'],
    [{ domain: 'https://example.com' }, 'domain: must be a lower-case host name'],
    [
      { apiCpus: '1', apiMemoryMb: '512' },
      'with 1 vCPU Fargate offers 2048 to 8192 in steps of 1024 MiB, not 512',
    ],
    [{ apiCpus: '0.3' }, 'Fargate offers 0.25, 0.5, 1, 2, 4, 8, 16 vCPUs, not 0.3'],
    [
      { apiMemoryMb: '8192' },
      'apiMemoryMb: with 0.5 vCPU Fargate offers 1024, 2048, 3072, 4096 MiB',
    ],
    [{ restoreTime: '2027-01-31T08:30:00Z' }, 'restoreSource: is required with restoreTime'],
    [{ restoreTime: 'yesterday', restoreSource: 'db' }, 'restoreTime: must be a moment in UTC'],
    [
      { restoreSnapshot: 's', restoreTime: '2027-01-31T08:30:00Z', restoreSource: 'd' },
      'cannot be set with restoreTime',
    ],
    [{ githubEnvironment: 'prod' }, 'githubEnvironment: has no effect without githubRepository'],
    [{ githubRepository: 'acme/chat' }, 'stateBucket: is required with githubRepository'],
    [
      { githubRepository: 'chat', stateBucket: 'state' },
      'githubRepository: must be the owner and name',
    ],
    [{ zones: '["eu-central-1a"]' }, 'zones: must be 2 or 3 zones'],
    [{ zones: '["eu-central-1a","eu-central-1a"]' }, 'zones: names a zone twice'],
    [{ allowedCidrs: '["world"]' }, 'allowedCidrs: world is no IPv4 block'],
    [{ allowedCidrs: '10.0.0.0/8' }, 'allowedCidrs: must be a list'],
    [{ logRetentionDays: '8' }, 'logRetentionDays: must be one of 1, 3, 5, 7'],
    [{ awsEndpoint: 'localhost' }, 'awsEndpoint: must be a URL'],
  ])('refuses %j', (raw, reason) => {
    expect(refusalOf(raw as Record<string, string>)).toContain(reason);
  });

  it('takes lists, and a promoted image', () => {
    const image = `sha256:${'a'.repeat(64)}`;
    const config = parseConfig(
      {
        platform: 'aws',
        image,
        awsAccountId: '123456789012',
        allowedCidrs: '["10.0.0.0/8","192.168.0.0/16"]',
      },
      where,
      provider,
    );
    expect(config).toMatchObject({ image, allowedCidrs: ['10.0.0.0/8', '192.168.0.0/16'] });
  });
});

describe('a key under its old name', () => {
  const docker = { platform: 'docker', build: 'true' };

  it('goes on working', () => {
    expect(parse(docker).compatibilityCheck).toBe(true);
    expect(parse({ ...docker, checkOldCode: 'false' }).compatibilityCheck).toBe(false);
  });

  it('is warned of, with its new name; the new name is not', () => {
    expect(oldNameWarnings({ ...docker, checkOldCode: 'false' }, where)).toEqual([
      'slipway:checkOldCode is now called slipway:compatibilityCheck. The old name works in this release only. Rename it in Pulumi.dev.yaml.',
    ]);
    expect(oldNameWarnings({ ...docker, compatibilityCheck: 'false' }, where)).toEqual([]);
  });

  it('is refused beside its new name', () => {
    const both = { ...docker, checkOldCode: 'false', compatibilityCheck: 'true' };
    expect(refusal(both)).toContain(
      'slipway:checkOldCode: is the old name of compatibilityCheck, and both are set. Remove checkOldCode.',
    );
  });

  it('is the name of a fault in its value, because the file has it', () => {
    expect(refusal({ ...docker, checkOldCode: 'perhaps' })).toContain(
      'slipway:checkOldCode: must be a boolean, is "perhaps"',
    );
  });
});

describe('a name that cannot be carried everywhere', () => {
  it.each([
    ['slipway', 'Demo', /the stack's name: must be lower-case/],
    ['My App', 'dev', /Pulumi\.yaml: name: must be lower-case/],
    ['slipway', 'x'.repeat(40), /the stack's name: must be 32 characters at most/],
  ])('is refused with every other fault: project %s, stack %s', (project, stack, message) => {
    const read = (): unknown => parseConfig({ platform: 'docker' }, { project, stack });
    expect(read).toThrow(message);
    expect(read).toThrow(/none of build, image and imageFrom/);
  });
});
