import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerForAws } from './test-support/awsAnswers.ts';

const account = '123456789012';
let aws: Awaited<ReturnType<typeof answerForAws>>;
let docker: Set<string>;
let onAws: Set<string>;

beforeAll(async () => {
  aws = await answerForAws({ account, vpc: 'slipway-bench-network-vpc' });
  // An engine behind ssh is one that the program does not ask.
  docker = await packagesOf('docker', '18699');
  onAws = await packagesOf('aws', aws.endpoint, account);
}, 120_000);

afterAll(() => aws.close());

describe('the program loads what its platform needs, and nothing of the other one', () => {
  it('on Docker: nothing of AWS', () => {
    expect(docker).toContain('@pulumi/docker');
    expect([...docker].filter((name) => /^(@aws|@pulumi\/aws|@smithy)/.test(name))).toEqual([]);
  });

  it('on AWS: the clients of the questions it asks, no other', () => {
    expect(onAws).toContain('@pulumi/aws');
    expect([...onAws].filter((name) => /^@aws-sdk\/client-/.test(name)).sort()).toEqual([
      '@aws-sdk/client-ec2',
      '@aws-sdk/client-route-53',
      '@aws-sdk/client-sts',
    ]);
  });

  it('on neither: what only the release provider, the policy pack and the app need', () => {
    for (const name of ['dockerode', '@pulumi/policy', 'express', 'pg', 'umzug', 'vitest']) {
      expect(docker, name).not.toContain(name);
      expect(onAws, name).not.toContain(name);
    }
  });
});

/** The packages whose files a run of the program loads, with mocks in place of Pulumi's engine. */
async function packagesOf(...args: string[]): Promise<Set<string>> {
  const root = join(import.meta.dirname, '..');
  const hook = join(import.meta.dirname, 'test-support/tellPackages.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', hook, join(root, 'infra/test-support/mockedProgram.ts'), ...args],
    {
      cwd: root,
      env: {
        ...process.env,
        DOCKER_HOST: 'ssh://nowhere',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    },
  );
  return new Set(stdout.trim().split('\n').at(-1)?.split(' '));
}
