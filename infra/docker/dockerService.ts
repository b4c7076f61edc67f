import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../component.ts';
import type { ServiceBlueprint } from '../blueprint.ts';
import type { Environment } from '../environment.ts';
import { healthProbe } from '../image/healthProbe.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import type { RunningService } from '../platform.ts';
import { containerDefaults, healthTiming } from './containerDefaults.ts';

export interface DockerServiceArgs {
  identity: StackIdentity;
  network: docker.Network;
  blueprint: ServiceBlueprint;
  environment: Environment;
  /** What the engine calls the app image. */
  engineId: pulumi.Input<string>;
}

/** The instances of one service. New ones come up beside the old ones, under names of their own. */
export class DockerService extends Component implements RunningService {
  readonly blueprint: ServiceBlueprint;
  readonly containers: docker.Container[];

  constructor(name: string, args: DockerServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:docker:Service', name, opts);
    const { blueprint } = args;
    this.blueprint = blueprint;
    const envs = dockerEnvironment(args.environment);
    this.containers = Array.from({ length: blueprint.replicas }, (_, index) =>
      this.child(
        docker.Container,
        String(index),
        {
          ...containerDefaults(args.identity, blueprint.name, blueprint),
          image: args.engineId,
          command: blueprint.command,
          envs,
          // No alias: a name shared by versions would send requests to a container that is not
          // proven healthy.
          networksAdvanced: [{ name: args.network.name }],
          user: '1000:1000',
          readOnly: true,
          tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m,mode=1777' },
          capabilities: { drops: ['ALL'] },
          healthcheck: { tests: healthProbe(blueprint), ...healthTiming },
          // The rollout waits and judges: it can say why an instance is not healthy, the provider
          // cannot.
          wait: false,
          mustRun: false,
          stopTimeout: blueprint.drainSeconds + 5,
          destroyGraceSeconds: blueprint.drainSeconds + 5,
        },
        // The provider deletes first by default; then a bad release would take its place before it
        // is known to be bad.
        { deleteBeforeReplace: false },
      ),
    );
    this.registerOutputs({});
  }
}

/**
 * All of an environment as Docker takes it; whoever may ask the Docker socket can read it (see
 * SECURITY.md).
 */
export function dockerEnvironment(environment: Environment): pulumi.Output<string[]> {
  const { plain, secret } = environment;
  const lines = [
    ...Object.entries(plain),
    ...Object.entries(secret).map(([key, { value }]) => [key, value] as const),
  ].map(([key, value]) => pulumi.interpolate`${key}=${value}`);
  return pulumi.secret(pulumi.all(lines));
}
