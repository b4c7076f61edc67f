import { defineConfig } from 'vitest/config';

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
        },
      },
      {
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: ['{infra,app,migrations}/**/*.integration.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['tests/*.test.ts'],
          globalSetup: 'tests/support/clearLeftovers.ts',
          testTimeout: 900_000,
          hookTimeout: 900_000,
          // Each file brings whole stacks up: one at a time.
          maxWorkers: 1,
        },
      },
      {
        // The AWS plugin, and the prod program on the emulator.
        test: {
          name: 'aws',
          sequence: { groupOrder: 3 },
          include: ['tests/aws/*.test.ts'],
          exclude: ['tests/aws/plugin.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          maxWorkers: 1,
        },
      },
      {
        // A stack of every type that the plugin maps, which takes ten minutes: after a change of
        // the plugin, by hand.
        test: {
          name: 'aws-plugin',
          sequence: { groupOrder: 4 },
          include: ['tests/aws/plugin.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
