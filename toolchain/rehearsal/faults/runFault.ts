import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EcsTaskRunner, type EcsTaskRunnerArgs } from '../../../infra/tasks/ecsTaskRunner.ts';
import { shortImageId } from '../../../infra/release/shortImageId.ts';
import { docker, identity, stack } from '../../lib/context.ts';
import { messageOf, UserFault } from '../../lib/fault.ts';
import { privateDir } from '../../lib/paths.ts';
import { policyFlags } from '../../pulumi/policy.ts';
import { say } from '../../lib/progress.ts';
import {
  clearDeadLock,
  pulumiText,
  stackOutputs,
  stateResources,
  watchPulumi,
  type StateResource,
} from '../../pulumi/pulumi.ts';
import { unlessMissing } from '../../lib/unlessMissing.ts';
import { settleStackFile, usesOwnBackend } from '../../pulumi/state.ts';
import { changeImage, type ChangedImage } from './faultImage.ts';
import { diagnosis, type FaultReport, type UpdateReport } from './faultReport.ts';
import type { Attempt, Fault } from './faults.ts';
import { startLoad, type Load, type LoadReport } from './load.ts';
import { stackFileWith } from '../stackFile.ts';

/** What serves, and has to serve again in the end. */
export interface Base {
  url: string;
  /** Image id, `sha256:…`. */
  release: string;
}

/** Injects a fault into a release of a stack that serves, and looks at what becomes of it. */
export async function runFault(fault: Fault, base: Base): Promise<FaultReport> {
  const run = new FaultRun(fault, base);
  return run.run();
}

class FaultRun {
  readonly #fault: Fault;
  readonly #base: Base;
  readonly #updates: UpdateReport[] = [];
  readonly #complaints: string[] = [];

  constructor(fault: Fault, base: Base) {
    this.#fault = fault;
    this.#base = base;
  }

