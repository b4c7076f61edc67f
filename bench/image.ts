import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { baseImages } from '../infra/docker-engine/baseImages.ts';
import { appBundle } from './support/appBundle.ts';
import type { Bench } from './support/bench.ts';
import type { Row } from './support/results.ts';

/** The parts of `/app`. */
const parts: Record<string, string> = {
  'main.js': 'the bundle',
  'compile-cache': 'the bundle, compiled ahead',
  node_modules: 'native module @node-rs/argon2',
  swagger: 'static files of Swagger UI',
  web: 'static files of our own',
  migrations: 'migrations',
};

/** The engine's size of the app image, beside that of its base image. */
export async function benchImage(bench: Bench): Promise<Row[]> {
  const { imageBytes, baseBytes, folder } = await appBundle(bench);
  const sizes = readdirSync(folder)
    .map((name) => ({ name, bytes: bytesOf(join(folder, name)) }))
    .sort((a, b) => b.bytes - a.bytes)
    .map(
      ({ name, bytes }) =>
        `${name} ${(bytes / 1e6).toFixed(2)} MB${parts[name] ? ` (${parts[name]})` : ''}`,
    );
  bench.note(`in the image's /app: ${sizes.join(', ')}`);
  return [
    {
      key: 'imageSize',
      what: 'app image',
      ours: [imageBytes / 1e6],
      theirs: [baseBytes / 1e6],
      unit: 'MB',
      against: `its base image ${baseImages.node}`,
      aim: 1.1,
    },
  ];
}

function bytesOf(path: string): number {
  const entry = lstatSync(path);
  if (!entry.isDirectory()) return entry.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
