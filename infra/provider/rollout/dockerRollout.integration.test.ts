import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../release/route.ts';
import { firstConfig, gatewayEntrypoint, gatewayScript } from '../../gateway/gatewayScript.ts';
import { dockerHost } from '../../docker-engine/host.ts';
import { gatewayPorts } from '../../gateway/nginxConfig.ts';
import { baseImages } from '../../docker-engine/baseImages.ts';
import { dockerClient } from '../../docker-engine/dockerClient.ts';
import { DockerRollout, type DockerTarget } from './dockerRollout.ts';

const host = dockerHost();
const docker = dockerClient(host);
const run = randomUUID().slice(0, 8);
const networkName = `slipway-rollout-test-${run}`;
const label = `dev.slipway.test=${run}`;
const routes: Route[] = [
  { path: '/health', match: 'exact', service: 'api' },
  { path: '/slow', match: 'exact', service: 'api' },
];
let gateway: string;
let port: number;

/** A stand-in for an instance of the api: who it is at /health, readiness as asked for. */
const instanceScript = `
const { createServer } = require('node:http');
const server = createServer((request, response) => {
  const ready = request.url !== '/health/ready' || process.env.READY === 'yes';
  const answer = () => response.writeHead(ready ? 200 : 503).end(JSON.stringify({ release: process.env.RELEASE, instance: require('node:os').hostname() }));
  setTimeout(answer, request.url === '/slow' ? 1500 : 0);
}).listen(3000);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

async function start(name: string, options: object): Promise<string> {
  const container = await docker.createContainer({
    name: `${name}-${run}`,
    Labels: { 'dev.slipway.test': run },
    ...options,
  });
  await container.start();
  return container.id;
}

async function instance(
  name: string,
  release: string,
  env: { ready?: boolean; claims?: string; network?: string } = {},
): Promise<DockerTarget> {
  const id = await start(name, {
    Image: baseImages.node,
    Cmd: ['node', '-e', instanceScript],
    Env: [`RELEASE=${env.claims ?? release}`, `READY=${env.ready === false ? 'no' : 'yes'}`],
    HostConfig: { NetworkMode: env.network ?? networkName },
  });
  const paths = { livenessPath: '/health', readinessPath: '/health/ready' };
  return { service: 'api', name: `${name}-${run}`, id, port: 3000, ...paths };
}

const rollout = (release: string, targets: DockerTarget[], timeoutSeconds = 15) =>
  new DockerRollout({
    runner: { kind: 'docker', host, gateway, imageLabels: { 'dev.slipway.test': run } },
    release,
    targets,
    routes,
    timeoutSeconds,
    signal: new AbortController().signal,
    onLine: () => Promise.resolve(),
  }).run();

/** The release that answers through the gateway; `503` when none does. */
async function serving(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  return response.ok
    ? ((await response.json()) as { release: string }).release
    : String(response.status);
}

/** Sends requests one after the other until stopped, and counts. */
function requests() {
  const count = { sent: 0, failed: 0, releases: new Set<string>() };
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      count.sent++;
      const answer = await serving().catch(() => 'failed');
      if (/^\d{3}$|failed/.test(answer)) count.failed++;
      count.releases.add(answer);
    }
  })();
  return async () => {
    stopped = true;
    await loop;
    return count;
  };
}

beforeAll(async () => {
  await docker.createNetwork({ Name: networkName });
  gateway = await start('gateway', {
    Image: baseImages.nginx,
    User: 'nginx',
    Entrypoint: gatewayEntrypoint,
    Cmd: ['run'],
    Env: [`FIRST_CONFIG=${firstConfig}`, `GATEWAY_SCRIPT=${gatewayScript}`],
    Volumes: { '/etc/slipway': {} },
    ExposedPorts: { [`${gatewayPorts.public}/tcp`]: {} },
    HostConfig: {
      NetworkMode: networkName,
      PortBindings: { [`${gatewayPorts.public}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m,mode=1777' },
      CapDrop: ['ALL'],
    },
  });
  const { NetworkSettings } = await docker.getContainer(gateway).inspect();
  port = Number(NetworkSettings.Ports[`${gatewayPorts.public}/tcp`]?.[0]?.HostPort);
  for (let tries = 0; (await serving().catch(() => 'down')) === 'down'; tries++) {
    if (tries > 100) throw new Error('the gateway did not start');
    await sleep(100);
  }
});

const remove = async (id: string) => {
  await docker.getContainer(id).remove({ force: true, v: true });
};
const others = async () => {
  const found = await docker.listContainers({ all: true, filters: { label: [label] } });
  return found.filter(({ Id }) => Id !== gateway);
};

afterEach(async () => {
  // Each test leaves its last good instances to the next one.
  for (const { Id, State } of await others()) if (State !== 'running') await remove(Id);
});
afterAll(async () => {
  for (const { Id } of await others()) await remove(Id);
  await remove(gateway);
  await docker.getNetwork(networkName).remove();
});

