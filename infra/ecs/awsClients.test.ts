import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListTasksCommand } from '@aws-sdk/client-ecs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awsClients } from './awsClients.ts';
import { explainAwsError } from './awsError.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the AWS clients', () => {
  it('take credentials from the environment, ask the given endpoint, and try again when throttled', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      const throttle = seen.length < 3;
      response
        .writeHead(throttle ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
        .end(
          throttle
            ? '{"__type":"ThrottlingException","message":"Rate exceeded"}'
            : '{"taskArns":["a"]}',
        );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { ecs } = awsClients({ region: 'eu-central-1', endpoints: { ecs: endpoint } });
    const { taskArns } = await ecs.send(new ListTasksCommand({}));
    ecs.destroy();
    server.close();
    expect(taskArns).toEqual(['a']);
    expect(seen).toHaveLength(3);
    expect(seen[0]).toContain('Credential=test/');
  });

  it('name the address and the fault when nobody answers there', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const { ecs } = awsClients({
      region: 'eu-central-1',
      endpoints: { ecs: 'http://127.0.0.1:1' },
    });
    const error: unknown = await ecs
      .send(new ListTasksCommand({}))
      .catch((reason: unknown) => reason);
    expect(explainAwsError(error)).toMatch(
      /^AWS cannot be reached \(ECONNREFUSED: .*127\.0\.0\.1:1\)/,
    );
  });
});
