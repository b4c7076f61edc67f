import { describe, expect, it } from 'vitest';
import { oneOffContainer } from './oneOffContainer.ts';
import { postgresNeeds } from './throwAwayPostgres.ts';

const args = { image: 'sha256:1', envs: ['A=1'], labels: { role: 'task' }, memoryMb: 128 };

describe('a one-off container', () => {
  it('has bounded memory without swap, and a bounded log', () => {
    expect(oneOffContainer(args).HostConfig).toMatchObject({
      Memory: 128 * 1024 * 1024,
      MemorySwap: 128 * 1024 * 1024,
      LogConfig: { Config: { 'max-size': '10m', 'max-file': '1' } },
    });
  });

  it('cannot write to its root, has no capability and cannot gain one', () => {
    const { HostConfig } = oneOffContainer(args);
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: [],
      SecurityOpt: ['no-new-privileges:true'],
      Init: true,
    });
    expect(Object.keys(HostConfig?.Tmpfs ?? {})).toEqual(['/tmp']);
  });

  it('carries the labels by which it is found again, and no probe of the image', () => {
    expect(oneOffContainer(args)).toMatchObject({
      Labels: { role: 'task' },
      Healthcheck: { Test: ['NONE'] },
    });
  });

  it('gets what it is given, and leaves the rest to the image', () => {
    const plain = oneOffContainer(args);
    for (const key of ['name', 'Cmd', 'User', 'NetworkingConfig', 'ExposedPorts'])
      expect(plain).not.toHaveProperty(key);
    const full = oneOffContainer({
      ...args,
      name: 'a-task',
      command: ['migrate', 'up'],
      user: '1000:1000',
      network: { name: 'net', alias: 'task' },
      port: { container: 5432 },
    });
    expect(full).toMatchObject({
      name: 'a-task',
      Cmd: ['migrate', 'up'],
      User: '1000:1000',
      NetworkingConfig: { EndpointsConfig: { net: { Aliases: ['task'] } } },
      HostConfig: { NetworkMode: 'net' },
    });
  });

  it('listens on 127.0.0.1 alone, at a free port unless one is named', () => {
    const at = (port: { container: number; host?: number }) =>
      oneOffContainer({ ...args, port }).HostConfig?.PortBindings as unknown;
    expect(at({ container: 5432 })).toEqual({
      '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }],
    });
    expect(at({ container: 5432, host: 9000 })).toEqual({
      '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '9000' }],
    });
  });
});

describe('a throw-away Postgres', () => {
  it('keeps only what its entry point needs to become the owner of its data', () => {
    const { HostConfig } = oneOffContainer({ ...args, ...postgresNeeds });
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'],
      // It is its own init: another one could not pass a signal on to it.
      Init: false,
    });
  });
});
