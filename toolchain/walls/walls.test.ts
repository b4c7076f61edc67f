import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../lib/paths.ts';
import { reachable, renderedPage } from './picture.ts';
import { rooms } from './rooms.ts';
import { wallRules } from './rules.ts';

describe('the table of rooms', () => {
  const names = Object.keys(rooms);

  it('names rooms that exist', () => {
    for (const name of [...names, ...Object.values(rooms).flat()]) {
      expect(globSync([name, `${name}/**/*.ts`], { cwd: root }), name).not.toHaveLength(0);
      expect(names).toContain(name);
    }
  });

  it('has no circle', () => {
    for (const name of names) expect([...reachable(name)], name).not.toContain(name);
  });

  it('is what docs/architecture.md shows', () => {
    const { is, shouldBe } = renderedPage();
    expect(is).toBe(shouldBe);
  });
});

describe('the walls', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'walls-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const violations = async (files: Record<string, string>) => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const { output } = await cruise(['.'], {
      baseDir: folder,
      validate: true,
      ruleSet: { forbidden: wallRules() },
      tsPreCompilationDeps: true,
    });
    const { summary } = output as ICruiseResult;
    return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
  };
  const leaf = 'export const x = 1;';

  it('let a room import what the table opens to it, and itself', async () => {
    const found = await violations({
      'infra/docker/a.ts': "import '../config/c.ts';\nimport './b.ts';",
      'infra/docker/b.ts': leaf,
      'infra/config/c.ts': leaf,
    });
    expect(found).toEqual([]);
  });

  it.each([
    ['a platform in the configuration', 'infra/config/a.ts', 'infra/aws/network/b.ts'],
    ['one platform in the other', 'infra/docker/a.ts', 'infra/aws/b.ts'],
    ['the toolchain in the program', 'infra/release/a.ts', 'toolchain/lib/b.ts'],
    ['a file of the entry point', 'infra/aws/data/a.ts', 'infra/index.ts'],
    ['the app in the provider', 'infra/provider/a.ts', 'app/src/http/b.ts'],
  ])('refuse %s', async (_what, from, to) => {
    const path = `${'../'.repeat(from.split('/').length - 1)}${to}`;
    const found = await violations({ [from]: `import '${path}';`, [to]: leaf });
    expect(found).toEqual([`${dirname(from)}: ${from} → ${to}`]);
  });

  it('refuse an import of types alone just the same', async () => {
    const found = await violations({
      'infra/config/a.ts': "import type { X } from '../aws/b.ts';\nexport type Y = X;",
      'infra/aws/b.ts': 'export type X = string;',
    });
    expect(found).toEqual(['infra/config: infra/config/a.ts → infra/aws/b.ts']);
  });

  it('refuse circles, code that imports tests, and files without a room', async () => {
    const found = await violations({
      'infra/config/a.ts': "import './b.ts';\nimport './c.test.ts';",
      'infra/config/b.ts': "import './a.ts';",
      'infra/config/c.test.ts': leaf,
      'infra/attic/d.ts': "import '../config/b.ts';",
    });
    expect(found).toContain('no-circles: infra/config/a.ts → infra/config/b.ts');
    expect(found).toContain(
      'tests-are-imported-by-tests: infra/config/a.ts → infra/config/c.test.ts',
    );
    expect(found).toContain('every-file-has-a-room: infra/attic/d.ts → infra/config/b.ts');
  });

  it('let a test import everything', async () => {
    const found = await violations({
      'infra/config/a.test.ts': "import '../aws/b.ts';",
      'infra/aws/b.ts': leaf,
    });
    expect(found).toEqual([]);
  });
});
