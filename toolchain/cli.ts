/** Runs `make VERB`: says in one line what it does, does it, and explains a fault without a stack trace. */
import { anyStackName, nameFault } from '../infra/config/stackName.ts';
import { faultText, UserFault } from './lib/fault.ts';
import { root } from './lib/paths.ts';
import { keepStdoutForResults, say } from './lib/progress.ts';

interface Verb {
  /** The first line of its output, and its line in `make help`. */
  does: string;
  run(): Promise<number>;
}

const stack = process.env['STACK'] || 'dev';

// Each verb loads only what it needs: `make env` must not wait for a Docker client.
const verbs: Record<string, Verb> = {
  up: {
    does: 'Sets up what is missing, then brings the stack up and prints its URLs.',
    run: async () => (await import('./verbs/up.ts')).up(),
  },
  preview: {
    does: 'Shows what `make up` would change, and changes nothing; REPORT=md, html, json or text as a report, PLAN=file for `make up PLAN=file`.',
    run: async () => (await import('./verbs/preview.ts')).preview(),
  },
  drift: {
    does: 'Reports what differs from what Pulumi made, and fails where anything does; changes nothing. REPORT as with preview.',
    run: async () => (await import('./verbs/drift.ts')).drift(),
  },
  cost: {
    does: 'Says what the stack costs a month on AWS, by resource, and what each profile would; ARGS=--json for programs.',
    run: async () => (await import('./verbs/cost.ts')).cost(),
  },
  'new-stack': {
    does: 'Writes the file of a new stack, NAME, by asking (or PLATFORM=docker TEMPLATE=dev TTL=3d; PLATFORM=aws REGION= ACCOUNT= COST= DOMAIN=).',
    run: async () => (await import('./verbs/newStack.ts')).newStack(),
  },
  'state-bucket': {
    does: 'Makes the bucket and the key for the state of stacks on AWS, once for an account and region; NAME= another name of the bucket.',
    run: async () => (await import('./verbs/stateBucket.ts')).stateBucket(),
  },
  policy: {
    does: 'Checks a preview of the stack by the policy pack, and changes nothing.',
    run: async () => (await import('./verbs/preview.ts')).policy(),
  },
  promote: {
    does: 'Takes the release that stack FROM has verified to stack TO: checks it, shows the changes, asks, and updates.',
    run: async () => (await import('./verbs/promote.ts')).promote(),
  },
  rollback: {
    does: 'Goes back to an earlier release of the stack, TO=sha256:… or the one before: shows the changes, asks, and updates.',
    run: async () => (await import('./verbs/promote.ts')).rollback(),
  },
  history: {
    does: 'Lists the releases of the stack that served; ARGS=--json for programs, ARGS=--key for the key that signs them.',
    run: async () => (await import('./verbs/history.ts')).history(),
  },
  down: {
    does: "Stops the stack's containers and keeps its data.",
    run: async () => (await import('./verbs/down.ts')).down(),
  },
  destroy: {
    does: 'Deletes the stack with all its data; asks for its name (or CONFIRM=name).',
    run: async () => (await import('./verbs/down.ts')).destroy(),
  },
  sweep: {
    does: 'Destroys the stacks on Docker of this checkout that are past their time to live, with their data.',
    run: async () => (await import('./verbs/sweep.ts')).sweep(),
  },
  ps: {
    does: "Lists the stack's containers.",
    run: async () => (await import('./verbs/containers.ts')).ps(),
  },
  logs: {
    does: 'Shows the logs of SERVICE (api unless told; all for every one).',
    run: async () => (await import('./verbs/containers.ts')).logs(),
  },
  psql: {
    does: "Opens psql in the stack's database; ARGS=\"-c 'select 1'\" runs one statement.",
    run: async () => (await import('./verbs/containers.ts')).psql(),
  },
  migrate: {
    does: 'Applies the pending migrations.',
    run: async () => (await import('./verbs/tasks.ts')).migrate(),
  },
  'migration-status': {
    does: 'Lists the migrations, applied and pending.',
    run: async () => (await import('./verbs/tasks.ts')).migrationStatus(),
  },
  'migrate-revert': {
    does: 'Reverts the newest migration.',
    run: async () => (await import('./verbs/tasks.ts')).migrateRevert(),
  },
  'migrate-revert-all': {
    does: "Reverts every migration; asks for the stack's name (or CONFIRM=name).",
    run: async () => (await import('./verbs/tasks.ts')).migrateRevertAll(),
  },
  'migrate-redo': {
    does: 'Reverts the newest migration and applies it again.',
    run: async () => (await import('./verbs/tasks.ts')).migrateRedo(),
  },
  'migration-plan': {
    does: 'Shows what `make migrate` would run: the SQL, and the locks it takes.',
    run: async () => (await import('./verbs/tasks.ts')).migrationPlan(),
  },
  'migration-trial': {
    does: 'Runs the pending migrations of this checkout on a throw-away copy of the schema, and measures locks and waits.',
    run: async () => (await import('./verbs/migrationTrial.ts')).migrationTrial(),
  },
  'migration-verify': {
    does: "Compares the image's migrations with the database.",
    run: async () => (await import('./verbs/tasks.ts')).migrationVerify(),
  },
  'migration-create': {
    does: 'Makes the two files of a new migration, NAME.',
    run: async () => (await import('./verbs/tasks.ts')).migrationCreate(),
  },
  'migration-renumber': {
    does: 'Gives the migration NAME the next free number.',
    run: async () => (await import('./verbs/tasks.ts')).migrationRenumber(),
  },
  migration: {
    does: "Any verb of the migration runner, as ARGS; without ARGS the runner's help.",
    run: async () => (await import('./verbs/tasks.ts')).migrationVerb(),
  },
  seed: {
    does: 'Puts the demo data into the database.',
    run: async () => (await import('./verbs/tasks.ts')).seed(),
  },
  'rebuild-db': {
    does: "Drops, migrates and seeds the database; asks for the stack's name (or CONFIRM=name).",
    run: async () => (await import('./verbs/tasks.ts')).rebuildDatabase(),
  },
  rehearse: {
    does: "Runs production's program on this machine with dev's image, and checks the API; FAULT=… injects faults.",
    run: async () => (await import('./verbs/rehearse.ts')).rehearse(),
  },
  'rehearse-down': {
    does: 'Removes the rehearsal, and the emulator with everything it started.',
    run: async () => (await import('./verbs/rehearse.ts')).rehearseDown(),
  },
  'emulator-up': {
    does: 'Starts the AWS emulator on 127.0.0.1:4566; nothing to do when it runs.',
    run: async () => (await import('./verbs/emulator.ts')).emulatorUp(),
  },
  'emulator-ps': {
    does: 'Lists the AWS emulator and the containers it has started.',
    run: async () => (await import('./verbs/emulator.ts')).emulatorPs(),
  },
  'emulator-down': {
    does: 'Removes the AWS emulator, everything it started, and its network.',
    run: async () => (await import('./verbs/emulator.ts')).emulatorDown(),
  },
  unlock: {
    does: 'Clears the lock that a killed run has left on the stack.',
    run: async () => (await import('./verbs/down.ts')).unlock(),
  },
  doctor: {
    does: 'Looks at everything `make up` sets up, and changes nothing (ARGS=--json for a machine).',
    run: async () => (await import('./verbs/doctor.ts')).doctor(),
  },
  env: {
    does: 'Prints the variables for plain `pulumi` commands: eval "$(make env)".',
    run: async () => (await import('./verbs/env.ts')).env(),
  },
  setup: {
    does: 'Sets up engines, plugins and images, and brings nothing up.',
    run: async () => (await import('./verbs/checks.ts')).setup(),
  },
  test: {
    does: 'Sets up what is missing, then runs every test (ARGS go to vitest).',
    run: async () => (await import('./verbs/checks.ts')).test(),
  },
  bench: {
    does: 'Runs the benchmarks and prints their ratios.',
    run: async () => (await import('./verbs/checks.ts')).bench(),
  },
  lint: {
    does: 'Checks types, style, format, walls between rooms, unused code and the migrations.',
    run: async () => (await import('./verbs/checks.ts')).lint(),
  },
  help: { does: 'Lists what can be typed.', run: () => Promise.resolve(help()) },
};

