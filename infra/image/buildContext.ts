import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import dockerignoreModule from '@balena/dockerignore';

// A CommonJS package: Node hands over its exports as the default, and the function is the default
// of those.
const dockerignore = dockerignoreModule.default;

/** The inputs of a build: another one of them makes another image. */
export interface BuildInputs {
  /** Absolute path of the build context. */
  context: string;
  /** The Dockerfile, relative to the context. */
  dockerfile: string;
  buildArgs: Record<string, string>;
  /** Ids of the base images. */
  baseImages: string[];
}

/**
 * A hash of exactly what a build sees: the files that `.dockerignore` lets through with their
 * modes, the Dockerfile, the build arguments and the base images. No git state and no times, so an
 * unchanged source never rebuilds.
 *
 * @returns 16 hexadecimal digits
 */
export function buildHash(inputs: BuildInputs): string {
  const hash = createHash('sha256');
  for (const file of new Set([...contextFiles(inputs.context), inputs.dockerfile])) {
    hash.update(`${file}\0${describeFile(join(inputs.context, file))}\n`);
  }
  const args = Object.entries(inputs.buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify({ dockerfile: inputs.dockerfile, args, base: inputs.baseImages }));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The files of a build context, relative to it, sorted: what `.dockerignore` there lets through.
 */
export function contextFiles(context: string): string[] {
  const text = readIgnoreFile(context);
  const ignore = dockerignore({ ignorecase: false }).add(text);
  const kept = text
    .split('\n')
    .filter((line) => line.trim().startsWith('!'))
    .map((line) => line.trim().slice(1).replace(/^\//, ''));

  const files: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(context, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.isDirectory()) {
        // An ignored folder is entered only when an exception may name something inside it, as
        // Docker does.
        if (!ignore.ignores(path) || kept.some((pattern) => mayMatchInside(pattern, path)))
          walk(path);
      } else if (!ignore.ignores(path)) {
        files.push(path);
      }
    }
  };
  walk('');
  return files.sort();
}

function mayMatchInside(pattern: string, folder: string): boolean {
  const parts = pattern.split('/');
  return folder.split('/').every((name, index) => {
    const part = parts[index];
    return part !== undefined && (part === name || /[*?[]/.test(part));
  });
}

function readIgnoreFile(context: string): string {
  try {
    return readFileSync(join(context, '.dockerignore'), 'utf8');
  } catch {
    return '';
  }
}

function describeFile(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  // A link that leads nowhere is part of the context all the same, as a link.
  if (!stats) return `link ${readlinkSync(path)}`;
  const executable = (stats.mode & 0o111) !== 0 ? 'x' : '-';
  return `${executable} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
}