  async run(): Promise<FaultReport> {
    const { name, what, release, ends } = this.#fault;
    const image = await changeImage(docker(), this.#base.release, { name, ...release }, identity);
    const file = stackFileWith({
      ...this.#fault.config,
      build: undefined,
      imageFrom: undefined,
      image: image.id,
    });
    const load = startLoad(this.#base.url, {
      clients: 2,
      pauseMs: 40,
      paths: ['/health', '/health/ready'],
    });
    try {
      if (this.#fault.imageVanishes) await this.#vanish(image.id, file);
      if (ends === 'killed') await this.#killed(image.id, file);
      else if (ends === 'succeeds') await this.#succeeds(image.id, file);
      else await this.#fails(ends, file);
      await this.#requireServed(
        ends === 'killed' || ends === 'succeeds' ? image.id : this.#base.release,
      );
      const meanwhile = load.lap();
      await this.#recover(image);
      const recovery = await load.stop();
      await this.#requireNoChanges();
      if (!this.#fault.mayLose) this.#requireNoneLost({ meanwhile, recovery });
      if (typeof ends === 'object') this.#requireOnlyBase(meanwhile);
      return {
        fault: name,
        what,
        updates: this.#updates,
        meanwhile,
        recovery,
        complaints: this.#complaints,
      };
    } finally {
      await load.stop();
    }
  }

  async #fails(
    { fails, times = 1 }: { fails: RegExp; times?: number },
    file: string,
  ): Promise<void> {
    for (let time = 1; time <= times; time++) {
      const { code, message } = await this.#up(
        time === 1 ? 'up' : 'up again',
        file,
        this.#fault.during,
      );
      if (code === 0) this.#complain('`up` succeeded, and had to fail');
      else if (!fails.test(message)) this.#complain(`\`up\` failed without saying ${fails}`);
    }
  }

  async #succeeds(image: string, file: string): Promise<void> {
    const { code } = await this.#up('up', file, this.#fault.during);
    if (code !== 0)
      this.#complain(`\`up\` failed, and had to bring ${shortImageId(image)} up all the same`);
  }

  async #killed(image: string, file: string): Promise<void> {
    const { code } = await this.#up('up', file, this.#fault.during);
    if (code !== 137) this.#complain('`up` was over before it could be killed');
    // Another backend's lock does not say whether its holder lives; this one was killed for
    // certain.
    if (!usesOwnBackend()) await pulumiText('cancel', '--yes', '--stack', stack);
    const again = await this.#up('up after the kill', file);
    if (again.code !== 0)
      this.#complain(`\`up\` after the kill failed, and had to bring ${shortImageId(image)} up`);
    const { resumes } = this.#fault;
    if (resumes && !resumes.test(again.output))
      this.#complain(`\`up\` after the kill did not say ${resumes}`);
  }

  /** The release that served before; then what the fault's migration has left goes. */
  async #recover({ migration }: ChangedImage): Promise<void> {
    const isApplied =
      migration !== undefined && (await migrationsInState()).carried.includes(migration);
    const { inputs = {} } = (await resourceOf('slipway:index:MigrationRun')) ?? {};
    const { code } = await this.#up('the next good up');
    if (code !== 0) this.#complain('the next good `up` failed');
    await this.#requireServed(this.#base.release);
    if (isApplied) {
      await revert(migration, inputs['runner'] as EcsTaskRunnerArgs);
      await forgetApplied(migration);
    }
  }

  async #requireNoChanges(): Promise<void> {
    const preview = await watchPulumi(['preview', '--stack', stack, '--expect-no-changes'], shown())
      .finished;
    if (preview.code === 130) throw interrupted();
    if (/changes were proposed/.test(preview.output))
      this.#complain('a preview after it still has changes');
    else if (preview.code !== 0)
      this.#complain(`a preview after it failed: ${diagnosis(preview.output)}`);
  }

  /** Pushes the image alone, then takes it away wherever tasks could find it. */
  async #vanish(image: string, file: string): Promise<void> {
    const before = await resourceOf('slipway:index:ImagePush');
    const { code } = await this.#up('up of the push alone', file, undefined, [
      '--target',
      before?.urn ?? '',
    ]);
    const { outputs = {} } = (await resourceOf('slipway:index:ImagePush')) ?? {};
    if (code !== 0 || outputs['image'] !== image)
      return this.#complain('the image could not be pushed by itself');
    const { repository, host } = outputs['registry'] as { repository: string; host: string };
    // The emulator's BatchDeleteImage would leave the manifest to be pulled.
    const manifest = `http://${host}/v2/${repository}/manifests/${String(outputs['repoDigest'])}`;
    const { status } = await fetch(manifest, {
      method: 'DELETE',
      signal: AbortSignal.timeout(10_000),
    });
    if (status !== 202)
      this.#complain(`the registry answered ${status} to the deletion of the image`);
    const { RepoTags, RepoDigests } = await docker().getImage(image).inspect();
    for (const name of [...RepoTags, ...RepoDigests].filter((own) =>
      own.startsWith(`${host}/${repository}`),
    )) {
      await unlessMissing(docker().getImage(name).remove());
    }
    const reference = String(outputs['reference']);
    if (await unlessMissing(docker().getImage(reference).inspect()))
      this.#complain(`Docker still has ${reference}`);
  }

  async #up(
    of: string,
    file?: string,
    during?: (attempt: Attempt) => Promise<void>,
    more: string[] = [],
  ): Promise<UpdateReport & { output: string }> {
    say(`  … ${this.#fault.name}: ${of}`);
    await clearDeadLock();
    const config = file === undefined ? [] : ['--config-file', file];
    const watching = new Set<(line: string) => void>();
    const show = shown();
    const pulumi = watchPulumi(
      ['up', '--stack', stack, '--yes', '--skip-preview', ...config, ...policyFlags(), ...more],
      (line) => {
        show(line);
        for (const look of watching) look(line);
      },
    );
    const attempt: Attempt = {
      docker: docker(),
      kill: () => pulumi.kill(),
      sees: (pattern) =>
        new Promise((resolve, reject) => {
          watching.add((line) => pattern.test(line) && resolve());
          if (pattern.test(pulumi.output())) resolve();
          void pulumi.finished.then(() =>
            reject(new Error(`the update ended without showing ${pattern}`)),
          );
        }),
    };
    const done = during?.(attempt).catch((error: unknown) => this.#complain(messageOf(error)));
    const { code, output, seconds } = await pulumi.finished;
    await done;
    await settleStackFile(stack);
    if (code === 130) throw interrupted();
    const report = { of, code, seconds, message: code === 0 ? '' : diagnosis(output) };
    this.#updates.push(report);
    return { ...report, output };
  }

  async #requireServed(release: string): Promise<void> {
    const served = await fetch(`${this.#base.url}/health`, { signal: AbortSignal.timeout(10_000) })
      .then(
        async (answer) =>
          ((await answer.json()) as { release?: string }).release ?? `status ${answer.status}`,
      )
      .catch(messageOf);
    if (served !== release) this.#complain(`${served} serves, and ${release} has to`);
  }

  #requireNoneLost(laps: Record<string, ReturnType<Load['lap']>>): void {
    for (const [when, { sent, failed }] of Object.entries(laps)) {
      if (sent === 0) this.#complain(`no request was sent (${when})`);
      if (failed > 0) this.#complain(`${failed} requests failed (${when})`);
    }
  }

  /** A release that failed has answered nobody. */
  #requireOnlyBase({ releases }: LoadReport): void {
    for (const release of releases) {
      if (release !== this.#base.release)
        this.#complain(`${release} has answered, and had to answer nobody`);
    }
  }

  #complain(complaint: string): void {
    this.#complaints.push(complaint);
  }
}

