import { baseImages, standInLabel } from '../../infra/docker-engine/baseImages.ts';
import { emulatorState } from '../rehearsal/emulator/emulator.ts';
import { docker, extraArgs, isDockerStack, stack, stackContainers } from '../lib/context.ts';
import { tryExec } from '../lib/exec.ts';
import { messageOf } from '../lib/fault.ts';
import { node } from '../lib/paths.ts';
import { locks } from '../pulumi/locks.ts';
import { stateResources } from '../pulumi/stackState.ts';
import { awsPluginFound } from '../setup/awsPlugin.ts';
import { baseImageOrigin } from '../setup/baseImages.ts';
import { originOf, type Origin } from '../stand-ins/origin.ts';
import { dockerStackPlugins, pluginFolder, pluginOrigin } from '../setup/plugins.ts';
import { engineFolder, engineVersion } from '../pulumi/pulumiEngine.ts';
import { table } from './containers.ts';

interface Finding {
  what: string;
  found: string;
  origin: Origin | '';
  ok: boolean;
  /** The command that mends it. */
  mend?: string;
}

/** Looks at everything `make up` sets up, and changes nothing. */
export async function doctor(): Promise<number> {
  const findings = [
    await nodeFinding(),
    ...(await dockerFindings()),
    ...pulumiFindings(),
    await stackFinding(),
  ];
  if (extraArgs().includes('--json')) {
    process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  } else {
    const rows = findings.map(({ ok, what, found, origin, mend }) => [
      ok ? '✓' : '✗',
      what,
      found,
      origin,
      ok ? '' : `→ ${mend ?? 'make up'}`,
    ]);
    process.stdout.write(`${table(rows)}\n`);
    const ours = findings.some(({ origin }) => origin === 'ours');
    if (ours)
      process.stdout.write(
        `\nours: built here (label ${standInLabel}, or a slipway.json beside it); \`make up\` takes the official one when it can be downloaded.\n`,
      );
    process.stdout.write(
      findings.every(({ ok }) => ok)
        ? '\nNothing is missing. Next: `make up`.\n'
        : '\nNext: type the commands behind →.\n',
    );
  }
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

async function nodeFinding(): Promise<Finding> {
  const npm = (await tryExec('npm', ['--version'])).stdout.trim();
  return {
    what: 'Node',
    found: `${process.version} at ${node}; npm ${npm || 'missing'}`,
    origin: 'official',
    ok: true,
  };
}

async function dockerFindings(): Promise<Finding[]> {
  try {
    const { Version } = await docker().version();
    const info = (await docker().info()) as { Driver: string; CgroupVersion?: string };
    const engine = `${Version}, ${info.Driver}, cgroup v${info.CgroupVersion ?? '1'}`;
    const images = Object.values(baseImages).map(async (name): Promise<Finding> => {
      const origin = await baseImageOrigin(docker(), name);
      return {
        what: `image ${name}`,
        found: origin === 'missing' ? 'missing' : 'present',
        origin,
        ok: origin !== 'missing',
        mend: 'make up',
      };
    });
    const emulator = {
      what: 'AWS emulator',
      found: (await emulatorState(docker())).found,
      origin: '' as const,
      ok: true,
    };
    return [
      { what: 'Docker engine', found: engine, origin: 'official', ok: true },
      ...(await Promise.all(images)),
      emulator,
    ];
  } catch (error) {
    const mend =
      (error as NodeJS.ErrnoException).code === 'EACCES'
        ? 'sudo usermod -aG docker "$USER", log in again'
        : 'make up';
    return [{ what: 'Docker engine', found: messageOf(error), origin: 'missing', ok: false, mend }];
  }
}

function pulumiFindings(): Finding[] {
  const of = (what: string, version: string, origin: Origin): Finding => ({
    what,
    found: version,
    origin,
    ok: origin !== 'missing',
    mend: 'make up',
  });
  const folder = engineFolder();
  return [
    of('Pulumi engine', engineVersion, originOf(folder, 'pulumi')),
    of('language host nodejs', engineVersion, originOf(folder, 'pulumi-language-nodejs')),
    ...dockerStackPlugins().map((plugin) =>
      of(
        `plugin ${plugin.name}`,
        `${plugin.version} in ${pluginFolder(plugin)}`,
        pluginOrigin(plugin),
      ),
    ),
    awsFinding(),
  ];
}

/** Missing is fine where no stack on AWS asks for it. */
function awsFinding(): Finding {
  const { found, origin, broken } = awsPluginFound();
  const ok = !broken && (origin !== 'missing' || isDockerStack());
  return {
    what: 'plugin aws',
    found,
    origin,
    ok,
    mend: `make setup STACK=${stack}, see docs/aws-plugin.md`,
  };
}

async function stackFinding(): Promise<Finding> {
  const base = { what: `stack ${stack}`, origin: '' as const };
  const [lock] = locks();
  if (lock)
    return {
      ...base,
      found: `locked by process ${lock.pid}${lock.alive ? ', which runs' : ', which is gone'}`,
      ok: lock.alive === true,
      mend: `make unlock STACK=${stack}`,
    };
  const resources = await stateResources().catch(() => undefined);
  const containers = await stackContainers().catch(() => []);
  if (resources === undefined && containers.length > 0) {
    return {
      ...base,
      found: `its state is lost, ${containers.length} containers are there`,
      ok: false,
      mend: `make destroy STACK=${stack}`,
    };
  }
  if (resources === undefined)
    return { ...base, found: 'not made yet', ok: false, mend: `make up STACK=${stack}` };
  const running = containers.filter(({ State }) => State === 'running').length;
  const found = `${resources.length} resources, ${running} of ${containers.length} containers run`;
  return {
    ...base,
    found,
    ok: running > 0 && running === containers.length,
    mend: `make up STACK=${stack}`,
  };
}
