import type { Readable } from 'node:stream';
import { dockerClient } from '../../docker-engine/dockerClient.ts';
import { requireImage } from '../../docker-engine/imageIdentity.ts';

export interface PushOptions {
  /** Id of the image, `sha256:…`. */
  image: string;
  /** `<host>/<repository>`. */
  repository: string;
  tag: string;
  login: { username: string; password: string };
  signal: AbortSignal;
  onLine: (line: string) => void;
}

/** A line of the engine's answer to a push. */
interface PushLine {
  status?: string;
  id?: string;
  error?: string;
}

/**
 * Gives a local image a name in a registry and pushes it.
 *
 * @throws when the engine does not have the image, or the registry refuses it
 */
export async function dockerPush(host: string, options: PushOptions): Promise<void> {
  const { repository, tag, login, signal } = options;
  const docker = dockerClient(host);
  const { engineId } = await requireImage(docker, options.image);
  await docker.getImage(engineId).tag({ repo: repository, tag });
  const stream = (await docker.getImage(`${repository}:${tag}`).push({
    tag,
    authconfig: { ...login, serveraddress: repository.split('/')[0] ?? '' },
    abortSignal: signal,
  })) as Readable;
  let text = '';
  for await (const chunk of stream) {
    const lines = (text + String(chunk)).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) report(line, options.onLine);
  }
  report(text, options.onLine);
}

/** Says when a layer is there; its progress, ten times a second, is nobody's news. */
function report(text: string, onLine: (line: string) => void): void {
  if (text.trim() === '') return;
  const { status = '', id, error } = JSON.parse(text) as PushLine;
  if (error) throw new Error(error);
  if (id && /^(Pushed|Layer already exists)/.test(status)) onLine(`${id} ${status.toLowerCase()}`);
}
