import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../lib/paths.ts';
import { usedTypes } from './usedTypes.ts';

const awsPackage = join(root, 'node_modules/@pulumi/aws');
const mapping = JSON.parse(
  readFileSync(join(import.meta.dirname, 'mapping.json'), 'utf8'),
) as Record<'resources' | 'functions', Record<string, { token: string }>>;
const entries = [...Object.entries(mapping.resources), ...Object.entries(mapping.functions)];
const mapped = new Set(['pulumi:providers:aws', ...entries.map(([, { token }]) => token)]);

describe('mapping.json', () => {
  it('has every type and function that the program uses', () => {
    const missing = usedTypes(join(root, 'infra'), awsPackage).filter(
      ({ token }) => !mapped.has(token) && token !== 'aws',
    );
    expect(missing).toEqual([]);
  });

  it('has only tokens that the npm package has', () => {
    for (const [terraform, { token }] of entries) {
      const path = token.split(':')[1]?.replace(/^index\//, '') ?? '';
      const text = readFileSync(join(awsPackage, `${path}.js`), 'utf8');
      expect(
        text.includes(`'${token}'`) || text.includes(`"${token}"`),
        `${terraform} → ${token}`,
      ).toBe(true);
    }
  });

  it('maps no token twice', () => {
    expect(mapped.size).toBe(entries.length + 1);
  });
});

describe('usedTypes', () => {
  it('reads both ways of importing, and sees through a type import', () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-used-'));
    try {
      writeFileSync(
        join(folder, 'a.ts'),
        [
          "import { Service as EcsService, type ServiceArgs } from '@pulumi/aws/ecs/service.js';",
          "import type { RoleArgs } from '@pulumi/aws/iam/role.js';",
          "import {\n  getZoneOutput,\n  type GetZoneResult,\n} from '@pulumi/aws/route53/getZone.js';",
        ].join('\n'),
      );
      writeFileSync(
        join(folder, 'b.ts'),
        "import * as aws from '@pulumi/aws';\nnew aws.glue.Job('x'); aws.getRegionOutput(); let a: aws.ecs.ServiceArgs;",
      );
      expect(
        usedTypes(folder, awsPackage)
          .map(({ token }) => token)
          .sort(),
      ).toEqual([
        'aws:ecs/service:Service',
        'aws:glue/job:Job',
        'aws:index/getRegion:getRegion',
        'aws:route53/getZone:getZone',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('finds what the proof program uses', () => {
    const program = join(root, 'tests/aws/program');
    expect(existsSync(program)).toBe(true);
    const used = new Set(usedTypes(program, awsPackage).map(({ token }) => token));
    expect(used.size).toBeGreaterThan(60);
    expect([...used].filter((token) => !mapped.has(token) && token !== 'aws')).toEqual([]);
  });
});
