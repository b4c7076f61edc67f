import * as pulumi from '@pulumi/pulumi';
import { beforeEach, expect, test, vi } from 'vitest';
import { UserError } from '../config/userError.ts';
import { verifiedImage } from './verifiedImage.ts';

const image = `sha256:${'a'.repeat(64)}`;
let answer: () => Promise<unknown>;
const invoke = vi.spyOn(pulumi.runtime, 'invoke');

beforeEach(async () => {
  const mocks = { newResource: () => ({ id: '', state: {} }), call: () => ({}) };
  await pulumi.runtime.setMocks(mocks, 'slipway', 'rehearsal', false, 'organization');
  invoke.mockImplementation(() => answer());
});

test("takes the image of the other stack's last release that served", async () => {
  answer = () =>
    Promise.resolve({ outputs: { release: image, imageId: 'sha256:newer, and never proven' } });
  expect(await verifiedImage('dev')).toBe(image);
  const name = `${pulumi.getOrganization()}/slipway/dev`;
  expect(invoke).toHaveBeenCalledWith('pulumi:pulumi:readStackOutputs', { name });
});

test('refuses itself, a stack that is not there, and one that never served, each with what to type', async () => {
  await expect(verifiedImage('rehearsal')).rejects.toThrow('names this stack itself');
  answer = () => Promise.resolve({ outputs: {} });
  await expect(verifiedImage('dev')).rejects.toThrow(
    /No release of stack dev has served yet.*`make up STACK=dev`/,
  );
  answer = () => Promise.reject(new Error('unknown stack "organization/slipway/dev"'));
  await expect(verifiedImage('dev')).rejects.toThrow(/There is no stack dev.*`make up STACK=dev`/);
  await expect(verifiedImage('dev')).rejects.toBeInstanceOf(UserError);
});

test('hands on what went wrong otherwise', async () => {
  answer = () => Promise.reject(new Error('the backend is out of reach'));
  await expect(verifiedImage('dev')).rejects.toThrow('the backend is out of reach');
});
