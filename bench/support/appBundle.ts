import { join } from 'node:path';
import { baseImages } from '../../infra/docker-engine/baseImages.ts';
import type { Bench } from './bench.ts';
import { run } from './commands.ts';
import { docker } from './docker.ts';

/** The app image of this checkout: its size and a folder with its files. */
export interface AppBundle {
  imageBytes: number;
  baseBytes: number;
  /** A copy of the image's `/app`. */
  folder: string;
}

const bundles = new WeakMap<Bench, Promise<AppBundle>>();

/** Builds the image as the stack does and copies its `/app` out, once in a run. */
export function appBundle(bench: Bench): Promise<AppBundle> {
  const known = bundles.get(bench) ?? copyOut(bench);
  bundles.set(bench, known);
  return known;
}

async function copyOut(bench: Bench): Promise<AppBundle> {
  const imageId = await bench.imageId();
  const created = await run(['docker', 'create', ...bench.label, imageId]);
  await run(['docker', 'cp', `${created.stdout.trim()}:/app`, bench.folder]);
  await run(['docker', 'rm', created.stdout.trim()]);
  const [image, base] = await Promise.all(
    [imageId, baseImages.node].map((name) => docker.getImage(name).inspect()),
  );
  return {
    imageBytes: image?.Size ?? NaN,
    baseBytes: base?.Size ?? NaN,
    folder: join(bench.folder, 'app'),
  };
}
