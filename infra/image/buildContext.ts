import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import dockerignoreModule from '@balena/dockerignore';
import { UserError } from '../config/userError.ts';
import { packagesFolder } from './npmPackages.ts';

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
  /** Hashes of the base images' content. */
  baseImages: string[];
}

/**
 * A hash of exactly what a build sees: the files that `.dockerignore` lets through with their
 * modes, the Dockerfile, the build arguments and the base images. No git state and no times, so an
 * unchanged source never rebuilds.
 *
 * @returns 16 hexadecimal digits
 * @throws UserError with every file that a build cannot take
 */
export function buildHash(inputs: BuildInputs): string {
  const hash = createHash('sha256');
  const seen = [...new Set([...contextFiles(inputs.context), inputs.dockerfile])];
  // The lockfile says what is in there.
  const files = seen.filter((file) => !file.startsWith(`${packagesFolder}/`));
  const faults: string[] = [];
  for (const file of files) {
    const found = describeFile(inputs.context, file, files);
    if (typeof found === 'string') hash.update(`${file}\0${found}\n`);
    else faults.push(`  - ${file} ${found.fault}`);
  }
  if (faults.length > 0)
    throw new UserError(
      [
        `The app image cannot be built from ${inputs.context}; nothing was changed:`,
        ...faults,
      ].join('\n'),
    );
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

/** A file as the image's name hashes it, or what keeps it from being built. */
function describeFile(context: string, file: string, files: string[]): string | { fault: string } {
  const path = join(context, file);
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return describeLink(context, file, files);
  if (!stats.isFile())
    return {
      fault:
        'is neither a file nor a folder, and cannot go into an image. Remove it, or name it in .dockerignore.',
    };
  const executable = (stats.mode & 0o111) !== 0 ? 'x' : '-';
  try {
    return `${executable} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  } catch (error) {
    return { fault: `cannot be read (${(error as NodeJS.ErrnoException).code}). Mend its rights.` };
  }
}

/**
 * The image gets a link as a link, so what it leads to has to be in the build as well. A link that
 * leads nowhere does no harm; editors make such.
 */
function describeLink(context: string, file: string, files: string[]): string | { fault: string } {
  const target = readlinkSync(join(context, file));
  let real: string;
  try {
    real = relative(realpathSync(context), realpathSync(join(context, file)));
  } catch {
    return `link ${target}`;
  }
  if (files.some((other) => other === real || other.startsWith(`${real}/`)))
    return `link ${target}`;
  return {
    fault: `is a link to ${target}, which the build does not see. Put a copy in its place, or name the link in .dockerignore.`,
  };
}
