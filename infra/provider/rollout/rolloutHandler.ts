import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type * as provider from '@pulumi/pulumi/provider/index.js';
import type { Unwrap } from '@pulumi/pulumi';
import { canonical } from '../../canonical.ts';
import { revision } from './ecs/serviceDeployment.ts';
import { bundleOf, bundleType, statementIn, type Envelope } from '../../receipt/envelope.ts';
import { provenance } from '../../receipt/provenance.ts';
import { seedSigner, type Signer } from '../../receipt/signer.ts';
import { attest } from '../../receipt/verification.ts';
import type { EngineLog } from '../protocol/engineLog.ts';
import type { DockerRelease, EcsRelease, Receipt, RolloutArgs } from '../../release/rollout.ts';
import { RolloutError } from './rolloutError.ts';
import type { ResourceHandler } from '../protocol/resourceHandler.ts';
import { unwrap } from '../protocol/wire.ts';
import { shortImageId } from '../../release/shortImageId.ts';

type Inputs = Unwrap<RolloutArgs>;
type Unsigned<T> = Omit<T, 'signing'>;
type EcsPart = Unsigned<Unwrap<EcsRelease>>;
type Part = EcsPart | Unsigned<Unwrap<DockerRelease>>;
/** The key itself stays with the inputs, where the engine keeps it secret. */
type State = Part & { receipts: Receipt[]; signer?: string; kmsKey?: string };

/** A rollout on one platform. */
interface PlatformRollout {
  /** @throws Error when the new release does not serve; the one before does then */
  run(): Promise<void>;
  /** For the receipt. */
  instances: string[];
  /** Called after a success, with the releases worth keeping. */
  removeOldImages?(keep: string[]): Promise<void>;
  /**
   * Called after a success: marks the image as released where images lie, with its proof beside it.
   *
   * @param released images that receipts name
   */
  publish?(receipt: Receipt, released: string[]): Promise<void>;
}

const keptReceipts = 50;

/** The provider's side of Rollout. */
export class RolloutHandler implements ResourceHandler {
  readonly #log: EngineLog;
  readonly #rolloutFor: typeof platformRollout;

  constructor(log: EngineLog, rolloutFor = platformRollout) {
    this.#log = log;
    this.#rolloutFor = rolloutFor;
  }

  async check(_urn: string, _olds: unknown, news: unknown): Promise<provider.CheckResult> {
    return Promise.resolve({ inputs: news });
  }

  /** How long it may take and where images lie does not make a release another one. */
  async diff(_urn: string, olds: unknown, news: unknown): Promise<provider.DiffResult> {
    const [last, next] = [unwrap(olds) as State, unwrap(news) as Inputs];
    const changes = essence(last, last.kmsKey ?? last.signer) !== essence(next, signerMark(next));
    return Promise.resolve({ changes, replaces: [] });
  }

  async create(urn: string, news: unknown, signal: AbortSignal): Promise<provider.CreateResult> {
    return { id: randomUUID(), outs: await this.#roll(urn, undefined, news, signal) };
  }

  async update(
    urn: string,
    olds: unknown,
    news: unknown,
    signal: AbortSignal,
  ): Promise<provider.UpdateResult> {
    return { outs: await this.#roll(urn, unwrap(olds) as State, news, signal) };
  }

  /**
   * A refresh notices what does not serve any more: it leaves the state, so the next update brings
   * it back.
   */
  async read(id: string, props: unknown): Promise<provider.ReadResult> {
    const state = unwrap(props) as State;
    return { id, props: { ...state, targets: await servingTargets(state) } };
  }

  /** Deleting it switches nothing: instances, services and the gateway go by themselves. */
  async delete(): Promise<void> {}

  async #roll(
    urn: string,
    last: State | undefined,
    news: unknown,
    signal: AbortSignal,
  ): Promise<State> {
    const inputs = unwrap(news) as Inputs;
    const receipts = last?.receipts ?? [];
    const rollout = await this.#rolloutFor(inputs, last, signal, (line) =>
      this.#log.line(urn, line),
    );
    const serving = receipts[0]?.release;
    try {
      await rollout.run();
    } catch (error) {
      const usual = serving
        ? `The release before, ${shortImageId(serving)}, goes on serving.`
        : 'No release serves yet.';
      const after = (error instanceof RolloutError ? error.aftermath : undefined) ?? usual;
      throw new Error(
        `The rollout of ${shortImageId(inputs.release)} failed: ${(error as Error).message}\n${after}`,
        {
          cause: error,
        },
      );
    }
    const { release, runner, signing } = inputs;
    const repoDigest = runner.kind === 'ecs' ? runner.repoDigest : undefined;
    const at = new Date().toISOString();
    const signer = await signerFor(signing);
    const { stack } = signing;
    const receipt: Receipt = {
      release,
      instances: rollout.instances,
      ...(repoDigest && { repoDigest }),
      at,
      attestation: await attest({ stack, release, repoDigest, at }, signer),
      ...(inputs.built && {
        provenance: await provenance({ stack, release, built: inputs.built }, signer),
      }),
    };
    const kept = [receipt, ...receipts].slice(0, keptReceipts);
    await rollout.removeOldImages?.(recentReleases(kept));
    try {
      await rollout.publish?.(
        receipt,
        kept.map((each) => each.release),
      );
    } catch (error) {
      // It serves. Its proof is in the state, too; without the mark its image has 50 pushes to live.
      await this.#log.line(
        urn,
        `The release serves, but its proof did not get beside its image in the registry: ${(error as Error).message}`,
        'warning',
      );
    }
    const outs: State & Partial<Inputs> = {
      ...inputs,
      receipts: kept,
      signer: signer.publicKey,
      ...(signing.kms && { kmsKey: signing.kms.arn }),
    };
    delete outs.signing;
    return outs;
  }
}

