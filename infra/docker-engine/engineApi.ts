import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { UserError } from '../config/userError.ts';

/** An image that the engine has. */
export interface EngineImage {
  /** What the engine calls it, `sha256:…`. */
  id: string;
  /** Its identity, the digest of its config; told for an image that was asked for by its id. */
  imageId: string;
  /** `amd64`, `arm64`. */
  architecture: string;
  /** A hash of what is in it, and when it was made: the same whatever the engine calls it. */
  content: string;
  labels: Record<string, string>;
}

interface Inspected {
  Id: string;
  Architecture: string;
  Created: string;
  RootFS: { Layers?: string[] | null };
  Config: { Labels?: Record<string, string> | null };
  /** Of containerd's store. */
  Descriptor?: { digest: string };
}

/**
 * The few read-only questions the program asks the Docker engine itself, before it registers
 * anything.
 */
export class EngineApi {
  readonly host: string;

  /** @param host a URL such as `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375` */
  constructor(host: string) {
    this.host = host;
  }

  /** Whether this process can ask the engine directly; over `ssh://` only the provider can. */
  get reachable(): boolean {
    return /^(unix|tcp|http):/.test(this.host);
  }

  /** @returns `undefined` when the engine does not have it */
  async image(nameOrId: string): Promise<EngineImage | undefined> {
    const found = await this.#get<Inspected>(`/images/${encodeURIComponent(nameOrId)}/json`);
    const byId = nameOrId.startsWith('sha256:');
    // Here its id is the digest of its config.
    if (found && (!byId || found.Descriptor?.digest !== found.Id))
      return described(found, found.Id);
    if (!byId) return undefined;
    // Only an engine with containerd's store, or without the image, is worth the loading.
    const [{ findImage }, { dockerClient }] = await Promise.all([
      import('./imageIdentity.ts'),
      import('./dockerClient.ts'),
    ]);
    const local = await findImage(dockerClient(this.host), nameOrId);
    const inspected = local && (await this.#get<Inspected>(`/images/${local.engineId}/json`));
    return inspected && described(inspected, local.imageId);
  }

  /** @returns what the engine's machine has: CPUs, and memory in MiB */
  async capacity(): Promise<{ cpus: number; memoryMb: number }> {
    const info = await this.#get<{ NCPU: number; MemTotal: number }>('/info');
    return {
      cpus: info?.NCPU ?? Infinity,
      memoryMb: Math.floor((info?.MemTotal ?? Infinity) / 1024 ** 2),
    };
  }

  /** @returns the running containers with their labels and published ports */
  async containers(): Promise<
    { id: string; name: string; labels: Record<string, string>; ports: number[] }[]
  > {
    const found = await this.#get<
      {
        Id: string;
        Names: string[];
        Labels: Record<string, string>;
        Ports: { PublicPort?: number }[];
      }[]
    >('/containers/json');
    return (found ?? []).map((container) => ({
      id: container.Id,
      name: (container.Names[0] ?? '').replace(/^\//, ''),
      labels: container.Labels,
      ports: container.Ports.flatMap(({ PublicPort }) => (PublicPort ? [PublicPort] : [])),
    }));
  }

  async #get<T>(path: string): Promise<T | undefined> {
    const { status, body } = await this.#send(path);
    if (status === 404) return undefined;
    if (status !== 200)
      throw new Error(`Docker answered ${status} to GET ${path}: ${body.slice(0, 300)}`);
    return JSON.parse(body) as T;
  }

  #send(path: string): Promise<{ status: number; body: string }> {
    const url = new URL(this.host);
    const target =
      url.protocol === 'unix:'
        ? { socketPath: url.pathname }
        : { host: url.hostname, port: url.port || '2375' };
    return new Promise((resolve, reject) => {
      // Without a version in the path, the engine answers in its own: what is asked is in all of them.
      const call = request({ ...target, path, timeout: 10_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
        response.on('error', reject);
      });
      call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
      call.on('error', (error: NodeJS.ErrnoException) =>
        reject(new UserError(explain(error, this.host))),
      );
      call.end();
    });
  }
}

function described(inspected: Inspected, imageId: string): EngineImage {
  const { Id, Architecture, Created, RootFS, Config } = inspected;
  const content = JSON.stringify([Created, RootFS.Layers]);
  return {
    id: Id,
    imageId,
    architecture: Architecture,
    content: createHash('sha256').update(content).digest('hex'),
    labels: Config.Labels ?? {},
  };
}

function explain(error: NodeJS.ErrnoException, host: string): string {
  if (error.code === 'EACCES') {
    return `Permission denied on the Docker socket ${host}. Add yourself to its group (\`sudo usermod -aG docker $USER\`, then log in again) or use rootless Docker.`;
  }
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    return `No Docker engine answers at ${host}. Start it (\`make up\` does where it can), or point DOCKER_HOST at another.`;
  }
  return `The Docker engine at ${host} cannot be asked: ${error.message}.`;
}
