import type * as z from 'zod';

/** The faults of the environment: all at once, one per line, without any value. */
export class ConfigError extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(
      `The environment has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n` +
        `${faults.map((fault) => `  - ${fault}`).join('\n')}\nThe variables are described in docs/environment.md.`,
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/**
 * Reads settings from the environment. An empty variable counts as absent: compose files and task
 * definitions leave one out in this way.
 *
 * @throws {ConfigError} naming every variable that is missing or wrong. The values are never in the
 *   message.
 */
export function readConfig<T extends z.ZodObject>(schema: T, env: NodeJS.ProcessEnv): z.output<T> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (env[name] ? [[name, env[name]] as const] : [])),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return given[name] === undefined ? `${name} is required` : `${name} ${message}`;
  });
  throw new ConfigError([...new Set(faults)]);
}
