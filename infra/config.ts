import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { UserError } from './userError.ts';

const port = z
  .number()
  .int()
  .min(1024, 'must be 1024 or above: lower ports need root')
  .max(65535, 'must be 65535 or below');

const shape = {
  /** Where the stack runs. */
  platform: z.enum(['docker', 'aws']),
  /** Build the app image from this checkout. Exactly one of `build` and `image` is set. */
  build: z.boolean().optional(),
  /** Run an image that exists already, by its id (`imageId` of the stack that verified it). */
  image: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be an image id: sha256: and 64 hexadecimal digits')
    .optional(),
  /** Load demo data after the migrations. */
  seed: z.boolean().default(false),
  /** How many api containers or tasks run. */
  replicas: z
    .number()
    .int()
    .min(1, 'must be at least 1: a release needs one instance to switch to')
    .max(20, 'must be 20 or below')
    .default(2),
  /** Port of the gateway on 127.0.0.1. */
  gatewayPort: port.default(8000),
  /** Port of Postgres on 127.0.0.1. */
  databasePort: port.default(15432),
  /** Port on 127.0.0.1 where the gateway serves each instance's `/metrics`. */
  metricsPort: port.default(9464),
  /** What the api logs. */
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  /** CPUs of one api instance. */
  apiCpus: z.number().min(0.1, 'must be 0.1 or more').max(16, 'must be 16 or below').default(1),
  /** Memory of one api instance, MiB. */
  apiMemoryMb: z
    .number()
    .int()
    .min(128, 'must be 128 (MiB) or more: Node does not start in less')
    .max(30720, 'must be 30720 (MiB) or below')
    .default(512),
  /** How long a release's migrations may take, seconds. */
  migrationTimeoutSeconds: z
    .number()
    .int()
    .min(1, 'must be 1 or more')
    .max(86400, 'must be 86400 or below')
    .default(600),
  /** How long new instances may take to become healthy, and the gateway to switch to them, seconds. */
  rolloutTimeoutSeconds: z.number().int().min(5, 'must be 5 or more').max(3600, 'must be 3600 or below').default(60),
  /** Hold the stack to the policy pack; true on aws unless told, false on docker. Read by `make`. */
  policy: z.boolean().optional(),
  /** What the policy pack lets pass for a while. Read, and judged, by the pack: docs/policy.md. */
  policyExceptions: z.array(z.unknown()).optional(),
} satisfies z.ZodRawShape;

const schema = z.strictObject(shape);

export type Config = z.infer<typeof schema>;

/**
 * Reads the stack's configuration: the only reader of `pulumi.Config` in the program.
 *
 * @throws UserError with every fault at once, each naming its key and the fix
 */
export function loadConfig(): Config {
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  const raw: Record<string, string> = {};
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    const [namespace, name] = splitOnce(key, ':');
    if (namespace === project) raw[name] = value;
  }
  return parseConfig(raw, { project, stack });
}

/**
 * Parses the project's own keys (without their namespace) from the strings Pulumi gives.
 *
 * @throws UserError with every fault at once
 */
export function parseConfig(raw: Record<string, string>, where: { project: string; stack: string }): Config {
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(raw)) values[key] = readValue(key, text);

  const faults: string[] = [];
  const result = schema.safeParse(values);
  if (!result.success) {
    for (const issue of result.error.issues) faults.push(...describe(issue, values));
  }
  faults.push(...clashes(values));
  if (faults.length === 0 && result.success) return result.data;

  const head = `Pulumi.${where.stack}.yaml has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}; nothing was changed:`;
  const lines = faults.map((fault) => `  - ${where.project}:${fault}`);
  const foot = `Set a key with \`pulumi config set --stack ${where.stack} <key> <value>\`, remove one with \`pulumi config rm\`. docs/configuration.md lists them all.`;
  throw new UserError([head, ...lines, foot].join('\n'));
}

/** Clashes between keys that are each well-formed. */
function clashes(values: Record<string, unknown>): string[] {
  const faults: string[] = [];
  if (values['build'] === true && values['image'] !== undefined) {
    faults.push(
      'build: cannot be true while image is set; a stack builds its image or runs a promoted one. Remove one.',
    );
  }
  if ((values['build'] === undefined || values['build'] === false) && values['image'] === undefined) {
    faults.push('build: neither build nor image is set. Set build to true, or image to the id of a verified image.');
  }
  if (values['platform'] === 'aws' && values['seed'] === true) {
    faults.push('seed: demo data is for docker stacks only. Remove it.');
  }
  const ports = ['gatewayPort', 'databasePort', 'metricsPort'] as const;
  const seen = new Map<unknown, string>();
  for (const key of ports) {
    const value = values[key] ?? shape[key].parse(undefined);
    const other = seen.get(value);
    if (other) faults.push(`${key}: ${JSON.stringify(value)} is ${other} as well. Choose another port.`);
    seen.set(value, key);
  }
  return faults;
}

function describe(issue: z.core.$ZodIssue, values: Record<string, unknown>): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${key}: unknown key.${suggestion(key)}`);
  }
  const key = String(issue.path[0]);
  const value = values[key];
  if (value === undefined) return [`${key}: is required${choices(issue)}.`];
  if (issue.code === 'invalid_type') return [`${key}: must be a ${issue.expected}, is ${quote(value)}.`];
  if (issue.code === 'invalid_value') return [`${key}: must be one of ${issue.values.join(', ')}, is ${quote(value)}.`];
  return [`${key}: ${issue.message}, is ${quote(value)}.`];
}

function choices(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_value' ? `: one of ${issue.values.join(', ')}` : '';
}

/** A secret may have been put into a wrong key, so only short plain values are repeated. */
function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 24 ? text : 'a longer value';
}

function suggestion(key: string): string {
  const known = Object.keys(shape);
  const near = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
  return near ? ` Did you mean ${near}?` : ` Known keys: ${known.join(', ')}.`;
}

/** Pulumi hands every value over as text; `image` and names stay text, the rest is JSON where it parses as such. */
function readValue(key: string, text: string): unknown {
  const expectsText = key === 'platform' || key === 'image' || key === 'logLevel';
  if (expectsText) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
