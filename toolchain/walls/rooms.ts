/**
 * The rooms of this project, and which room may import which. `make lint` holds the code to this
 * table, and docs/architecture.md shows it as pictures (`node toolchain/walls/picture.ts`).
 *
 * A key is a folder with all that lies below it, or a file. A folder that has rooms inside keeps
 * only the files that lie directly in it. A room may import itself and the rooms that stand behind
 * it. Tests, test support and benchmarks may import everything, and only they may import them. The
 * table has no circle.
 */
// prettier-ignore
export const rooms: Record<string, string[]> = {
  // The Pulumi program: what runs, on which platform.
  'infra/index.ts': ['infra/surveyPlatform.ts', 'infra', 'infra/config'],
  'infra/surveyPlatform.ts': ['infra/docker', 'infra/aws', 'infra/docker-engine', 'infra',
    'infra/config'],
  'infra/docker': ['infra/gateway', 'infra/image', 'infra/docker-engine', 'infra',
    'infra/release', 'infra/config'],
  'infra/gateway': ['infra/release'],
  'infra/aws': ['infra/aws/preflight', 'infra/image', 'infra/aws/observability',
    'infra/aws/network', 'infra/aws/edge', 'infra/aws/data', 'infra/aws/compute',
    'infra/aws/access', 'infra/aws/setting.ts', 'infra/aws/awsProvider.ts', 'infra/docker-engine',
    'infra/aws/naming.ts', 'infra', 'infra/release', 'infra/config'],
  'infra/image': ['infra/docker-engine', 'infra', 'infra/release', 'infra/config',
    'migrations/runner/sql', 'migrations/runner/files', 'migrations/runner'],
  'infra/docker-engine': ['infra/config'],
  'infra': ['infra/release', 'infra/config'],
  'infra/release': ['migrations/runner/files'],
  'infra/config': [],

  // The rooms of the AWS platform.
  'infra/aws/preflight': ['infra/image', 'infra/aws/edge', 'infra/aws/awsProvider.ts',
    'infra/docker-engine', 'infra', 'infra/config'],
  'infra/aws/observability': ['infra/aws/network', 'infra/aws/edge', 'infra/aws/data',
    'infra/aws/compute', 'infra/aws/access', 'infra/aws/naming.ts', 'infra', 'infra/config'],
  'infra/aws/network': ['infra/aws/access', 'infra/aws/naming.ts', 'infra', 'infra/release',
    'infra/config'],
  'infra/aws/edge': ['infra/aws/data', 'infra', 'infra/release'],
  'infra/aws/data': ['infra/aws/access', 'infra/aws/naming.ts', 'infra', 'infra/release',
    'infra/config'],
  'infra/aws/compute': ['infra/aws/access', 'infra/aws/naming.ts', 'infra', 'infra/release',
    'infra/config'],
  'infra/aws/access': ['infra/aws/setting.ts', 'infra/aws/naming.ts', 'infra'],
  'infra/aws/setting.ts': ['infra/aws/awsProvider.ts', 'infra/docker-engine',
    'infra/aws/naming.ts', 'infra/release', 'infra/config'],
  'infra/aws/awsProvider.ts': ['infra/docker-engine'],
  'infra/aws/naming.ts': [],

  // The plugin process behind MigrationRun, Rollout and ImagePush, and how it runs tasks.
  'infra/provider': ['infra/provider/rollout', 'infra/provider/migrations',
    'infra/provider/image-push', 'infra/provider/protocol', 'infra'],
  'infra/provider/rollout': ['infra/provider/protocol', 'infra/ecs', 'infra/gateway',
    'infra/docker-engine', 'infra', 'infra/release'],
  'infra/provider/migrations': ['infra/provider/compatibility', 'infra/tasks',
    'infra/provider/protocol', 'infra/release', 'migrations/runner/run', 'migrations/runner/lint',
    'migrations/runner/sql', 'migrations/runner/files', 'migrations/runner'],
  'infra/provider/compatibility': ['infra/tasks', 'infra/gateway', 'infra/docker-engine', 'infra',
    'infra/release'],
  'infra/tasks': ['infra/ecs', 'infra/docker-engine', 'infra', 'infra/release'],
  'infra/provider/image-push': ['infra/provider/protocol', 'infra/docker-engine',
    'infra/release'],
  'infra/provider/protocol': [],
  'infra/ecs': ['infra/release'],

  // The policy pack, a process of its own.
  'infra/policy': ['infra/policy/judge', 'infra/policy/rules', 'infra/policy/resource'],
  'infra/policy/judge': ['infra/policy/rules', 'infra/policy/resource'],
  'infra/policy/rules': ['infra/policy/resource', 'infra/docker-engine'],
  'infra/policy/resource': [],

  // The migration runner, as it is in the image and on a developer's machine.
  'migrations/runner/cli': ['migrations/runner/trial', 'migrations/runner/run',
    'migrations/runner/lint', 'migrations/runner/files', 'migrations/runner'],
  'migrations/runner/trial': ['migrations/runner/run', 'migrations/runner/database',
    'migrations/runner/sql', 'migrations/runner/files', 'migrations/runner'],
  'migrations/runner/run': ['migrations/runner/database', 'migrations/runner/sql',
    'migrations/runner/files', 'migrations/runner'],
  'migrations/runner/database': ['migrations/runner/files', 'migrations/runner'],
  'migrations/runner/lint': ['migrations/runner/sql', 'migrations/runner/files',
    'migrations/runner'],
  'migrations/runner/sql': ['migrations/runner/files', 'migrations/runner'],
  'migrations/runner/files': ['migrations/runner'],
  'migrations/runner': [],

  // The application.
  'app/src/main.ts': ['app/src/roles', 'app/src/settings'],
  'app/src/roles': ['migrations/runner/cli', 'app/src/smoke', 'app/src/seed', 'app/src/cache',
    'app/src', 'app/src/auth', 'app/src/process', 'app/src/database', 'app/src/settings'],
  'app/src/smoke': ['app/src/messages', 'app/src/conversations', 'app/src/models', 'app/src/auth',
    'app/src/users', 'app/src/http'],
  'app/src/seed': ['app/src/models'],
  'app/src/cache': [],
  'app/src': ['app/src/health', 'app/src/docs', 'app/src/messages', 'app/src/conversations',
    'app/src/models', 'app/src/auth', 'app/src/users', 'app/src/http', 'app/src/process',
    'app/src/settings'],
  'app/src/health': ['app/src/http', 'app/src/process'],
  'app/src/docs': ['app/src/messages', 'app/src/conversations', 'app/src/models', 'app/src/auth',
    'app/src/users', 'app/src/http', 'app/src/settings'],
  'app/src/messages': ['app/src/conversations', 'app/src/models', 'app/src/http'],
  'app/src/conversations': ['app/src/models', 'app/src/http'],
  'app/src/models': ['app/src/http'],
  'app/src/auth': ['app/src/users', 'app/src/http', 'app/src/database'],
  'app/src/users': ['app/src/http'],
  'app/src/http': ['app/src/process', 'app/src/database'],
  'app/src/process': [],
  'app/src/database': ['app/src/settings'],
  'app/src/settings': [],
  'app': [],

  // `make` and all it sets up.
  'toolchain/walls': ['toolchain/lib'],
  'toolchain': ['toolchain/verbs', 'toolchain/lib', 'infra/config'],
  'toolchain/verbs': ['infra/config', 'infra/image', 'infra/release', 'migrations/runner/files',
    'toolchain/rehearsal/faults', 'toolchain/rehearsal',
    'toolchain/rehearsal/emulator', 'toolchain/setup', 'toolchain/pulumi', 'toolchain/stand-ins',
    'toolchain/lib', 'infra/docker-engine', 'migrations/runner/cli', 'migrations/runner/database',
    'migrations/runner/sql', 'migrations/runner', 'app/src/settings'],
  'toolchain/rehearsal/faults': ['toolchain/rehearsal', 'toolchain/rehearsal/emulator',
    'toolchain/pulumi', 'toolchain/stand-ins', 'toolchain/lib', 'infra/tasks', 'infra/image',
    'infra/docker-engine', 'infra/release', 'migrations/runner/files'],
  'toolchain/rehearsal': ['toolchain/rehearsal/emulator', 'toolchain/pulumi', 'toolchain/lib'],
  'toolchain/rehearsal/emulator': ['toolchain/setup', 'toolchain/stand-ins', 'toolchain/machine',
    'toolchain/pulumi', 'toolchain/lib', 'infra/docker-engine'],
  'toolchain/setup': ['toolchain/pulumi', 'toolchain/stand-ins', 'toolchain/machine',
    'toolchain/lib', 'infra/docker-engine'],
  'toolchain/pulumi': ['toolchain/stand-ins', 'toolchain/lib', 'infra/release'],
  'toolchain/stand-ins': ['toolchain/machine', 'toolchain/lib', 'infra'],
  'toolchain/machine': ['toolchain/lib'],
  'toolchain/lib': ['infra/docker-engine', 'infra/config'],
};
