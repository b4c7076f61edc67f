import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  emulatorInstance,
  emulatorState,
  removeEmulator,
  startEmulator,
} from '../rehearsal/emulator/emulator.ts';
import { emulatorEndpoint } from '../pulumi/emulatorGuard.ts';
import { emulatorImage, ensureEmulatorImages } from '../rehearsal/emulator/images.ts';
import { docker, stack } from '../lib/context.ts';
import { privateDir } from '../lib/paths.ts';
import { say, step } from '../lib/progress.ts';
import { forgetStack } from '../pulumi/stackState.ts';
import { ensureBaseImages } from '../setup/baseImages.ts';
import { ensureDockerEngine } from '../setup/dockerEngine.ts';
import { table } from './containers.ts';

/** Brings the AWS emulator up; idempotent. */
export async function emulatorUp(): Promise<number> {
  await step('Docker engine', ensureDockerEngine);
  await step('base images', ensureBaseImages);
  await ensureEmulator();
  say(
    'Next: `make emulator-ps` shows what it runs, `make emulator-down` removes it with everything it started.',
  );
  return 0;
}

/**
 * The emulator's images and the emulator itself, in setup steps; Docker and the base images have to
 * be there.
 *
 * @returns whether it was started anew
 */
export async function ensureEmulator(): Promise<boolean> {
  let anew = false;
  await step('emulator images', async (note) => {
    const worked = await ensureEmulatorImages(docker(), note);
    return { found: emulatorImage, worked };
  });
  await step('emulator', async () => {
    anew = await startEmulator(docker());
    return { found: `ready at ${emulatorEndpoint}`, worked: anew };
  });
  return anew;
}

/**
 * Starts the emulator for this stack. A stack that lived on an earlier emulator is forgotten: its
 * resources were in that one's memory.
 */
export async function ensureEmulatorOfStack(): Promise<void> {
  const anew = await ensureEmulator();
  const file = join(privateDir, 'rehearsal', `${stack}.emulator`);
  const instance = (await emulatorInstance(docker())) ?? '';
  const last = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (last === instance) return;
  // A stack without a note came up by plain pulumi.
  if (anew || last !== undefined) await forgetStack();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, instance);
}

/** Removes the emulator and everything it started. */
export async function emulatorDown(): Promise<number> {
  const removed = await removeEmulator(docker());
  say(removed.length === 0 ? 'There is no emulator.' : `  ✓ removed: ${removed.join(', ')}`);
  say('Next: `make emulator-up` starts a new one, which knows nothing of what the last one held.');
  return 0;
}

/** Lists the emulator and what it has started. */
export async function emulatorPs(): Promise<number> {
  const { found, started } = await emulatorState(docker());
  const rows = started.map(({ Names, Labels, Status, Image }) => [
    Labels['ministack'] ?? '?',
    (Names[0] ?? '').replace(/^\//, ''),
    Status,
    Image,
  ]);
  process.stdout.write(`emulator: ${found}\n`);
  if (rows.length > 0)
    process.stdout.write(`${table([['KIND', 'NAME', 'STATUS', 'IMAGE'], ...rows])}\n`);
  return 0;
}