describe('a rollout on Docker', { concurrent: false, timeout: 90_000 }, () => {
  it('answers 503 before the first release, as the api does, with the id of the request', async () => {
    const url = `http://127.0.0.1:${port}`;
    const named = await fetch(`${url}/api/models`, { headers: { 'X-Request-Id': 'mine-1' } });
    const unnamed = await fetch(url);
    const tooLong = await fetch(`${url}/${'x'.repeat(40_000)}`);
    expect(named.headers.get('x-request-id')).toBe('mine-1');
    for (const answer of [named, unnamed, tooLong]) {
      const requestId = answer.headers.get('x-request-id');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(requestId).toMatch(/^[\w-]+$/);
      expect(await answer.json()).toMatchObject({ detail: 'No release serves yet.', requestId });
    }
  });

  it('serves the first release', async () => {
    await rollout('v1', [await instance('v1-a', 'v1'), await instance('v1-b', 'v1')]);
    expect(await serving()).toBe('v1');
  });

  it('loses no request while it switches', async () => {
    const stop = requests();
    const slow = fetch(`http://127.0.0.1:${port}/slow`);
    await rollout('v2', [await instance('v2-a', 'v2')]);
    expect((await slow).status).toBe(200);
    const { sent, failed, releases } = await stop();
    expect({ failed, releases: [...releases].sort() }).toEqual({
      failed: 0,
      releases: ['v1', 'v2'],
    });
    expect(sent).toBeGreaterThan(20);
  });

  it('never sends a request to an instance that does not get ready, and says what it answered', async () => {
    const stop = requests();
    const bad = rollout('v3', [await instance('v3-a', 'v3', { ready: false })], 4);
    await expect(bad).rejects.toThrow(
      /v3-a-\w+ did not become healthy in time: \/health\/ready answers 503/,
    );
    expect(await stop()).toMatchObject({ failed: 0, releases: new Set(['v2']) });
  });

  it('refuses an instance of another release', async () => {
    const wrong = rollout('v4', [await instance('v4-a', 'v4', { claims: 'v9' })], 3);
    await expect(wrong).rejects.toThrow('it says it is release v9, not v4');
    expect(await serving()).toBe('v2');
  });

  it('names an instance that has ended, with its last lines', async () => {
    const id = await start('v5-a', {
      Image: baseImages.node,
      Cmd: ['node', '-e', 'console.log("no such table"); process.exitCode = 9'],
      HostConfig: { NetworkMode: networkName },
    });
    const target = {
      service: 'api',
      name: `v5-a-${run}`,
      id,
      port: 3000,
      livenessPath: '/health',
      readinessPath: '/',
    };
    await expect(rollout('v5', [target], 4)).rejects.toThrow(
      /ended with exit code 9.*\n {2}\| no such table/,
    );
    expect(await serving()).toBe('v2');
  });

  it('does not wait for an instance that crashes again and again, and leaves it stopped', async () => {
    const id = await start('v5-b', {
      Image: baseImages.node,
      Cmd: ['node', '-e', 'process.exitCode = 7'],
      HostConfig: { NetworkMode: networkName, RestartPolicy: { Name: 'unless-stopped' } },
    });
    const target = {
      service: 'api',
      name: `v5-b-${run}`,
      id,
      port: 3000,
      livenessPath: '/health',
      readinessPath: '/',
    };
    await expect(rollout('v5', [target], 30)).rejects.toThrow(
      /crashed \d times, last with exit code 7/,
    );
    const { State } = await docker.getContainer(id).inspect();
    expect(State).toMatchObject({ Running: false, Restarting: false });
  });

  it('starts a stopped instance once more when the same version is tried again', async () => {
    const target = await instance('v5-c', 'v5');
    await docker.getContainer(target.id).stop({ t: 1 });
    await rollout('v5', [target]);
    expect(await serving()).toBe('v5');
  });

  it('serves the same release again after the gateway restarts', async () => {
    await rollout('v2', [await instance('v2-b', 'v2')]);
    await docker.getContainer(gateway).restart();
    const { NetworkSettings } = await docker.getContainer(gateway).inspect();
    port = Number(NetworkSettings.Ports[`${gatewayPorts.public}/tcp`]?.[0]?.HostPort);
    for (let tries = 0; tries < 50 && (await serving().catch(() => 'down')) !== 'v2'; tries++)
      await sleep(100);
    expect(await serving()).toBe('v2');
  });

  it('starts though one of its instances is gone, and finds it again at another address', async () => {
    const [a, b] = [await instance('v6-a', 'v6'), await instance('v6-b', 'v6')];
    await rollout('v6', [a, b]);
    await docker.getContainer(a.id).stop({ t: 1 });
    await docker.getContainer(b.id).stop({ t: 1 });
    const squatter = await instance('squatter', 'none');
    await docker.getContainer(b.id).start();
    await docker.getContainer(a.id).start();
    // It looks names up every two seconds, one instance after the other may be found.
    const seen = async () =>
      new Set(await Promise.all([1, 2, 3, 4].map(() => serving().catch(() => 'down'))));
    const isFound = (found: Set<string>) => found.size === 1 && found.has('v6');
    for (let tries = 0; tries < 60 && !isFound(await seen()); tries++) await sleep(200);
    expect(await seen()).toEqual(new Set(['v6']));
    await remove(squatter.id);
  });
});

it('says so when the gateway cannot resolve an instance’s name, and what to do', async () => {
  const lost = await instance('lost', 'sha256:lost', { network: 'bridge' });
  await expect(rollout('sha256:lost', [lost], 3)).rejects.toThrow(
    /cannot resolve the name lost-.*make up.*docker rm -f [0-9a-f]{12}/,
  );
});
