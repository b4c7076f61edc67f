import { describe, expect, it } from 'vitest';
import { debianMirror, extraAuthorities } from './host.ts';

describe('debianMirror', () => {
  it("is this machine's own, from either form of apt's sources", () => {
    expect(
      debianMirror(['Types: deb\nURIs: https://mirror.corp.example/debian/\nSuites: bookworm']),
    ).toBe('https://mirror.corp.example/debian');
    expect(debianMirror(['deb http://ftp.de.debian.org/debian bookworm main'])).toBe(
      'http://ftp.de.debian.org/debian',
    );
  });

  it('is the public one where no Debian archive is named', () => {
    expect(
      debianMirror([
        'deb https://deb.nodesource.com/node_24.x nodistro main',
        'URIs: http://x/debian-security',
      ]),
    ).toBe('http://deb.debian.org/debian');
  });
});

describe('extraAuthorities', () => {
  it('names no file that is not there, and nothing twice', () => {
    const found = extraAuthorities({ NODE_EXTRA_CA_CERTS: '/no/such/file.pem' });
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
  });
});
