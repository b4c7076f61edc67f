import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OciRepository } from './ociRepository.ts';

const digestOf = (content: string) =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
const image = digestOf('image');
const config = JSON.stringify({ architecture: 'amd64' });

let server: Server;
let repository: OciRepository;
let blobs: Map<string, string>;
let manifests: Map<string, string>;
let seen: string[];
let refuse: string | undefined;

/** As much of a registry as the protocol asks for here; the rehearsal runs against a whole one. */
beforeAll(async () => {
  server = createServer((request, response) => {
    void handle(request).then(({ status, headers = {}, body = '' }) =>
      response.writeHead(status, headers).end(body),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const login = { username: 'AWS', password: 'a:b' };
  repository = new OciRepository(`127.0.0.1:${port}`, 'stack/app', login);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  blobs = new Map([[digestOf(config), config]]);
  manifests = new Map([[image, 'image']]);
  seen = [];
  refuse = undefined;
});

interface Answer {
  status: number;
  headers?: Record<string, string | number>;
  body?: string;
}

async function handle(request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '', 'http://registry');
  const [, kind, name = ''] =
    /^\/v2\/stack\/app\/(blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  seen.push(`${request.method} ${kind}`);
  if (request.headers.authorization !== `Basic ${Buffer.from('AWS:a:b').toString('base64')}`)
    return { status: 401 };
  if (refuse === `${request.method} ${kind}`) return { status: 403, body: 'denied' };
  if (request.method === 'POST')
    return { status: 202, headers: { location: '/v2/stack/app/blobs/uploads/7?state=x' } };
  if (request.method === 'PUT' && kind === 'blobs') {
    blobs.set(url.searchParams.get('digest') ?? '', body);
    return { status: url.searchParams.get('state') === 'x' ? 201 : 400 };
  }
  if (request.method === 'PUT') {
    manifests.set(name, body);
    return { status: 201 };
  }
  const found = (kind === 'blobs' ? blobs : manifests).get(name);
  if (found === undefined) return { status: 404 };
  const headers = { 'content-type': 'image/type', 'content-length': found.length };
  return { status: 200, headers, ...(request.method === 'GET' && { body: found }) };
}

const proof = {
  mediaType: 'proof/type',
  content: '{"signed":1}',
  annotations: { a: 'b' },
  tag: 't',
};

describe('a repository by the protocol of registries', () => {
  it('has the blobs it says it has', async () => {
    expect((await repository.blob(digestOf(config))).toString()).toBe(config);
    blobs.set(digestOf(config), 'other');
    await expect(repository.blob(digestOf(config))).rejects.toThrow('came back as other bytes');
  });

  it('takes an artifact beside an image, as a manifest that names it', async () => {
    const digest = await repository.attach(image, proof);
    const manifest = manifests.get('t') ?? '';
    expect(digest).toBe(digestOf(manifest));
    expect(JSON.parse(manifest)).toMatchObject({
      artifactType: 'proof/type',
      subject: { mediaType: 'image/type', digest: image, size: 5 },
      layers: [{ mediaType: 'proof/type', digest: digestOf(proof.content), size: 12 }],
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 },
      annotations: { a: 'b' },
    });
    expect(blobs.get(digestOf(proof.content))).toBe(proof.content);
  });

  it('uploads no blob that is there', async () => {
    await repository.attach(image, proof);
    seen = [];
    await repository.attach(image, { ...proof, tag: 'u' });
    expect(seen).not.toContain('POST blobs');
  });

  it.each(['HEAD manifests', 'POST blobs', 'PUT blobs', 'PUT manifests'])(
    'says what the registry refused: %s',
    async (call) => {
      refuse = call;
      const [method] = call.split(' ');
      await expect(repository.attach(image, proof)).rejects.toThrow(
        new RegExp(`the registry answers 403 to ${method} http`),
      );
    },
  );
});
