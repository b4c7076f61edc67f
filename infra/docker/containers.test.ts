import * as pulumi from '@pulumi/pulumi';
import type * as docker from '@pulumi/docker';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createBlueprint } from '../blueprint.ts';
import { parseConfig } from '../config/config.ts';

interface Recorded {
  type: string;
  name: string;
  inputs: docker.ContainerArgs & { labels: { label: string; value: string }[] };
}
const recorded: Recorded[] = [];
/** The inputs a container was registered with. */
const container = (name: string) => {
  const found = recorded.find(
    (resource) => resource.type === 'docker:index/container:Container' && resource.name === name,
  );
  if (!found) throw new Error(`no container ${name}`);
  return found.inputs;
};
const containerNames = ['postgres', 'valkey', 'gateway', 'api-0', 'api-1'];

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      recorded.push({ type, name, inputs: inputs as Recorded['inputs'] });
      return { id: `${name}-id`, state: { ...(inputs as object), name: `${name}-physical` } };
    },
    call: ({ inputs }) => inputs as Record<string, unknown>,
  });
  const dockerSdk = await import('@pulumi/docker');
  const { Postgres } = await import('./postgres.ts');
  const { Valkey } = await import('./valkey.ts');
  const { Gateway } = await import('./gateway.ts');
  const { DockerService } = await import('./dockerService.ts');
  const config = parseConfig(
    { platform: 'docker', build: 'true' },
    { project: 'slipway', stack: 'dev' },
  );
  const identity = { project: 'slipway', stack: 'dev', root: '/checkout' };
  const network = new dockerSdk.Network('network', {});
  new Postgres('postgres', {
    identity,
    network,
    ownerPassword: pulumi.secret('pw'),
    userPassword: pulumi.secret('pw'),
    hostPort: config.databasePort,
    cpus: 4,
  });
  new Valkey('valkey', { identity, network, password: pulumi.secret('pw') });
  new Gateway('gateway', {
    identity,
    network,
    hostPort: config.gatewayPort,
    metricsHostPort: config.metricsPort,
  });
  for (const blueprint of createBlueprint(config).services) {
    const environment = {
      plain: { PORT: '3000' },
      secret: { DATABASE_URL: { name: 'database-url', value: pulumi.secret('postgres://pw') } },
    };
    new DockerService(blueprint.name, {
      identity,
      network,
      blueprint,
      environment,
      engineId: 'sha256:1',
    });
  }
  await vi.waitFor(() => containerNames.forEach(container));
});

describe.each(containerNames)('container %s', (name) => {
  it('publishes its ports on the loopback alone', () => {
    for (const port of (container(name).ports ?? []) as { ip?: string }[])
      expect(port.ip).toBe('127.0.0.1');
  });

  it('has a read-only root and no capability it does not need', () => {
    const { readOnly, capabilities } = container(name) as {
      readOnly: boolean;
      capabilities: { drops: string[] };
    };
    expect(readOnly).toBe(true);
    expect(capabilities.drops).toEqual(['ALL']);
  });

  it('cannot gain privileges', () => {
    expect(container(name).securityOpts).toEqual(['no-new-privileges:true']);
  });

  it('has bounded memory, CPU and logs', () => {
    const { memory, memorySwap, cpus, logOpts } = container(name);
    expect(memory).toBeGreaterThan(0);
    expect(memorySwap).toBe(memory);
    expect(Number(cpus)).toBeGreaterThan(0);
    expect(logOpts).toEqual({ 'max-size': '10m', 'max-file': '3' });
  });

  it('has a health check, and is stopped in good order', () => {
    const { healthcheck, destroyGraceSeconds } = container(name);
    expect(healthcheck).toBeDefined();
    expect(destroyGraceSeconds).toBeGreaterThanOrEqual(15);
  });

  it('says which stack it belongs to', () => {
    const labels = Object.fromEntries(
      container(name).labels.map(({ label, value }) => [label, value]),
    );
    expect(labels).toMatchObject({
      'dev.slipway.project': 'slipway',
      'dev.slipway.stack': 'dev',
      'dev.slipway.root': '/checkout',
    });
  });

  it('has no secret in its command or health check', () => {
    const { command, entrypoints, healthcheck } = container(name);
    expect(JSON.stringify([command, entrypoints, healthcheck])).not.toMatch(/\bpw\b|postgres:\/\//);
  });
});

it.each(['postgres', 'valkey', 'gateway'])('%s is waited for until it is healthy', (name) => {
  expect(container(name).wait).toBe(true);
});

it('postgres gets its signals itself, so that a stop is no crash', () => {
  expect(container('postgres')).toMatchObject({ init: false, stopSignal: 'SIGINT' });
});

describe('the api’s containers', () => {
  it('are left to the rollout to judge', () => {
    expect(container('api-0').wait).toBe(false);
  });

  it('run as a plain user, the image by its id', () => {
    expect(container('api-0')).toMatchObject({ user: '1000:1000', image: 'sha256:1' });
  });

  it('share no network alias, so an unproven version gets no request', () => {
    expect(container('api-0').networksAdvanced).toEqual([{ name: 'network-physical' }]);
  });

  it('get longer to stop than they take to drain', () => {
    expect(container('api-0').destroyGraceSeconds).toBeGreaterThan(10);
  });

  it('publish no port: only the gateway does', () => {
    expect(container('api-0').ports).toBeUndefined();
  });
});
