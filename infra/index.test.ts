import { beforeAll, describe, expect, it, vi } from 'vitest';
import { renderStack } from './aws/test-support/renderStack.ts';
import type { Recorded, Registered } from './test-support/registered.ts';
import { runProgram } from './test-support/runProgram.ts';

let docker: Awaited<ReturnType<typeof runProgram>>;
let aws: Registered;

beforeAll(async () => {
  // An engine behind ssh is one that the program does not ask.
  vi.stubEnv('DOCKER_HOST', 'ssh://nowhere');
  docker = await runProgram({
    stack: 'dev',
    config: { 'slipway:platform': 'docker', 'slipway:build': 'true', 'slipway:seed': 'true' },
  });
  vi.unstubAllEnvs();
  aws = await renderStack();
}, 120_000);

/** Types and names of what a resource waits for. */
function waitsFor(registered: Registered, type: string, name: string): string[] {
  const found = registered.all.find((one) => one.type === type && one.name === name);
  if (!found) throw new Error(`there is no ${type} named ${name}`);
  const byUrn = new Map(registered.all.map((one): [string, Recorded] => [one.urn, one]));
  return found.dependencies.map((urn) => {
    const { type, name } = byUrn.get(urn) ?? { type: 'unknown', name: urn };
    return `${type} ${name}`;
  });
}

describe.each([
  ['docker', () => docker.registered, 'docker:index/container:Container', 'api-0', 'api'],
  ['aws', () => aws, 'aws:ecs/service:Service', 'api', 'api'],
])('the program on %s', (platform, registered, instanceType, instance, service) => {
  it('starts a service after the migrations and the cache', () => {
    const waits = waitsFor(registered(), `slipway:${platform}:Service`, service);
    expect(waits).toContain('slipway:index:MigrationRun migrations');
    expect(waits.some((one) => /(valkey|cache)$/.test(one))).toBe(true);
    expect(
      registered()
        .ofType(instanceType)
        .map(({ name }) => name),
    ).toContain(instance);
  });

  it('rolls out after the migrations and the services', () => {
    const waits = waitsFor(registered(), 'slipway:index:Rollout', 'rollout');
    expect(waits).toContain('slipway:index:MigrationRun migrations');
    expect(waits.some((one) => one.endsWith(` ${instance}`))).toBe(true);
  });
});

describe('the program on docker', () => {
  it('tells where everything is', () => {
    expect(Object.keys(docker.outputs).sort()).toEqual([
      'databaseHost',
      'databaseName',
      'databasePort',
      'databaseUrl',
      'databaseUser',
      'demoEmail',
      'demoPassword',
      'docsUrl',
      'imageId',
      'metricsUrl',
      'migrationTask',
      'release',
      'url',
    ]);
  });

  it('gives the compatibility check the tables that migrations write rows into', () => {
    const { compatibility } = docker.registered.inputs('slipway:index:MigrationRun', 'migrations');
    expect(compatibility).toMatchObject({
      referenceTables: expect.arrayContaining(['models']) as unknown,
    });
  });
});