/** Names that verbs had before; they go on working for one release. */
const oldNames: Record<string, string> = { 'migration-rehearse': 'migration-trial' };

function help(): number {
  const width = Math.max(...Object.keys(verbs).map((name) => name.length));
  const lines = Object.entries(verbs).map(
    ([name, { does }]) => `  make ${name.padEnd(width)}  ${does}`,
  );
  process.stdout.write(
    `${lines.join('\n')}\n\nSTACK=name chooses the stack (dev unless told). Next: \`make up\`.\n`,
  );
  return 0;
}

/** Verbs whose standard output is for a program, too. */
const resultVerbs = [
  'env',
  'psql',
  'logs',
  'doctor',
  'history',
  'cost',
  'drift',
  'migration-trial',
];

async function main(typed: string): Promise<number> {
  const name = oldNames[typed] ?? typed;
  if (name !== typed)
    process.stderr.write(
      `\`make ${typed}\` is now \`make ${name}\`; the old name goes with the next release.\n`,
    );
  const verb = verbs[name];
  // A stack of a name that is refused now can still be looked at, and removed.
  const makes = ['up', 'preview', 'policy', 'rehearse'].includes(name);
  const fault = makes ? nameFault(stack) : undefined;
  if (fault || !anyStackName.test(stack)) {
    throw new UserFault(
      `STACK=${stack} is not a stack's name${fault ? `: it ${fault}` : ''}.`,
      'Choose another, such as STACK=demo-2.',
    );
  }
  if (!verb) throw new UserFault(`There is no verb "${name}".`, '`make help` lists them.');
  const { REPORT, PLAN } = process.env;
  const isReport =
    (name === 'preview' && (REPORT || PLAN)) || (['promote', 'rollback'].includes(name) && REPORT);
  if (isReport || resultVerbs.includes(name)) keepStdoutForResults();
  say(`make ${name} (stack ${stack}): ${verb.does}`);
  return verb.run();
}

process.chdir(root);
try {
  process.exitCode = await main(process.argv[2] ?? 'help');
} catch (error) {
  keepStdoutForResults();
  say('');
  if (process.env['DEBUG'] && !(error instanceof UserFault)) throw error;
  say(faultText(error));
  process.exitCode = 1;
}
