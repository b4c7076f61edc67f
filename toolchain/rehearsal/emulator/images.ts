import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { baseImages } from '../../../infra/docker-engine/baseImages.ts';
import { UserFault } from '../../lib/fault.ts';
import { standIns } from '../../lib/paths.ts';
import { unlessMissing } from '../../../infra/docker-engine/unlessMissing.ts';
import { baseImageOrigin, recipeLabel } from '../../setup/baseImages.ts';
import { followToEnd } from '../../stand-ins/debianRootfs.ts';
import { proxyVariables } from '../../machine/reachable.ts';

/** The release of ministack on PyPI. */
const emulatorVersion = '1.5.33';

export const emulatorImage = `slipway-emulator:${emulatorVersion}`;

/**
 * The images of the databases and caches that the emulator starts, each with the base image that
 * stands in where it cannot be pulled.
 */
const engineImages = {
  'postgres:17-alpine': baseImages.postgres,
  'valkey/valkey:8.0-alpine': baseImages.valkey,
  'valkey/valkey:8.1-alpine': baseImages.valkey,
} as const;

const folder = join(standIns, 'images', 'emulator');
const files = ['Dockerfile', 'emulator.py', 'health_checks.py', 'addresses.py', 'referrers.py'];

/** Makes the emulator's image, and the ones it asks for, present. Base images have to be there. */
export async function ensureEmulatorImages(
  docker: Docker,
  note: (line: string) => void,
): Promise<boolean> {
  const built = await ensureEmulator(docker, note);
  let taken = false;
  for (const [name, base] of Object.entries(engineImages))
    taken = (await ensureEngine(docker, name, base, note)) || taken;
  return built || taken;
}

async function ensureEmulator(docker: Docker, note: (line: string) => void): Promise<boolean> {
  const hash = createHash('sha256').update(emulatorVersion);
  for (const file of files) hash.update(readFileSync(join(folder, file)));
  const recipe = hash.digest('hex').slice(0, 16);
  const present = await unlessMissing(docker.getImage(emulatorImage).inspect());
  if (present?.Config.Labels?.[recipeLabel] === recipe) return false;
  note(`building ${emulatorImage} from PyPI (a minute)`);
  const index = withoutLogin(process.env['PIP_INDEX_URL']);
  const stream = await docker.buildImage(
    { context: folder, src: files },
    {
      t: emulatorImage,
      labels: { [recipeLabel]: recipe },
      buildargs: {
        MINISTACK_VERSION: emulatorVersion,
        ...(index ? { PIP_INDEX_URL: index } : {}),
        ...proxyVariables(),
      },
      forcerm: true,
    },
  );
  await followToEnd(docker, stream);
  return true;
}

/**
 * A build argument stays in the image's history.
 *
 * @throws UserFault
 */
export function withoutLogin(index: string | undefined): string | undefined {
  if (index && URL.canParse(index) && new URL(index).username !== '')
    throw new UserFault(
      'PIP_INDEX_URL holds a login, which the history of the emulator’s image would keep.',
      'Give an index that asks for none.',
    );
  return index;
}

/**
 * Pulled where our base image was pulled too; else that base image under the name asked for, with
 * its label as a stand-in.
 */
async function ensureEngine(
  docker: Docker,
  name: string,
  base: string,
  note: (line: string) => void,
): Promise<boolean> {
  const [present, origin, source] = [
    await baseImageOrigin(docker, name),
    await baseImageOrigin(docker, base),
    await unlessMissing(docker.getImage(base).inspect()),
  ];
  if (present === 'official') return false;
  if (origin === 'official') {
    note(`pulling ${name}`);
    await followToEnd(docker, await docker.pull(name));
    return true;
  }
  if (
    source === undefined ||
    (await unlessMissing(docker.getImage(name).inspect()))?.Id === source.Id
  )
    return false;
  const [repo = '', tag = ''] = name.split(':');
  await docker.getImage(base).tag({ repo, tag });
  return true;
}
