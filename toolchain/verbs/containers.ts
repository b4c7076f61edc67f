import { databaseName, databaseOwner } from '../../infra/config/database.ts';
import { logText } from '../../infra/docker-engine/logLines.ts';
import { docker, extraArgs, requireDockerStack, stack, stackContainers } from '../lib/context.ts';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { passThrough, which } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { stackKey } from '../lib/stackKey.ts';
import { say } from '../lib/progress.ts';
import { PassThrough } from 'node:stream';

/** Lists the stack's containers. */
export async function ps(): Promise<number> {
  requireDockerStack('ps');
  const containers = await stackContainers();
  const rows = containers.map(({ role, name, Status, Ports, Image }) => {
    const ports = Ports.filter(({ PublicPort }) => PublicPort).map(
      ({ IP, PublicPort, PrivatePort }) => `${IP}:${PublicPort}→${PrivatePort}`,
    );
    return [role, name, Status, ports.join(' '), Image.replace(/^sha256:(.{12}).*/, '$1')];
  });
  process.stdout.write(`${table([['ROLE', 'NAME', 'STATUS', 'PORTS', 'IMAGE'], ...rows])}\n`);
  say(
    containers.length === 0
      ? `Nothing is there. Next: \`make up STACK=${stack}\`.`
      : `Next: \`make logs STACK=${stack} SERVICE=api\`.`,
  );
  return 0;
}

/** Columns as wide as their widest cell. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Shows a service's logs, each line behind its container's name; goes on showing new ones on a
 * terminal, or with ARGS=-f.
 */
export async function logs(): Promise<number> {
  requireDockerStack('logs');
  const service = process.env['SERVICE'] || 'api';
  const all = await stackContainers();
  const chosen =
    service === 'all' ? all : all.filter(({ role, name }) => role === service || name === service);
  if (chosen.length === 0) {
    const roles = [...new Set(all.map(({ role }) => role))].join(', ') || 'none';
    throw new UserFault(
      `Stack ${stack} has no container of the service ${service} (it has: ${roles}).`,
      `\`make up STACK=${stack}\`, or name another with SERVICE=…, or SERVICE=all.`,
    );
  }
  const follow = process.stdout.isTTY || extraArgs().includes('-f');
  await Promise.all(
    chosen.map(({ Id, name }) => show(Id, chosen.length > 1 ? `${name} | ` : '', follow)),
  );
  return 0;
}

async function show(id: string, prefix: string, follow: boolean): Promise<void> {
  const options = { stdout: true, stderr: true, tail: 200 };
  const lines = new LinePrinter(prefix);
  const sink = new PassThrough().on('data', (chunk: Buffer) => lines.take(chunk.toString()));
  if (follow) {
    const stream = await docker()
      .getContainer(id)
      .logs({ ...options, follow: true });
    docker().modem.demuxStream(stream, sink, sink);
    await new Promise((resolve) => stream.on('end', resolve));
  } else {
    const raw = await docker()
      .getContainer(id)
      .logs({ ...options, follow: false });
    lines.take(logText(raw));
  }
  lines.end();
}

class LinePrinter {
  #rest = '';
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) process.stdout.write(`${this.#prefix}${line}\n`);
  }

  end(): void {
    if (this.#rest !== '') this.take('\n');
  }
}

/**
 * Opens psql inside the stack's Postgres, or runs what ARGS holds, such as ARGS="-c 'select 1'".
 */
export async function psql(...args: string[]): Promise<number> {
  requireDockerStack('psql');
  const container = (await stackContainers()).find(
    ({ role, State }) => role === 'postgres' && State === 'running',
  );
  if (!container)
    throw new UserFault(
      `Postgres of stack ${stack} does not run.`,
      `Start it: \`make up STACK=${stack}\`.`,
    );
  const command = which('docker');
  if (!command)
    throw new UserFault(
      'There is no docker command to open a terminal with.',
      "Install Docker's command line client.",
    );
  const terminal = process.stdin.isTTY ? '-it' : '-i';
  const given = args.length > 0 ? args : extraArgs();
  return passThrough(command, [
    '--host',
    dockerHost(),
    'exec',
    terminal,
    '--env',
    `PGOPTIONS=-c search_path=${stackKey('databaseSchema')}`,
    container.Id,
    'psql',
    '-U',
    databaseOwner,
    '-d',
    databaseName,
    ...given,
  ]);
}
