import { EcsTaskRunner, type EcsTaskRunnerArgs } from '../../../infra/tasks/ecsTaskRunner.ts';
import { shortImageId } from '../../../infra/release/shortImageId.ts';
import { docker, identity, stack } from '../../lib/context.ts';
import { messageOf } from '../../lib/fault.ts';
import { say } from '../../lib/progress.ts';
import { pulumiText, watchPulumi } from '../../pulumi/runPulumi.ts';
import { usesOwnBackend } from '../../pulumi/state.ts';
import { stackFileWith } from '../stackFile.ts';
import { forgetApplied, migrationsInState, resourceOf, type Base } from './deployedState.ts';
import { changeImage, type ChangedImage } from './faultImage.ts';
import { diagnosis, type FaultReport, type UpdateReport } from './faultReport.ts';
import type { Fault } from './faults.ts';
import { startLoad, type Load, type LoadReport } from './load.ts';
import { vanishImage } from './vanishImage.ts';
import { interrupted, shown, watchedUpdate, type UpdateOptions } from './watchedUpdate.ts';

/** Injects a fault into a release of a stack that serves, and reports how both end. */
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
      const { during } = this.#fault;
      const { code, message } = await this.#up(time === 1 ? 'up' : 'up again', { file, during });
      if (code === 0) this.#complain('`up` succeeded, and had to fail');
      else if (!fails.test(message)) this.#complain(`\`up\` failed without saying ${fails}`);
    }
  }

  async #succeeds(image: string, file: string): Promise<void> {
    const { code } = await this.#up('up', { file, during: this.#fault.during });
    if (code !== 0)
      this.#complain(`\`up\` failed, and had to bring ${shortImageId(image)} up all the same`);
  }

  async #killed(image: string, file: string): Promise<void> {
    const { code } = await this.#up('up', { file, during: this.#fault.during });
    if (code !== 137) this.#complain('`up` was over before it could be killed');
    // Another backend's lock does not say whether its holder lives; this one was killed for
    // certain.
    if (!usesOwnBackend()) await pulumiText('cancel', '--yes', '--stack', stack);
    const again = await this.#up('up after the kill', { file });
    if (again.code !== 0)
      this.#complain(`\`up\` after the kill failed, and had to bring ${shortImageId(image)} up`);
    const { resumes } = this.#fault;
    if (resumes && !resumes.test(again.output))
      this.#complain(`\`up\` after the kill did not say ${resumes}`);
  }

  /** Brings back the release that served before, then reverts the migration of the fault. */
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
    const more = ['--target', before?.urn ?? ''];
    const { code } = await this.#up('up of the push alone', { file, more });
    const { outputs = {} } = (await resourceOf('slipway:index:ImagePush')) ?? {};
    if (code !== 0 || outputs['image'] !== image)
      return this.#complain('the image could not be pushed by itself');
    for (const complaint of await vanishImage(image, outputs)) this.#complain(complaint);
  }

  async #up(of: string, options: UpdateOptions = {}): Promise<UpdateReport & { output: string }> {
    say(`  … ${this.#fault.name}: ${of}`);
    const update = await watchedUpdate(of, options, (complaint) => this.#complain(complaint));
    const { output, ...report } = update;
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
