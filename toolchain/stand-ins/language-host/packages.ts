import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The plugins that are installed for packages of the program. What is not installed is not named:
 * the engine would fetch it before the program starts, also when this stack never uses it. It asks
 * again at the first resource that does.
 */
export function requiredPackages(folder: string): { name: string; version: string }[] {
  const require = createRequire(join(folder, 'x.js'));
  const installed = readdirOrEmpty(
    join(process.env['PULUMI_HOME'] ?? join(homedir(), '.pulumi'), 'plugins'),
  );
  return installed.flatMap((entry) => {
    const [, name, version] = /^resource-([a-z-]+)-v([0-9.]+)$/.exec(entry) ?? [];
    if (!name || !version) return [];
    try {
      const manifest = JSON.parse(
        readFileSync(require.resolve(`@pulumi/${name}/package.json`), 'utf8'),
      ) as {
        version: string;
      };
      return manifest.version === version ? [{ name, version }] : [];
    } catch {
      return []; // not a package of this program
    }
  });
}

/** The npm packages that the program's package.json names. */
export function dependencies(folder: string): { name: string; version: string }[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const all = { ...manifest['dependencies'], ...manifest['devDependencies'] };
  return Object.entries(all).map(([name, version]) => ({ name, version }));
}

function readdirOrEmpty(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
