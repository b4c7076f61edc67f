import { expect, test } from 'vitest';
import { migrationFolder } from '../../../tests/support/migrate.ts';
import { readMigrations } from '../files/files.ts';
import { referenceTables } from './referenceTables.ts';

test('names the tables that migrations write rows of their own into', async () => {
  const folder = migrationFolder({
    '0001_a': `CREATE TABLE a (id int); INSERT INTO a (id) VALUES (1);`,
    '0002_b': `INSERT INTO public."b" VALUES (1); INSERT INTO "chat".c VALUES (1); INSERT INTO a VALUES (2);`,
    '0003_d': `INSERT INTO archive (id) SELECT id FROM people; -- INSERT INTO e VALUES (1)`,
  });
  expect(await referenceTables(readMigrations(folder))).toEqual(['a', 'b', 'c']);
});
