import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { baseImages } from './baseImages.ts';
import { dockerClient } from './dockerClient.ts';
import { dockerHost } from './host.ts';
import { imageFile } from './imageFile.ts';

const docker = dockerClient(dockerHost());

it('reads a file of an image, and says where there is none', async () => {
  expect(await imageFile(docker, baseImages.node, '/etc/debian_version')).toMatch(/^\d|\w+\/sid/);
  expect(await imageFile(docker, baseImages.node, '/no/such/file')).toBeUndefined();
});

it('lets the process end that has read a file', async () => {
  const here = (file: string) => JSON.stringify(join(import.meta.dirname, file));
  const script = `
    import { dockerClient } from ${here('dockerClient.ts')};
    import { dockerHost } from ${here('host.ts')};
    import { imageFile } from ${here('imageFile.ts')};
    const docker = dockerClient(dockerHost());
    const read = (path) => imageFile(docker, ${JSON.stringify(baseImages.node)}, path);
    const paths = ['/var/lib/dpkg/status', '/usr/bin/bash', '/etc/debian_version'];
    const files = await Promise.all([...paths, ...paths].map(read));
    console.log(files.join('').length);
  `;
  const command = ['--input-type=module-typescript', '--eval', script];
  // It took minutes.
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 20_000 });
  expect(Number(stdout)).toBeGreaterThan(0);
}, 30_000);
