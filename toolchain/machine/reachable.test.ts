import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { proxyFor, proxyVariables, reachable } from './reachable.ts';

describe('proxyFor', () => {
  const env = {
    HTTPS_PROXY: 'http://proxy:3128',
    http_proxy: 'http://plain:3128',
    NO_PROXY: 'localhost, .corp.example,10.0.0.1',
  };

  it('takes the proxy of the scheme, in either spelling', () => {
    expect(proxyFor('https://get.pulumi.com/', env)).toBe('http://proxy:3128');
    expect(proxyFor('http://deb.debian.org/', env)).toBe('http://plain:3128');
    expect(proxyFor('https://get.pulumi.com/', {})).toBeUndefined();
  });

  it('leaves out what NO_PROXY names, with its subdomains', () => {
    expect(proxyFor('https://mirror.corp.example/', env)).toBeUndefined();
    expect(proxyFor('https://corp.example/', env)).toBeUndefined();
    expect(proxyFor('https://notcorp.example/', env)).toBeDefined();
    expect(proxyFor('https://anything/', { ...env, NO_PROXY: '*' })).toBeUndefined();
  });
});

describe('proxyVariables', () => {
  it('hands on what is set and nothing else', () => {
    expect(
      proxyVariables({ HTTP_PROXY: 'a', no_proxy: 'b', HOME: '/root', https_proxy: '' }),
    ).toEqual({
      HTTP_PROXY: 'a',
      no_proxy: 'b',
    });
  });
});

describe('reachable', () => {
  it('says yes to a listening port and no to a closed one or an unknown name', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await reachable(`http://127.0.0.1:${port}/`)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    expect(await reachable(`http://127.0.0.1:${port}/`)).toBe(false);
    expect(await reachable('https://no-such-host.invalid/', 2000)).toBe(false);
  });
});
