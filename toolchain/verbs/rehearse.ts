import { emulatorEndpoint, emulatorEnvironment } from '../pulumi/emulatorGuard.ts';
import {
  emulatorState,
  removeEmulator,
  removePushedImages,
} from '../rehearsal/emulator/emulator.ts';
import { docker, emulatedBy, identity, stack, stackConfig } from '../lib/context.ts';
import { passThrough } from '../lib/exec.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { node, root } from '../lib/paths.ts';
import { say, seconds } from '../lib/progress.ts';
import { pulumiText } from '../pulumi/runPulumi.ts';
import { forgetStack } from '../pulumi/stackState.ts';
import { removeChangedImages } from '../rehearsal/faults/faultImage.ts';
import { faultSummary, reportText, type FaultReport } from '../rehearsal/faults/faultReport.ts';
import { chooseFaults, type Fault } from '../rehearsal/faults/faults.ts';
import { leftInEmulator } from '../rehearsal/leftInEmulator.ts';
import {
  migrationsLeftByNewer,
  servingBase,
  type Base,
} from '../rehearsal/faults/deployedState.ts';
import { runFault } from '../rehearsal/faults/runFault.ts';
import { setUp } from '../setup/all.ts';
import { destroy } from './down.ts';
import { up } from './up.ts';

/**
 * Brings the prod program up on the emulator with the image that another stack has proven, and
 * checks the API there. With FAULT, injects faults into further releases of that stack.
 */
export async function rehearse(): Promise<number> {
  const started = performance.now();
  const chosen = chooseFaults(process.env['FAULT']);
  const endpoint = requireEmulated('rehearse');
  // Before any stack comes up: this machine may not have the AWS plugin, nor a way to get it.
  await setUp();
  await ensureVerified();
  await up();
  const base = await servingBase();
  say(`\nThe API's own checks, through the load balancer:`);
  const code = await passThrough(node, ['app/src/main.ts', 'smoke', base.url], { cwd: root });
  if (code === 130 || code === 143)
    throw new UserFault('Interrupted.', 'The stack is up; `make rehearse` checks it again.');
  if (code !== 0) {
    throw new UserFault(
      `The API of stack ${stack} failed its checks; they are above.`,
      'Mend it and release it to the stack whose image this is (slipway:imageFrom), then `make rehearse` again.',
    );
  }
  if (chosen.length > 0) return rehearseFaults(chosen, base, endpoint);
  say(
    `\nRehearsed in ${seconds(performance.now() - started)}: production's program serves at ${base.url}.`,
  );
  say(
    'Next: `make emulator-ps` lists its tasks, `make rehearse FAULT=all` injects faults, `make rehearse-down` removes it.',
  );
  return 0;
}

/**
 * Removes the stack, says what the emulator's APIs still list, and removes the emulator with all it
 * started.
 */
export async function rehearseDown(): Promise<number> {
  const started = performance.now();
  requireEmulated('rehearse-down');
  if ((await emulatorState(docker())).up) {
    process.env['CONFIRM'] = stack;
    await destroy();
    const left = Object.entries(await leftInEmulator());
    say('  … the emulator lists:');
    for (const [kind, names] of left) say(`      ${kind}: ${names.join(', ') || 'none'}`);
    if (left.some(([, names]) => names.length > 0))
      say('  ✗ the destroy has left something; it goes with the emulator now');
  } else {
    // The state lists resources that were in the emulator's memory.
    await forgetStack();
  }
  const removed = await removeEmulator(docker());
  const names = await removePushedImages(docker());
  await removeChangedImages(docker(), identity);
  say(removed.length === 0 ? 'There is no emulator.' : `  ✓ removed: ${removed.join(', ')}`);
  if (names.length > 0) say(`  ✓ removed: ${names.length} names of images in its registry`);
  say(
    `The rehearsal is gone (${seconds(performance.now() - started)}). Next: \`make rehearse\` makes a new one.`,
  );
  return 0;
}

async function rehearseFaults(chosen: Fault[], base: Base, endpoint: string): Promise<number> {
  // The task runner and the registry's client ask the emulator from this process.
  replaceEnvironment(emulatorEnvironment(endpoint));
  const left = await migrationsLeftByNewer();
  if (left.length > 0 && chosen.some(({ release }) => release.migration)) {
    throw new UserFault(
      `A step back has left ${left.join(', ')} in the database: no fault with a migration can be released behind it.`,
      'Release the newer version again, choose faults without a migration, or `make rehearse-down` first.',
    );
  }
  const reports: FaultReport[] = [];
  try {
    for (const fault of chosen) {
      say(`\nFault ${fault.name}: ${fault.what}`);
      const report = await runFault(fault, base);
      reports.push(report);
      say(`\n${reportText(report)}`);
    }
  } finally {
    await removeChangedImages(docker(), identity);
  }
  if (chosen.length > 1) say(`\n${faultSummary(reports)}`);
  const bad = reports.filter(({ complaints }) => complaints.length > 0);
  if (bad.length === 0) {
    say('\nThe stack survived. Next: `make rehearse-down` removes it.');
    return 0;
  }
  throw new UserFault(
    `${bad.length} of ${reports.length} faults did not end as they have to: ${bad.map(({ fault }) => fault).join(', ')}.`,
    'The complaints are above, marked with ✗. `make rehearse` brings the stack back.',
  );
}

function requireEmulated(verb: string): string {
  const endpoint = emulatedBy();
  if (endpoint !== undefined && endpoint !== emulatorEndpoint) {
    throw new UserFault(
      `Stack ${stack} is on an emulator at ${endpoint}, which is not the one that is started here.`,
      `Set slipway:awsEndpoint to ${emulatorEndpoint}.`,
    );
  }
  if (endpoint !== undefined && /^s3:/.test(process.env['PULUMI_BACKEND_URL'] ?? '')) {
    throw new UserFault(
      'PULUMI_BACKEND_URL names a bucket, and a rehearsal has no credentials of AWS to read it with.',
      'Unset it: a rehearsal, and the stack whose image it takes, keep their state in this checkout.',
    );
  }
  if (endpoint !== undefined) return endpoint;
  throw new UserFault(
    `\`make ${verb}\` is for a stack on the emulator, with slipway:awsEndpoint and slipway:registryHost; ${stack} is none.`,
    `Name one: \`make ${verb}\` takes STACK=rehearsal by itself.`,
  );
}

/** Brings up the stack whose image is rehearsed, where it has proven none yet. */
async function ensureVerified(): Promise<void> {
  const from = stackConfig('imageFrom');
  if (typeof from !== 'string') return;
  if (await hasRelease(from)) return;
  say(`  … stack ${from} has no release yet, whose image this takes: bringing it up first`);
  const env = { ...process.env, STACK: from, FAULT: '', ARGS: '' };
  const code = await passThrough(node, ['toolchain/cli.ts', 'up'], { cwd: root, env });
  if (code === 130) throw new UserFault('Interrupted.', '`make rehearse` goes on from there.');
  if (code !== 0)
    throw new UserFault(
      `Stack ${from} did not come up; the reason is above.`,
      `\`make up STACK=${from}\` first.`,
    );
}

async function hasRelease(name: string): Promise<boolean> {
  try {
    const outputs = await pulumiText('stack', 'output', '--stack', name, '--json');
    return (JSON.parse(outputs) as { release?: string }).release !== undefined;
  } catch (error) {
    if (/no stack named/.test(messageOf(error))) return false;
    throw error;
  }
}

function replaceEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}
