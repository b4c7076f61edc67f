import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startContainer, type TestContainer } from '../../tests/support/containers.ts';
import { createBlueprint } from '../blueprint.ts';
import { parseConfig } from '../config/config.ts';
import { baseImages } from '../docker-engine/baseImages.ts';
import { containerExec } from '../docker-engine/containerExec.ts';
import { dockerClient } from '../docker-engine/dockerClient.ts';
import { dockerHost } from '../docker-engine/host.ts';
import { gatewayEntrypoint } from './gatewayScript.ts';
import { gatewayPorts, nginxConfig } from './nginxConfig.ts';

const { routes } = createBlueprint(
  parseConfig({ platform: 'docker', build: 'true' }, { project: 'p', stack: 's' }),
);
/** An instance that says what it was asked; it never answers below `/api/slow`. */
const instance = `require('node:http').createServer((req, res) => {
  let length = 0;
  req.on('data', (part) => (length += part.length)).on('end', () => {
    if (req.url.startsWith('/api/big')) return res.end('x'.repeat(8_000_000));
    res.setHeader('content-type', 'application/json').setHeader('x-request-id', req.headers['x-request-id']);
    res.end(JSON.stringify({ url: req.url, host: req.headers.host, length }));
  });
}).listen(3000)`;

let upstream: TestContainer;
let nginx: TestContainer;
let lonely: TestContainer;
beforeAll(async () => {
  upstream = await startContainer(baseImages.node, 3000, {
    command: ['node', '-e', instance],
    memoryMb: 256,
  });
  const { NetworkSettings } = await upstream.container.inspect();
  const [network] = Object.values(NetworkSettings.Networks);
  [nginx, lonely] = await Promise.all([start(`${network?.IPAddress}:3000`), start('127.0.0.1:9')]);
});
afterAll(() => Promise.all([nginx?.remove(), lonely?.remove(), upstream?.remove()]));

/** The gateway with its real configuration and limits, in front of one instance. */
async function start(address: string): Promise<TestContainer> {
  const config = nginxConfig({
    routes,
    upstreams: [{ service: 'api', address }],
    port: gatewayPorts.public,
    metricsPort: gatewayPorts.metrics,
  });
  const started = await startContainer(baseImages.nginx, gatewayPorts.public, {
    command: [...gatewayEntrypoint, 'run'],
    envs: [`FIRST_CONFIG=${config}`],
    user: 'nginx',
    memoryMb: 128,
  });
  await eventually(() => fetch(`http://127.0.0.1:${started.port}/`));
  return started;
}

interface Raw {
  status: number;
  headers: Map<string, string[]>;
  body: string;
}

