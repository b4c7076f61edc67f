import * as pulumi from '@pulumi/pulumi';
import type { z } from 'zod';
import { createProfile } from './profile.ts';
import { clashes, providerFaults } from './clashes.ts';
import { keys, readValue, schema, type Keys } from './keys.ts';
import { nameFault } from './stackName.ts';
import { oldNameWarnings, renameOldKeys } from './oldNames.ts';
import { UserError } from './userError.ts';

/** A stack's configuration: every default is filled in. */
export type Config = Omit<Keys, PlatformDefault> & {
  [K in PlatformDefault]-?: NonNullable<Keys[K]>;
} & {
  /** The AWS region, from `aws:region`; set on every stack with `platform: aws`. */
  region?: string;
  /**
   * Profile of the AWS configuration files, from `aws:profile`; AWS_PROFILE holds where it is not
   * set.
   */
  awsProfile?: string;
};

/** The configuration of a stack with `platform: aws`. */
export type AwsConfig = Config & { platform: 'aws'; region: string; awsAccountId: string };

/** Keys whose default depends on the platform. */
type PlatformDefault = 'replicas' | 'apiCpus' | 'apiMemoryMb' | 'rolloutTimeoutSeconds';

/**
 * Reads the stack's configuration: the only reader of `pulumi.Config` in the program.
 *
 * @throws UserError with every fault at once, each naming its key and the fix
 */
export function loadConfig(): Config {
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  const raw: Record<string, string> = {};
  const aws: Record<string, string> = {};
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    const [namespace, name] = splitOnce(key, ':');
    if (namespace === project) raw[name] = value;
    if (namespace === 'aws') aws[name] = value;
  }
  for (const line of oldNameWarnings(raw, { project, stack })) void pulumi.log.warn(line);
  return parseConfig(raw, { project, stack }, aws);
}

/** The configuration, for what exists on AWS stacks alone. */
export function awsConfig(config: Config): AwsConfig {
  const { platform, region, awsAccountId } = config;
  if (platform !== 'aws' || !region || !awsAccountId)
    throw new TypeError('not the configuration of an aws stack');
  return { ...config, platform, region, awsAccountId };
}

/**
 * Parses the project's own keys (without their namespace) from the strings Pulumi gives.
 *
 * @param aws the keys of the AWS provider, namespace `aws`
 * @throws UserError with every fault at once
 */
export function parseConfig(
  given: Record<string, string>,
  where: { project: string; stack: string },
  aws: Record<string, string> = {},
): Config {
  const { raw, faults, asWritten } = renameOldKeys(given);
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(raw)) values[key] = readValue(key, text);

  const result = schema.safeParse(values);
  if (!result.success) {
    for (const issue of result.error.issues) faults.push(...describe(issue, values));
  }
  faults.push(...clashes(values));
  const nameFaults = [
    ['Pulumi.yaml: name', where.project, nameFault(where.project, values['platform'])],
    ["the stack's name", where.stack, nameFault(where.stack, values['platform'])],
  ].flatMap(([what, name, fault]) => (fault ? [`${what}: ${fault}, is ${quote(name)}.`] : []));
  const located = faults.map((fault) => `${where.project}:${asWritten(fault)}`);
  if (values['platform'] === 'aws')
    located.push(...providerFaults(aws).map((fault) => `aws:${fault}`));
  located.unshift(...nameFaults);
  if (located.length === 0 && result.success) return withPlatformDefaults(result.data, aws);

  const head = `Pulumi.${where.stack}.yaml has ${located.length === 1 ? 'a fault' : `${located.length} faults`}; nothing was changed:`;
  const lines = located.map((fault) => `  - ${fault}`);
  const foot = `Set a key with \`pulumi config set --stack ${where.stack} <key> <value>\`, remove one with \`pulumi config rm\`. docs/configuration.md lists them all.`;
  throw new UserError([head, ...lines, foot].join('\n'));
}

function withPlatformDefaults(data: Keys, { region, profile }: Record<string, string>): Config {
  if (data.platform === 'docker') {
    return {
      replicas: 2,
      apiCpus: 1,
      apiMemoryMb: 512,
      rolloutTimeoutSeconds: 60,
      ...defined(data),
    };
  }
  const { tasks } = createProfile(data);
  const defaults = {
    replicas: tasks.min,
    apiCpus: tasks.cpus,
    apiMemoryMb: tasks.memoryMb,
    rolloutTimeoutSeconds: 900,
  };
  return {
    ...defaults,
    ...defined(data),
    ...(region ? { region } : {}),
    ...(profile ? { awsProfile: profile } : {}),
  };
}

/** Without the keys that are undefined, so that spreading keeps a default. */
function defined(data: Keys): Omit<Keys, PlatformDefault> & { [K in PlatformDefault]?: number } {
  return Object.fromEntries(
    Object.entries(data).filter(([, value]) => value !== undefined),
  ) as Keys;
}

function describe(issue: z.core.$ZodIssue, values: Record<string, unknown>): string[] {
  if (issue.code === 'unrecognized_keys') {
    const inside = issue.path.map(String).join('.');
    return issue.keys.map((key) =>
      inside ? `${inside}.${key}: unknown key.` : `${key}: unknown key.${suggestion(key)}`,
    );
  }
  const [top, ...inner] = issue.path;
  const key = issue.path.map(String).join('.');
  const value = inner.reduce<unknown>(
    (at, step) => (at as Record<PropertyKey, unknown>)[step],
    values[String(top)],
  );
  if (value === undefined) return [`${key}: is required${choices(issue)}.`];
  if (issue.code === 'invalid_type')
    return [`${key}: must be ${article(issue.expected)}, is ${quote(value)}.`];
  if (issue.code === 'invalid_value')
    return [`${key}: must be one of ${issue.values.join(', ')}, is ${quote(value)}.`];
  return [`${key}: ${issue.message}, is ${quote(value)}.`];
}

function choices(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_value' ? `: one of ${issue.values.join(', ')}` : '';
}

function article(type: string): string {
  return type === 'array' ? 'a list' : /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** A secret may have been put into a wrong key, so only short plain values are repeated. */
function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 24 ? text : 'a longer value';
}

function suggestion(key: string): string {
  const known = Object.keys(keys);
  const near = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
  return near ? ` Did you mean ${near}?` : ' Remove it.';
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
