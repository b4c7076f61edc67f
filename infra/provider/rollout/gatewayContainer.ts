import type Docker from 'dockerode';
import { containerExec } from '../../docker-engine/containerExec.ts';

/** The answer of an instance at its liveness path: it says which one it is. */
export interface Answer {
  status: number;
  release?: string;
  instance?: string;
}

/** The running gateway, asked and switched from within its container. */
export class GatewayContainer {
  readonly #docker: Docker;
  readonly #id: string;

  constructor(docker: Docker, id: string) {
    this.#docker = docker;
    this.#id = id;
  }

  /**
   * One HTTP request, by the shell alone.
   *
   * @returns undefined when there is no answer
   */
  async ask(address: string, path: string): Promise<Answer | undefined> {
    const [host, port] = address.split(':');
    const script = `exec 3<>/dev/tcp/"$0"/"$1"; printf 'GET %s HTTP/1.0\\r\\nHost: gateway\\r\\n\\r\\n' "$2" >&3; cat <&3`;
    const command = ['timeout', '3', 'bash', '-c', script, host ?? '', port ?? '', path];
    const { exitCode, output } = await containerExec(this.#docker, this.#id, command);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(output)?.[1]);
    if (exitCode !== 0 || !status) return undefined;
    return { status, ...readIdentity(output.slice(output.indexOf('\r\n\r\n') + 4)) };
  }

  /** Whether Docker's DNS tells the gateway's container where an instance is. */
  async resolves(name: string): Promise<boolean> {
    const command = ['timeout', '5', 'getent', 'hosts', name];
    return (await containerExec(this.#docker, this.#id, command)).exitCode === 0;
  }

  /** Serves a new configuration, until it is kept or the one before is restored. */
  try(config: string): Promise<void> {
    return this.#run('try', { user: 'nginx', input: config });
  }

  keep(): Promise<void> {
    // The kept configuration is root's, so that nginx itself cannot rewrite it.
    return this.#run('keep', { user: 'root' });
  }

  restore(): Promise<void> {
    return this.#run('restore', { user: 'nginx' });
  }

  /** Runs one verb of the gateway's script. */
  async #run(verb: string, options: { user: string; input?: string }): Promise<void> {
    const command = ['bash', '-c', 'bash -c "$GATEWAY_SCRIPT" gateway "$0"', verb];
    const { exitCode, output } = await containerExec(this.#docker, this.#id, command, options);
    if (exitCode !== 0)
      throw new Error(`the gateway refused to ${verb} the new configuration: ${output.trim()}`);
  }
}

function readIdentity(body: string): { release?: string; instance?: string } {
  try {
    const { release, instance } = JSON.parse(body) as { release?: unknown; instance?: unknown };
    return {
      ...(typeof release === 'string' ? { release } : {}),
      ...(typeof instance === 'string' ? { instance } : {}),
    };
  } catch {
    return {};
  }
}
