import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';

export interface ExecResult {
  exitCode: number;
  /** Standard output and standard error, as they came. */
  output: string;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command in a running container to its end.
 *
 * @param input given to its standard input
 */
export async function containerExec(
  docker: Docker,
  containerId: string,
  command: string[],
  options: { input?: string; user?: string } = {},
): Promise<ExecResult> {
  const exec = await docker.getContainer(containerId).exec({
    Cmd: command,
    AttachStdin: options.input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    ...(options.user ? { User: options.user } : {}),
  });
  const stream = await exec.start({ hijack: true, stdin: options.input !== undefined });
  const [all, out, err]: [Buffer[], Buffer[], Buffer[]] = [[], [], []];
  const sinkOf = (own: Buffer[]) =>
    new PassThrough().on('data', (chunk: Buffer) => {
      all.push(chunk);
      own.push(chunk);
    });
  docker.modem.demuxStream(stream, sinkOf(out), sinkOf(err));
  if (options.input !== undefined) stream.end(options.input);
  await new Promise<void>((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('close', resolve);
    stream.on('error', reject);
  });
  const { ExitCode } = await exec.inspect();
  const [output, stdout, stderr] = [all, out, err].map((chunks) =>
    Buffer.concat(chunks).toString(),
  );
  return {
    exitCode: ExitCode ?? -1,
    output: output ?? '',
    stdout: stdout ?? '',
    stderr: stderr ?? '',
  };
}
