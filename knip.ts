import type { KnipConfig } from 'knip';

export default {
  entry: [
    'infra/index.ts',
    'infra/provider/main.ts',
    'infra/policy/{main,policyDocs}.ts',
    'app/src/main.ts',
    'app/*.ts',
    'toolchain/cli.ts',
    'toolchain/stand-ins/*/{main,host}.ts',
    'bench/run.ts',
    // For `node --import`.
    'infra/test-support/tellPackages.ts',
    'tests/aws/program/index.ts',
    '**/*.test.ts',
  ],
  project: ['{infra,app,migrations,toolchain,tests,bench}/**/*.ts'],
  // A tool of Postgres, for trials; where there is none, the runner says so.
  // `mkfifo` is on every machine that the tests run on.
  ignoreBinaries: ['pg_dump', 'mkfifo'],
  ignoreDependencies: [
    // The engine, started by name: `npx pulumi`.
    'pulumi',
    // Its files are copied into the app's image, none is imported.
    'swagger-ui-dist',
  ],
} satisfies KnipConfig;
