import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPostgres } from '../../tests/support/postgres.ts';
import { baseImages } from './baseImages.ts';
import { dockerClient } from './dockerClient.ts';
import { dockerHost } from './host.ts';
import { dumpSchema } from './schemaCopy.ts';
import { ThrowAwayPostgres } from './throwAwayPostgres.ts';

const docker = dockerClient(dockerHost());
let source: TestPostgres;
let copy: ThrowAwayPostgres | undefined;
beforeAll(async () => {
  source = await TestPostgres.start();
});
afterAll(async () => {
  await copy?.remove();
  await source?.stop();
});

test('a copy of a schema has the roles that it names, without their passwords', async ({
  skip,
}) => {
  const { container } = source;
  skip(!container, 'the server is not in a container of ours');
  await source.query(
    `CREATE TABLE slipway_migrations (name text PRIMARY KEY);
     INSERT INTO slipway_migrations VALUES ('0001_t');
     CREATE ROLE reporting LOGIN PASSWORD 'reporting-password';
     CREATE TABLE t (id int);
     ALTER TABLE t OWNER TO reporting;
     CREATE POLICY p ON t TO reporting USING (true);
     GRANT SELECT ON slipway_migrations TO reporting;`,
  );
  const database = { container: container!.container.id, user: 'slipway', name: 'slipway' };
  const dump = await dumpSchema(docker, database, ['slipway_migrations']);
  expect(dump).not.toMatch(/PASSWORD|SCRAM/);
  copy = await ThrowAwayPostgres.start(docker, {
    image: baseImages.postgres,
    name: `slipway-test-copy-${randomBytes(3).toString('hex')}`,
    labels: {},
    user: 'slipway',
    database: 'copy',
    at: 'loopback',
    data: 'memory',
  });
  await copy.ready();
  await copy.fill(dump!);
  const seen = await source.query(
    `SELECT (SELECT roles::text FROM pg_policies WHERE policyname = 'p') AS policy,
            (SELECT tableowner FROM pg_tables WHERE tablename = 't') AS owner,
            has_table_privilege('reporting', 'slipway_migrations', 'SELECT') AS reads,
            (SELECT rolpassword FROM pg_authid WHERE rolname = 'reporting') AS password,
            (SELECT name FROM slipway_migrations) AS row`,
    copy.url,
  );
  expect(seen).toEqual([
    { policy: '{reporting}', owner: 'reporting', reads: true, password: null, row: '0001_t' },
  ]);
});
