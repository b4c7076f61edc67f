import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { migrationRow, migrationsLabel } from '../../../infra/image/buildPlan.ts';
import { requireImage } from '../../../infra/docker-engine/imageIdentity.ts';
import { labelKeys, stackLabels, type StackIdentity } from '../../../infra/docker-engine/labels.ts';
import { readMigrations } from '../../../migrations/runner/files/files.ts';
import { followToEnd } from '../../stand-ins/debianRootfs.ts';

/** How an image differs from the one it is made of. */
export interface ImageChange {
  /** Goes into its name, and makes its id another one. */
  name: string;
  /** SQL of one more migration, after those that the image carries. */
  migration?: { up: string; down: string };
  /** A module that Node loads before the app, in every role: JavaScript. */
  preload?: string;
}

export interface ChangedImage {
  /** `sha256:…` */
  id: string;
  /** Name of the migration that it has more. */
  migration: string | undefined;
}

/** The folder that the image's runner reads. */
const migrationsFolder = '/app/migrations';
const preloadFile = '/fault/preload.mjs';

/**
 * Makes an image from another one, without building the app: the same code, with one more
 * migration, or with something wrong that comes before it.
 *
 * @param base id of an app image on the engine
 */
export async function changeImage(
  docker: Docker,
  base: string,
  change: ImageChange,
  identity: StackIdentity,
): Promise<ChangedImage> {
  const context = mkdtempSync(join(tmpdir(), 'slipway-fault-'));
  try {
    const { engineId } = await requireImage(docker, base);
    const { Config } = await docker.getImage(engineId).inspect();
    const carried = JSON.parse(Config.Labels[migrationsLabel] ?? '[]') as [string, ...unknown[]][];
    const labels: Record<string, string> = {
      ...stackLabels(identity, 'image'),
      'dev.slipway.fault': change.name,
    };
    const lines = [`FROM ${engineId}`];
    let migration: string | undefined;
    if (change.migration) {
      const last = Math.max(0, ...carried.map(([name]) => Number(name.slice(0, 4))));
      migration = `${String(last + 1).padStart(4, '0')}_rehearsal_${change.name.replaceAll('-', '_')}`;
      const rows = [
        ...carried,
        writeMigration(join(context, 'migrations'), migration, change.migration),
      ];
      labels[migrationsLabel] = JSON.stringify(rows);
      lines.push(`COPY migrations ${migrationsFolder}`);
    }
    if (change.preload !== undefined) {
      writeFileSync(join(context, 'preload.mjs'), change.preload);
      lines.push(`COPY preload.mjs ${preloadFile}`, `ENV NODE_OPTIONS=--import=${preloadFile}`);
    }
    writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
    const name = `${identity.project}-${identity.stack}:fault-${change.name}`;
    const files = readdirSync(context, { recursive: true, encoding: 'utf8' });
    // The image's user has to read them, whatever the umask here.
    for (const file of files) chmodSync(join(context, file), file === 'migrations' ? 0o755 : 0o644);
    // Each time another id: what an earlier rehearsal pushed or removed of it must not count.
    const options = { t: name, labels, forcerm: true, nocache: true };
    await followToEnd(docker, await docker.buildImage({ context, src: files }, options));
    return { id: (await requireImage(docker, name)).imageId, migration };
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** The row of the migration for the image's label, as the build writes it. */
function writeMigration(
  folder: string,
  name: string,
  { up, down }: { up: string; down: string },
): unknown[] {
  mkdirSync(folder);
  writeFileSync(join(folder, `${name}.up.sql`), `-- slipway: phase=expand reversible=yes\n${up}\n`);
  writeFileSync(join(folder, `${name}.down.sql`), `${down}\n`);
  const [file] = readMigrations(folder);
  if (!file) throw new Error(`${folder} holds no migration`);
  return migrationRow(file);
}

/** Removes the images that were made for faults of a stack, but for one that still runs. */
export async function removeChangedImages(
  docker: Docker,
  { stack, root }: StackIdentity,
): Promise<void> {
  const label = [`${labelKeys.stack}=${stack}`, `${labelKeys.root}=${root}`, 'dev.slipway.fault'];
  for (const { Id } of await docker.listImages({ filters: { label } })) {
    await docker
      .getImage(Id)
      .remove({ force: true })
      .catch((error: unknown) => {
        const { statusCode = 0 } = error as { statusCode?: number };
        if (statusCode !== 404 && statusCode !== 409) throw error;
      });
  }
}
