import { resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { Blueprint } from './blueprint.ts';
import type { Config } from './config/config.ts';
import type { StackIdentity } from './docker-engine/labels.ts';
import type { CreatePlatform } from './platform.ts';

/**
 * Picks the platform by configuration, never by the stack's name, and loads no other platform's
 * code. The platform looks at the place where the stack will run; nothing is registered yet.
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