/** Sends bytes as they are, and reads until the gateway closes. */
function send(text: string, port = nginx.port): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no end after: ${answer}`)));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', (error) => (answer ? finish() : reject(error)));
    socket.on('end', finish);
    function finish(): void {
      const [head = '', ...body] = answer.split('\r\n\r\n');
      const [status = '', ...lines] = head.split('\r\n');
      const headers = new Map<string, string[]>();
      for (const line of lines) {
        const [name = '', value = ''] = line.split(/: (.*)/);
        headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
      }
      resolve({ status: Number(status.split(' ')[1]), headers, body: body.join('\r\n\r\n') });
      socket.destroy();
    }
  });
}

const request = (line: string, ...headers: string[]): string =>
  [line, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n');

describe('what the gateway itself answers', () => {
  test.each<[string, number, string]>([
    ['no route', 404, request('GET /nope HTTP/1.1')],
    ['no request', 400, 'nonsense\r\n\r\n'],
    ['no host in HTTP/1.1', 400, 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['TRACE', 405, request('TRACE /health HTTP/1.1')],
    ['a body over the limit', 413, request('POST /api/login HTTP/1.1', 'Content-Length: 262145')],
    ['a long address', 414, request(`GET /api/${'x'.repeat(20_000)} HTTP/1.1`)],
    ['a long header', 431, request('GET /health HTTP/1.1', `X-Long: ${'x'.repeat(40_000)}`)],
    ['an unknown encoding', 501, request('POST /api/login HTTP/1.1', 'Transfer-Encoding: gzip')],
    ['a version to come', 505, request('GET /health HTTP/3.0')],
  ])('to %s is problem details with the request id', async (_what, status, text) => {
    const answer = await send(text);
    expect(answer.status, answer.body).toBe(status);
    expect(answer.headers.get('content-type')).toEqual(['application/problem+json']);
    const problem = JSON.parse(answer.body) as Record<string, unknown>;
    expect(problem).toMatchObject({ type: 'about:blank', status });
    expect(answer.headers.get('x-request-id')).toEqual([problem['requestId']]);
    expect(problem['requestId']).toMatch(/^[0-9a-f]{32}$/);
  });

  test('where no instance answers is a 503 that says when to try again', async () => {
    const answer = await send(
      request('GET /health HTTP/1.1', 'X-Request-Id: trace-1'),
      lonely.port,
    );
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toEqual(['1']);
    expect(answer.headers.get('x-request-id')).toEqual(['trace-1']);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 503, requestId: 'trace-1' });
  });

  test('its pages for that cannot be asked for', async () => {
    expect((await send(request('GET /-/problem/500 HTTP/1.1'))).status).toBe(404);
  });
});

describe('a switch to another configuration', () => {
  const within = (command: string[], input?: string) =>
    containerExec(dockerClient(dockerHost()), lonely.container.id, command, {
      user: 'nginx',
      input,
    });
  const files = async () =>
    (await within(['grep', '-ho', 'try [0-9-]*', '/tmp/named.conf', '/tmp/nginx.conf'])).output
      .trim()
      .split('\n');

  test('waits for the one before: none takes the files of another, and the last one serves', async () => {
    const { output: before } = await within(['cat', '/tmp/named.conf']);
    for (const round of [1, 2, 3]) {
      const tries = [1, 2, 3, 4, 5, 6].map((n) =>
        within([...gatewayEntrypoint, 'try'], `# try ${round}-${n}\n${before}`),
      );
      for (const { exitCode, output } of await Promise.all(tries)) expect(exitCode, output).toBe(0);
      const [named, live, ...more] = await files();
      expect([named, more]).toEqual([live, []]);
      expect(named).toMatch(`try ${round}-`);
    }
    expect((await send(request('GET /nope HTTP/1.1'), lonely.port)).status).toBe(404);
  });

  test('that nginx does not read leaves the one before', async () => {
    const before = await files();
    const { exitCode, output } = await within([...gatewayEntrypoint, 'try'], '# try 9-9\nnope;\n');
    expect([exitCode, output]).toEqual([1, expect.stringContaining('unknown directive "nope"')]);
    expect(await files()).toEqual(before);
  });
});

describe('a request for an instance', () => {
  test('in HTTP/1.0 without a Host is passed on', async () => {
    const { status, body } = await send('GET /health HTTP/1.0\r\n\r\n');
    expect([status, JSON.parse(body)]).toEqual([
      200,
      { url: '/health', host: 'gateway', length: 0 },
    ]);
  });

  test.each([
    ['trace-1', /^trace-1$/],
    ['x"}{', /^[0-9a-f]{32}$/],
    ['x'.repeat(65), /^[0-9a-f]{32}$/],
  ])('that calls itself %s has one id on its way', async (id, seen) => {
    const { headers } = await send(request('GET /health HTTP/1.1', `X-Request-Id: ${id}`));
    expect(headers.get('x-request-id')).toEqual([expect.stringMatching(seen)]);
  });

  test('may have a body as large as the app takes', async () => {
    const body = 'x'.repeat(262_144);
    const answer = await send(
      request('POST /api/login HTTP/1.1', `Content-Length: ${body.length}`) + body,
    );
    expect(JSON.parse(answer.body)).toMatchObject({ length: body.length });
  });
});

test('slow uploads and slow readers leave nothing on disk, and others are served', async () => {
  const slow = Array.from({ length: 40 }, (_, index) => {
    const socket = connect(nginx.port, '127.0.0.1');
    socket.on('error', () => {});
    const upload =
      request('POST /api/login HTTP/1.1', 'Content-Length: 262144') + 'x'.repeat(200_000);
    // A reader asks for 8 MB, and reads none of it.
    socket.pause().write(index % 2 ? upload : request('GET /api/big HTTP/1.1'));
    return socket;
  });
  await sleep(1_500);
  const exec = await nginx.container.exec({
    Cmd: [
      'bash',
      '-c',
      'find /tmp/client_body /tmp/proxy -type f | wc -l; du -sk /tmp | cut -f 1; ls /proc/*/fd -l 2>/dev/null | grep -c "/tmp/.*deleted" || true',
    ],
    AttachStdout: true,
  });
  const stream = await exec.start({});
  const [files = '', kilobytes = '', deleted = ''] = (await text(stream)).split('\n');
  expect([Number(files), Number(deleted)]).toEqual([0, 0]);
  expect(Number(kilobytes)).toBeLessThan(1_000);
  expect((await fetch(`http://127.0.0.1:${nginx.port}/health`)).status).toBe(200);
  for (const socket of slow) socket.destroy();
});

/** Output of a command, without the frames that Docker puts around it. */
async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString()
    .replaceAll(/[^\n\d]/g, '');
}
