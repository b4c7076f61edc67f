import { PassThrough } from 'node:stream';
import { docker } from './context.ts';

/**
 * Runs a command in a running container and gives what it printed.
 *
 * @throws with what it wrote to standard error when it ends with another exit code than 0
 */
export async function runIn(container: string, command: string[]): Promise<string> {
  const exec = await docker().getContainer(container).exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const read = (): { sink: PassThrough; text: () => string } => {
    const chunks: Buffer[] = [];
    const sink = new PassThrough().on('data', (chunk: Buffer) => void chunks.push(chunk));
    return { sink, text: () => Buffer.concat(chunks).toString('utf8') };
  };
  const out = read();
  const err = read();
  docker().modem.demuxStream(stream, out.sink, err.sink);
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0)
    throw new Error(`\`${command[0] ?? ''}\` ended with exit code ${ExitCode ?? '?'}: ${err.text().trim()}`);
  return out.text();
}
