import { join } from 'node:path';
import { exec, tryExec, which } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { standIns } from '../lib/paths.ts';

/** Go from here on fetches by itself, as a module, the release that a go.mod asks for. */
const oldest = { major: 1, minor: 21 };

export interface GoBuild {
  /** The folder of the go.mod, under toolchain/stand-ins. */
  module: string;
  package: string;
  output: string;
  ldflags: string;
  tags?: string;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Builds a program of a Go module of ours. One build at a time: each keeps every core busy by
 * itself, and side by side they compile what both need twice.
 */
export function goBuild(build: GoBuild): Promise<void> {
  const turn = last.then(() => runBuild(build));
  last = turn.catch(() => undefined);
  return turn;
}

async function runBuild({ module, package: name, output, ldflags, tags }: GoBuild): Promise<void> {
  const go = await findGo();
  const args = [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    ldflags,
    ...(tags ? ['-tags', tags] : []),
    '-o',
    output,
    name,
  ];
  await exec(go, args, { cwd: join(standIns, module), env: goEnvironment() });
}

/**
 * Runs the tests of a Go module of ours, with the flags of its build: what both need is compiled
 * once.
 */
export async function goTest(module: string): Promise<string> {
  const args = ['test', '-trimpath', '-buildvcs=false', '-vet=off', '-count=1', '-v', '.'];
  return exec(await findGo(), args, { cwd: join(standIns, module), env: goEnvironment() });
}

function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
}

async function findGo(): Promise<string> {
  const go = which('go', `${process.env['PATH'] ?? ''}:/usr/local/go/bin:/usr/lib/go/bin`);
  const next =
    'Install Go 1.21 or newer (apt: golang-1.2x; npm, pip and others carry it too), or make get.pulumi.com reachable, then run `make up` again.';
  if (go === undefined)
    throw new UserFault(
      "Pulumi's downloads cannot be reached, and there is no Go to build it with.",
      next,
    );
  const text = (await tryExec(go, ['version'])).stdout;
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(text) ?? [];
  if (
    Number(major) < oldest.major ||
    (Number(major) === oldest.major && Number(minor) < oldest.minor)
  ) {
    throw new UserFault(`The Go at ${go} is too old to build Pulumi (${text.trim()}).`, next);
  }
  return go;
}
