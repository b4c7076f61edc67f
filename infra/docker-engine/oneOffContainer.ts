import type Docker from 'dockerode';

export interface OneOffContainerArgs {
  image: string;
  command?: string[];
  /** `NAME=value` lines; they may hold secrets. */
  envs: string[];
  /** By them the next run finds a container that a killed one left. */
  labels: Record<string, string>;
  memoryMb: number;
  /** Without it, all CPUs of the machine. */
  cpus?: number;
  /** Shared memory; Docker's default is 64 MB. */
  shmMb?: number;
  name?: string;
  /** Such as `1000:1000`; by default the image's own. */
  user?: string;
  /** Capabilities to keep; by default none. */
  capabilities?: readonly string[];
  /** Places in memory beside `/tmp` that can be written to. */
  tmpfs?: Record<string, string>;
  /** False where the image's program is its own init. */
  init?: boolean;
  /** A network, and its name there. */
  network?: { name: string; alias?: string };
  /** A port to publish on 127.0.0.1, at a free port unless one is named. */
  port?: { container: number; host?: number };
}

const mebibyte = 1024 ** 2;

/**
 * How Docker creates a container that works for a while and is removed: bounded memory and logs, a
 * read-only root, no capability and no way to get one.
 */
export function oneOffContainer(args: OneOffContainerArgs): Docker.ContainerCreateOptions {
  const { network, port } = args;
  const memory = args.memoryMb * mebibyte;
  return {
    Image: args.image,
    Env: args.envs,
    Labels: args.labels,
    ...(args.name !== undefined && { name: args.name }),
    ...(args.command && { Cmd: args.command }),
    ...(args.user !== undefined && { User: args.user }),
    // Whoever starts it watches it; a probe beside that would only make noise.
    Healthcheck: { Test: ['NONE'] },
    ...(network?.alias !== undefined && {
      NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: [network.alias] } } },
    }),
    ...(port && { ExposedPorts: { [`${port.container}/tcp`]: {} } }),
    HostConfig: {
      ...(network && { NetworkMode: network.name }),
      ...(port && {
        PortBindings: {
          [`${port.container}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port.host ?? '') }],
        },
      }),
      Memory: memory,
      // Equal, so no swap.
      MemorySwap: memory,
      ...(args.cpus !== undefined && { NanoCpus: args.cpus * 1e9 }),
      ...(args.shmMb !== undefined && { ShmSize: args.shmMb * mebibyte }),
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m,mode=1777', ...args.tmpfs },
      CapDrop: ['ALL'],
      CapAdd: [...(args.capabilities ?? [])],
      SecurityOpt: ['no-new-privileges:true'],
      Init: args.init ?? true,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '1' } },
    },
  };
}
