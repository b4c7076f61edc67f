import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A type or function of @pulumi/aws that a source uses. */
export interface UsedType {
  token: string;
  source: string;
}

/**
 * The tokens of what the sources of a folder take from @pulumi/aws, read from their text: imports
 * of one file each (`@pulumi/aws/ecs/service.js`) and members of the whole package
 * (`aws.ecs.Service`, `aws.getRegionOutput`). Tests and types are left out.
 *
 * @param awsPackage the folder of the npm package
 */
export function usedTypes(folder: string, awsPackage: string): UsedType[] {
  const used: UsedType[] = [];
  for (const source of globSync('**/*.ts', { cwd: folder }).filter(
    (file) => !file.endsWith('.test.ts'),
  )) {
    const text = readFileSync(join(folder, source), 'utf8');
    for (const path of modulesOf(text, awsPackage)) {
      const token = tokenOf(join(awsPackage, path));
      if (token !== undefined) used.push({ token, source });
    }
  }
  return used;
}

function modulesOf(text: string, awsPackage: string): string[] {
  const imports = [...text.matchAll(/import (?!type\b)[^;]*? from '@pulumi\/aws\/([\w/]+)\.js'/g)];
  const members = /import \* as aws from '@pulumi\/aws'/.test(text)
    ? [...text.matchAll(/\baws((?:\.[a-z0-9]+)?)\.([A-Z]\w+|get\w+)\b/g)].flatMap(
        ([, module = '', name = '']) => {
          const file = `${name[0]?.toLowerCase()}${name.slice(1)}`.replace(/Output$/, '');
          return [join(module.slice(1), file)].filter((path) =>
            existsSync(join(awsPackage, `${path}.js`)),
          );
        },
      )
    : [];
  return [...imports.map(([, path]) => path ?? ''), ...members];
}

/**
 * The token that a file of the package registers; undefined for one that registers nothing.
 */
function tokenOf(path: string): string | undefined {
  const text = readFileSync(`${path}.js`, 'utf8');
  return (/__pulumiType = '([^']+)'/.exec(text) ?? /runtime\.invoke\("([^"]+)"/.exec(text))?.[1];
}
