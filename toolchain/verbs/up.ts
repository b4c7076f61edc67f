import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerInfo } from 'dockerode';
import { emulatorEndpoint } from '../pulumi/emulatorGuard.ts';
import {
  agreed,
  docker,
  emulatedBy,
  isDockerStack,
  stack,
  stackContainers,
} from '../lib/context.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { policyFlags } from '../pulumi/policy.ts';
import { say, seconds } from '../lib/progress.ts';
import { stackKey } from '../lib/stackKey.ts';
import { ensureStack } from '../pulumi/ensureStack.ts';
import { explain } from '../pulumi/explain.ts';
import { clearDeadLock, requireUnlocked } from '../pulumi/locks.ts';
import { pulumi } from '../pulumi/runPulumi.ts';
import { stackOutputs, type StateResource } from '../pulumi/stackState.ts';
import { setUp } from '../setup/all.ts';
import { requireDiskSpace } from '../setup/diskSpace.ts';
import type { Report } from '../report/report.ts';
import { settleStackFile } from '../pulumi/state.ts';
import { showUnfit } from './unfit.ts';

const healthLimitMs = 60_000;

/** What a person has agreed to, and the command that has it reviewed again. */
interface Reviewed {
  report: Report;
  again: string;
}

/**
 * Sets the machine up, brings the stack up, and waits until it answers.
 *
 * @param reviewed an update that would do something else is refused; by default PLAN
 */
export async function up(reviewed?: Reviewed): Promise<number> {
  const start = performance.now();
  await setUp();
  await ensureOwnEmulator();
  const isDocker = isDockerStack();
  if (isDocker) await requireDiskSpace();
  await clearDeadLock();
  requireUnlocked();
  const resources = await ensureStack();
  await holdToReview(reviewed);
  const refresh = isDocker && resources.length > 0 && (await resume(resources));
  const policy = policyFlags();
  // Rules about the whole stack are judged at the end of a phase: without a preview that would be
  // after the update.
  const skip = policy.length === 0 ? ['--skip-preview'] : [];
  const flags = [
    ...(agreed() ? ['--yes'] : []),
    ...(isDocker ? skip : []),
    ...(refresh ? ['--refresh'] : []),
  ];
  const { code, stderr } = await pulumi('up', '--stack', stack, ...flags, ...policy);
  await settleStackFile(stack);
  if (code !== 0) await reportFailure(stderr, code);
  const outputs = await stackOutputs();
  if (isDocker) await healthy(String(outputs['url']));
  printNext(outputs, performance.now() - start);
  return 0;
}

/** Loaded where something was reviewed: most updates need none of it. */
async function holdToReview(reviewed: Reviewed | undefined): Promise<void> {
  const file = process.env['PLAN'];
  if (!reviewed && !file) return;
  const { readPlan, requireReviewed } = await import('./review.ts');
  if (reviewed) await requireReviewed(reviewed.report, reviewed.again);
  else if (file) await requireReviewed(readPlan(file), `make preview STACK=${stack} PLAN=${file}`);
}

/** Starts the emulator that this stack is on, where it is the one that `make` starts. */
export async function ensureOwnEmulator(): Promise<void> {
  if (emulatedBy() === emulatorEndpoint)
    await (await import('./emulator.ts')).ensureEmulatorOfStack();
}

/**
 * Starts the containers that were stopped (by `make down`, or by hand). Pulumi does not see them:
 * it compares with its state only.
 *
 * @returns whether a container is missing or could not be started, so that Pulumi has to refresh
 */
async function resume(resources: StateResource[]): Promise<boolean> {
  // 'old-code-check' is what the release before this one called the compatibility check.
  const oneOff = ['migration', 'task', 'compatibility-check', 'old-code-check'];
  const all = (await stackContainers()).filter(({ role }) => !oneOff.includes(role));
  // The engine has forgotten the network of a container whose first start failed.
  const broken = all.filter((one) => one.State === 'created' || isWithoutNetwork(one));
  for (const { Id, name } of broken) {
    say(`  … ${name}: has no network since its start failed; it is made anew`);
    await docker().getContainer(Id).remove({ force: true });
  }
  const there = all.filter((one) => !broken.includes(one));
  const stopped = there.filter(({ State }) => State !== 'running');
  let failed = false;
  for (const { Id, name } of stopped) {
    say(`  … ${name}: is stopped, starting it`);
    await docker()
      .getContainer(Id)
      .start()
      .catch((error: unknown) => {
        say(`  … ${name}: ${messageOf(error)}`);
        failed = true;
      });
  }
  const expected = resources.flatMap(({ type, id }) =>
    type === 'docker:index/container:Container' && id ? [id] : [],
  );
  const missing = expected.filter((id) => !there.some(({ Id }) => Id === id));
  if (missing.length > 0)
    say(
      `  … ${missing.length} of ${expected.length} containers are gone: asking Docker for everything (--refresh)`,
    );
  return failed || missing.length > 0;
}

