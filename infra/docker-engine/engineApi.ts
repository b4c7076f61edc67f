import { request } from 'node:http';
import { UserError } from '../config/userError.ts';

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

  /**
   * @returns the id, processor (`amd64`, `arm64`) and labels of a local image, `undefined` when
   * there is none
   */
  async image(
    nameOrId: string,
  ): Promise<{ id: string; architecture: string; labels: Record<string, string> } | undefined> {
    const found = await this.#get<{
      Id: string;
      Architecture: string;
      Config: { Labels?: Record<string, string> | null };
    }>(`/images/${encodeURIComponent(nameOrId)}/json`);
    return (
      found && { id: found.Id, architecture: found.Architecture, labels: found.Config.Labels ?? {} }
    );
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
      const call = request({ ...target, path: `/v1.41${path}`, timeout: 10_000 }, (response) => {
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

function explain(error: NodeJS.ErrnoException, host: string): string {
  if (error.code === 'EACCES') {
    return `Permission denied on the Docker socket ${host}. Add yourself to its group (\`sudo usermod -aG docker $USER\`, then log in again) or use rootless Docker.`;
  }
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    return `No Docker engine answers at ${host}. Start it (\`make up\` does where it can), or point DOCKER_HOST at another.`;
  }
  return `The Docker engine at ${host} cannot be asked: ${error.message}.`;
}
