import { resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from './config.ts';
import type { StackIdentity } from './labels.ts';
import type { Platform } from './platform.ts';
import type { AppSecrets } from './secrets.ts';
import { UserError } from './userError.ts';

/** Picks the platform by configuration, never by the stack's name, and loads no other platform's code. */
export async function createPlatform(config: Config, secrets: AppSecrets): Promise<Platform> {
  const identity: StackIdentity = {
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    root: resolve(import.meta.dirname, '..'),
  };
  switch (config.platform) {
    case 'docker': {
      const { DockerPlatform } = await import('./docker/dockerPlatform.ts');
      return DockerPlatform.create({ config, identity, secrets });
    }
    case 'aws':
      throw new UserError(
        `Stack ${identity.stack} has platform: aws, which this version does not render yet. Set slipway:platform to docker.`,
      );
  }
}