/** Loads the code of the platform in use, and of no other. */
async function platformRollout(
  inputs: Inputs,
  last: State | undefined,
  signal: AbortSignal,
  onLine: (line: string) => Promise<void>,
): Promise<PlatformRollout> {
  if (isEcs(inputs)) {
    const { EcsRollout } = await import('./ecs/ecsRollout.ts');
    const previous = last && isEcs(last) ? last.targets : [];
    const rollout = new EcsRollout({ ...inputs, previous, signal, onLine });
    const instances = inputs.targets.map(
      ({ service, taskDefinition }) => `${service} ${revision(taskDefinition)}`,
    );
    const { registry } = inputs.runner;
    return {
      run: () => rollout.run(),
      instances,
      ...(registry && { publish: (receipt, released) => publish(registry, receipt, released) }),
    };
  }
  const { DockerRollout } = await import('./dockerRollout.ts');
  const rollout = new DockerRollout({ ...inputs, signal, onLine });
  return {
    run: () => rollout.run(),
    instances: inputs.targets.map(({ name }) => name),
    removeOldImages: (keep) => rollout.removeOldImages(keep),
  };
}

async function publish(
  registry: NonNullable<EcsPart['runner']['registry']>,
  { release, at, attestation, provenance: origin }: Receipt,
  released: string[],
): Promise<void> {
  const { EcrRegistry } = await import('../../registry/ecrRegistry.ts');
  const ecr = new EcrRegistry(registry);
  const proofs = [attestation, origin, ...proofsOf(release)].filter((proof) => proof !== undefined);
  for (const [index, proof] of proofs.entries())
    await ecr.publish(release, `${Date.parse(at)}-${index}`, {
      mediaType: bundleType,
      content: bundleOf(proof),
      // By these `cosign` finds it without reading it.
      annotations: {
        'org.opencontainers.image.created': at,
        'dev.sigstore.bundle.content': 'dsse-envelope',
        'dev.sigstore.bundle.predicateType': (statementIn(proof) as { predicateType: string })
          .predicateType,
      },
    });
  await ecr.keepReleased(released);
}

/**
 * What the stack that the release comes from has signed about it: `make promote` hands it over in
 * the file that SLIPWAY_PROOFS names.
 */
function proofsOf(release: string): Envelope[] {
  const file = process.env['SLIPWAY_PROOFS'];
  if (!file) return [];
  const handed = JSON.parse(readFileSync(file, 'utf8')) as { release: string; proofs: Envelope[] };
  return handed.release === release ? handed.proofs : [];
}

async function servingTargets(state: State): Promise<Inputs['targets']> {
  if (isEcs(state)) {
    const { servingTargets } = await import('./ecs/servingTargets.ts');
    return servingTargets(state.runner, state.targets);
  }
  const { runningTargets } = await import('./dockerRollout.ts');
  return runningTargets(state.runner.host, state.targets);
}

function isEcs<T extends Part>(inputs: T): inputs is T & EcsPart {
  return inputs.runner.kind === 'ecs';
}

/** The images worth keeping for a quick step back: of the last three different releases. */
function recentReleases(receipts: Receipt[]): string[] {
  return [...new Set(receipts.map(({ release }) => release))].slice(0, 3);
}

async function signerFor({ seed, kms }: Inputs['signing']): Promise<Signer> {
  if (!kms) return seedSigner(seed);
  const { kmsSigner } = await import('../../registry/kmsSigner.ts');
  return kmsSigner(kms);
}

/** Tells one signing key from another; undefined in a preview that does not know it yet. */
function signerMark({ signing }: Partial<Inputs>): string | undefined {
  if (signing?.kms) return signing.kms.arn;
  return signing?.seed ? seedSigner(signing.seed).publicKey : undefined;
}

/** A preview may not know all of it yet. */
function essence(inputs: Partial<Part>, signer: string | undefined): string {
  const { release, targets, routes, runner } = inputs;
  const place = runner?.kind === 'ecs' ? [runner.cluster, runner.url] : runner?.gateway;
  return canonical({ release, targets, routes, place, signer });
}
