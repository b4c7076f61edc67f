import { ConfigError } from './settings/config.ts';

// One image, one entry point, several roles. Each role loads only its own modules: `migrate` starts
// without Express, `serve` without Umzug.
const roles: Record<string, (args: string[]) => Promise<number | undefined>> = {
  serve: async () => (await import('./roles/serve.ts')).serve(process.env),
  migrate: async (args) => (await import('./roles/migrate.ts')).migrate(args, process.env),
  // Loads every role and does nothing: the image's build fills the compile cache with it.
  'warm-up': async () => {
    await Promise.all([
      import('./roles/serve.ts'),
      import('./roles/migrate.ts'),
      import('./roles/seed.ts'),
      import('./roles/smoke.ts'),
    ]);
    return 0;
  },
  seed: async () => (await import('./roles/seed.ts')).seed(process.env),
  smoke: async (args) => (await import('./roles/smoke.ts')).smoke(args),
};

async function main(): Promise<void> {
  const [name = 'serve', ...args] = process.argv.slice(2);
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (!role) {
    process.stderr.write(
      `There is no role "${name}". Start one of: ${Object.keys(roles).join(', ')}.\n`,
    );
    process.exitCode = 2;
    return;
  }
  try {
    process.exitCode = await role(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

void main();
