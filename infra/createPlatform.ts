import { resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { Blueprint } from './blueprint.ts';
import type { Config } from './config/config.ts';
import type { StackIdentity } from './docker-engine/labels.ts';
import type { Platform } from './platform.ts';
import type { AppSecrets } from './secrets.ts';

/** Registers the platform's resources, with the stack's secrets. */
export type CreatePlatform = (secrets: AppSecrets) => Platform;

/**
 * Picks the platform by configuration, never by the stack's name, and loads no other platform's
 * code. Looks at what the platform finds there before anything is registered.
 *
 * @throws UserError when the stack could not come up: no engine, a port taken, an image missing
 */
export async function surveyPlatform(
  config: Config,
  blueprint: Blueprint,
): Promise<CreatePlatform> {
  const identity: StackIdentity = {
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    root: resolve(import.meta.dirname, '..'),
  };
  switch (config.platform) {
    case 'docker': {
      const { DockerPlatform } = await import('./docker/dockerPlatform.ts');
      return DockerPlatform.survey(config, identity);
    }
    case 'aws': {
      const { AwsPlatform } = await import('./aws/awsPlatform.ts');
      return AwsPlatform.survey(config, identity, blueprint);
    }
  }
}
