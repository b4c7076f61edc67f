import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Two at least: these tests wait for containers and for the disk more than for a core.
const manyWorkers = Math.max(2, availableParallelism() - 1);

// Each file brings whole stacks up, with names and ports of its own. The rehearsal is the longest,
// and it mostly waits for the AWS provider: it starts first, and the other files run beside it, one
// at a time.
const besideTheRehearsal = {
  sequence: { groupOrder: 2 },
  testTimeout: 900_000,
  hookTimeout: 900_000,
  maxWorkers: 2,
};

// unit: pure logic, no engine, no Docker. integration: real Postgres and Valkey in containers. e2e:
// the real Pulumi engine.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['{infra,app,migrations,toolchain}/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
          maxWorkers: manyWorkers,
        },
      },
      {
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: ['{infra,app,migrations}/**/*.integration.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: manyWorkers,
        },
      },
      {
        test: {
          ...besideTheRehearsal,
          name: 'e2e',
          include: ['tests/*.test.ts'],
          globalSetup: 'tests/support/clearLeftovers.ts',
        },
      },
      {
        // The AWS plugin, and the prod program on the emulator. Vitest starts the projects of a group
        // in the order of their names, and a project with its largest file: the rehearsal.
        test: {
          ...besideTheRehearsal,
          name: 'aws',
          include: ['tests/aws/*.test.ts'],
          exclude: ['tests/aws/plugin.test.ts'],
        },
      },
      {
        // A stack of every type that the plugin maps, which takes ten minutes: after a change of
        // the plugin, by hand.
        test: {
          name: 'aws-plugin',
          sequence: { groupOrder: 3 },
          include: ['tests/aws/plugin.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
