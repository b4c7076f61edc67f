import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { complaint, httpAnswer } from './httpAnswer.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server on a free port that answers each path with a status and a body. */
async function serve(answers: Record<string, [number, string]>): Promise<string> {
  server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, ''];
    response.writeHead(status, status === 302 ? { location: '/health' } : {}).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const paths = { readinessPath: '/health/ready', livenessPath: '/health' };
const ready: [number, string] = [200, '{"status":"ready"}'];
const complain = (base: string) => complaint(base, paths, 'sha256:1', httpAnswer);

describe('what is wrong with the answers of a load balancer', () => {
  it('is nothing when the release asked for is ready, also below a path', async () => {
    const alive: [number, string] = [200, '{"release":"sha256:1"}'];
    const base = await serve({ '/lb/health/ready': ready, '/lb/health': alive });
    expect(await complain(`${base}/lb`)).toBe('');
  });

  it('is another release, or none', async () => {
    const other = await serve({
      '/health/ready': ready,
      '/health': [200, '{"release":"sha256:2"}'],
    });
    expect(await complain(other)).toBe('it says it is release sha256:2, not sha256:1');
    server?.close();
    const none = await serve({
      '/health/ready': ready,
      '/health': [200, '<html>a parked domain</html>'],
    });
    expect(await complain(none)).toBe('it says it is release unknown, not sha256:1');
  });

  it('is a status that is not 200; redirects lead elsewhere and are not followed', async () => {
    const base = await serve({
      '/health/ready': [302, ''],
      '/health': [200, '{"release":"sha256:1"}'],
    });
    expect(await complain(base)).toBe('/health/ready answers 302');
    server?.close();
    expect(await complain(await serve({ '/health/ready': ready }))).toBe('/health answers 404');
  });

  it('is that nobody answers', async () => {
    const base = await serve({});
    await new Promise((resolve) => server?.close(resolve));
    expect(await complain(base)).toBe('ECONNREFUSED');
  });
});
