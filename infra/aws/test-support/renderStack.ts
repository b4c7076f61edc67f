import * as pulumi from '@pulumi/pulumi';
import { vi } from 'vitest';
import type { Blueprint } from '../../blueprint.ts';
import { awsConfig, type Config } from '../../config/config.ts';
import type { Registered } from '../../test-support/registered.ts';
import { runProgram } from '../../test-support/runProgram.ts';
import type { AwsSurvey } from '../preflight/survey.ts';

/** The image of a rendered stack. */
export const imageId = `sha256:${'a'.repeat(64)}`;

/**
 * Registers everything that a stack on AWS is made of: the program runs under mocks. AWS and the
 * Docker engine are not asked; the answers are made up here.
 *
 * @param raw configuration of the namespace `slipway`, beside what every stack needs
 * @param change changes the blueprint before it is rendered
 * @param found changes what was found before anything is registered
 */
export async function renderStack(
  raw: Record<string, string> = {},
  change?: (blueprint: Blueprint) => void,
  found: Partial<AwsSurvey> = {},
): Promise<Registered> {
  vi.doMock('../preflight/survey.ts', () => ({
    surveyAws: (...[config, identity, blueprint]: Parameters<typeof survey>) =>
      Promise.resolve({ ...survey(config, identity, blueprint), ...found }),
  }));
  const { registered } = await runProgram({
    stack: 'prod',
    config: {
      'aws:region': 'eu-central-1',
      'slipway:platform': 'aws',
      'slipway:image': imageId,
      'slipway:awsAccountId': '123456789012',
      ...Object.fromEntries(Object.entries(raw).map(([key, value]) => [`slipway:${key}`, value])),
    },
    change,
  });
  return registered;
}

function survey(config: Config, identity: AwsSurvey['identity'], blueprint: Blueprint): AwsSurvey {
  const aws = awsConfig(config);
  const zones = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];
  return {
    config: aws,
    identity,
    blueprint,
    zones: zones.slice(0, aws.cost === 'ha' ? 3 : 2),
    https: { domain: 'chat.example.com', hostedZoneId: 'Z1' },
    emulator: aws.awsEndpoint === undefined ? undefined : { endpoint: aws.awsEndpoint },
    dockerHost: 'unix:///var/run/docker.sock',
    image: () => ({
      imageId: pulumi.output(imageId),
      engineId: pulumi.output(imageId),
      migrations: pulumi.output([]),
    }),
  };
}