const isWithoutNetwork = ({ NetworkSettings }: ContainerInfo): boolean =>
  Object.keys(NetworkSettings?.Networks ?? {}).length === 0;

/** Waits until the stack answers as ready through the gateway. */
async function healthy(url: string): Promise<void> {
  let last = 'no answer';
  for (const end = Date.now() + healthLimitMs; Date.now() < end; await sleep(250)) {
    try {
      const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5000) });
      if (answer.ok) return;
      last = `${answer.status} ${(await answer.text()).slice(0, 300)}`;
    } catch (error) {
      last = messageOf((error as Error).cause ?? error);
    }
  }
  throw new UserFault(
    `${url}/health/ready did not answer 200 within ${healthLimitMs / 1000} s; last: ${last}.`,
    `See \`make logs STACK=${stack}\` and \`make ps STACK=${stack}\`.`,
  );
}

/**
 * Says what serves: a failed update prints the outputs as removed, although everything is kept.
 */
async function reportFailure(stderr: string, code: number): Promise<never> {
  const isUp = isDockerStack() && (await stackContainers()).some(({ role }) => role === 'gateway');
  if (isUp) {
    const port = stackKey('gatewayPort');
    const release = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(2000),
    })
      .then(async (answer) => ((await answer.json()) as { release?: string }).release)
      .catch(() => undefined);
    say('');
    say(release ? `Still serving release ${release}.` : 'Nothing serves at the moment.');
  }
  if (isDockerStack()) await showUnfit();
  const known = explain(stderr);
  if (known) throw known;
  if (code === 130)
    throw new UserFault(
      'Interrupted.',
      `\`make up STACK=${stack}\` goes on from there: everything done so far is kept.`,
    );
  throw new UserFault(
    '`pulumi up` failed; the reason is above.',
    `Mend it, then \`make up STACK=${stack}\` again. Everything done so far is kept.`,
  );
}

function printNext(outputs: Record<string, unknown>, elapsed: number): void {
  const text = (name: string): string =>
    String((outputs[name] as string | number | undefined) ?? '');
  const suffix = stack === 'dev' ? '' : ` STACK=${stack}`;
  const lines = [
    `\nStack ${stack} is up (${seconds(elapsed)}).`,
    '',
    `  Site      ${text('url')}`,
    `  API docs  ${text('docsUrl')}`,
  ];
  if (outputs['metricsUrl']) lines.push(`  Metrics   ${text('metricsUrl')}`);
  if (outputs['databasePort']) {
    lines.push(
      `  Database  ${text('databaseHost')}:${text('databasePort')}, ${text('databaseName')} as ${text('databaseUser')} (\`make psql${suffix}\`)`,
    );
  }
  // The log of a workflow is read by more people than a terminal.
  if (outputs['demoEmail'] && process.env['CI'])
    lines.push(
      `  Login     ${text('demoEmail')}, password: \`npx pulumi stack output demoPassword --show-secrets --stack ${stack}\``,
    );
  else if (outputs['demoEmail']) {
    const body = JSON.stringify({ email: outputs['demoEmail'], password: outputs['demoPassword'] });
    lines.push(`  Login     ${text('demoEmail')}  ${text('demoPassword')}`, '', 'Try:');
    lines.push(
      `  curl -s ${text('url')}/api/login -H 'content-type: application/json' -d '${body}'`,
    );
  }
  const look =
    emulatedBy() === undefined ? '' : '`make emulator-ps` lists its tasks and databases, ';
  const next = isDockerStack()
    ? `\`make ps${suffix}\`, \`make logs${suffix}\`, \`make psql${suffix}\`; \`make down${suffix}\` stops it and keeps the data`
    : `${look}\`make destroy${suffix}\` deletes it`;
  lines.push('', `Next: ${next}; \`make help\`.`);
  say(lines.join('\n'));
}