/**
 * Shows the lines of an update, without what would hide what happens: progress dots, and the
 * policy's advice each time.
 */
function shown(): (line: string) => void {
  let advice = false;
  return (line) => {
    if (/^Policies:$/.test(line)) advice = true;
    else if (/^\S/.test(line)) advice = false;
    if (!advice && line.trim() !== '' && !/^@ |layer already exists/.test(line))
      say(`    │ ${line}`);
  };
}

function interrupted(): UserFault {
  return new UserFault('Interrupted.', `\`make rehearse STACK=${stack}\` brings the stack back.`);
}

/** What serves now, by the stack's outputs. */
export async function servingBase(): Promise<Base> {
  const { url, release } = await stackOutputs();
  if (typeof url === 'string' && typeof release === 'string') return { url, release };
  throw new UserFault(
    `Stack ${stack} does not serve.`,
    `\`make rehearse STACK=${stack}\` brings it up.`,
  );
}

/** By the state: the one resource of a type that a stack has one of. */
async function resourceOf(type: string): Promise<StateResource | undefined> {
  return (await stateResources())?.find((resource) => resource.type === type);
}

/** Names of the database's migrations, by the state. */
async function migrationsInState(): Promise<{ carried: string[]; ahead: string[] }> {
  const { outputs = {} } = (await resourceOf('slipway:index:MigrationRun')) ?? {};
  const names = (key: string): string[] =>
    ((outputs[key] ?? []) as { name: string }[]).map(({ name }) => name);
  return { carried: names('files'), ahead: names('ahead') };
}

/**
 * Migrations that a newer image has left in the database: one more behind them, of an image that
 * lacks them, the runner refuses.
 */
export async function migrationsLeftByNewer(): Promise<string[]> {
  return (await migrationsInState()).ahead;
}

/**
 * Reverts the newest migration of the database.
 *
 * @param runner how the image that carries it was run
 */
async function revert(migration: string, runner: EcsTaskRunnerArgs): Promise<void> {
  say(`  … reverting ${migration}`);
  const { exitCode, tail } = await new EcsTaskRunner({ ...runner, identity: [migration] }).run({
    command: ['migrate', 'down'],
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    onLine: shown(),
  });
  if (exitCode !== 0) throw new Error(`reverting ${migration} failed:\n${tail.join('\n')}`);
}

/**
 * Takes a migration that is reverted out of what the state says a newer image has left: no update
 * looks into the database.
 */
async function forgetApplied(migration: string): Promise<void> {
  const text = await pulumiText('stack', 'export', '--stack', stack);
  const state = JSON.parse(text) as { deployment: { resources: StateResource[] } };
  for (const { type, inputs, outputs } of state.deployment.resources) {
    if (type !== 'slipway:index:MigrationRun') continue;
    for (const part of [inputs, outputs]) {
      const ahead = part?.['ahead'] as { name: string }[] | undefined;
      if (part && ahead) part['ahead'] = ahead.filter(({ name }) => name !== migration);
    }
  }
  const file = join(privateDir, 'rehearsal', 'state.json');
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  try {
    await pulumiText('stack', 'import', '--stack', stack, '--file', file);
  } finally {
    rmSync(file);
  }
}
