import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interface } from 'node:readline/promises';
import { stringify } from 'yaml';
import { parseConfig } from '../../infra/config/config.ts';
import { keys } from '../../infra/config/keys.ts';
import { costs } from '../../infra/config/profile.ts';
import { nameFault } from '../../infra/config/stackName.ts';
import { isFreePort } from '../../infra/docker-engine/isFreePort.ts';
import { project, stackConfig } from '../lib/context.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';
import { price, readPrices, readProfiles } from '../report/cost.ts';

/** A question, and the variable of `make` that answers it without asking. */
interface Question {
  variable: string;
  text: string;
  /** What an empty line means; without it, an answer is needed. */
  usual?: string;
}

/** Writes the file of a new stack, from what the variables of `make` say and a person answers. */
export async function newStack(): Promise<number> {
  const name = process.env['NAME'] ?? '';
  const fault = nameFault(name);
  if (fault)
    throw new UserFault(
      `NAME=${name} is not a stack's name: it ${fault}.`,
      'Such as `make new-stack NAME=stage PLATFORM=docker`.',
    );
  const file = `Pulumi.${name}.yaml`;
  if (existsSync(join(root, file)))
    throw new UserFault(
      `There is a ${file} already, and it stays as it is.`,
      'Choose another NAME, or remove that file where its stack is gone.',
    );
  const answers = new Answers();
  try {
    const platform = await answers.to({
      variable: 'PLATFORM',
      text: `Where does ${name} run, docker or aws?`,
      usual: 'docker',
    });
    const config = platform === 'aws' ? await onAws(answers) : await onDocker(platform);
    requireValid(name, config);
    // As Pulumi reads it: there, a moment without quotes is no text.
    writeFileSync(join(root, file), stringify({ config }, { schema: 'yaml-1.1' }));
  } finally {
    answers.close();
  }
  const next =
    String(stackConfig('build', name)) === 'true'
      ? `\`make up STACK=${name}\``
      : `\`make promote FROM=dev TO=${name}\` takes dev's release there`;
  say(`Wrote ${file}. Next: ${next}; docs/configuration.md lists what else it may hold.`);
  return 0;
}

type Config = Record<string, unknown>;

async function onAws(answers: Answers): Promise<Config> {
  const region = await answers.to({
    variable: 'REGION',
    text: 'Region?',
    usual: 'eu-central-1',
  });
  const account = await answers.to({
    variable: 'ACCOUNT',
    text: 'Account, 12 digits (`aws sts get-caller-identity` prints it)?',
  });
  const [profiles, prices] = [readProfiles(), readPrices()];
  const monthly = costs.map((cost) => {
    const { total } = price(profiles[cost] ?? [], region, prices);
    return `${cost} (about $${total.toFixed(0)} a month)`;
  });
  const cost = await answers.to({
    variable: 'COST',
    text: `Size: ${monthly.join(', ')}?`,
    usual: 'standard',
  });
  const domain = await answers.to({
    variable: 'DOMAIN',
    text: 'Domain for HTTPS, with a hosted zone in Route 53; empty for none?',
    usual: '',
  });
  return {
    'aws:region': region,
    [`${project}:platform`]: 'aws',
    [`${project}:awsAccountId`]: account,
    [`${project}:cost`]: cost,
    ...(domain && { [`${project}:domain`]: domain }),
  };
}

/** As TEMPLATE's, with ports of its own; without it, a stack that builds and seeds as dev does. */
async function onDocker(platform: string): Promise<Config> {
  const template = process.env['TEMPLATE'] || undefined;
  if (template !== undefined && stackConfig('platform', template) !== 'docker')
    throw new UserFault(
      `TEMPLATE=${template} is no stack on Docker: there is no such file, or it says another platform.`,
      'Name one that has a file, such as TEMPLATE=dev.',
    );
  const taken = Object.keys(keys).flatMap((key) => {
    if (key === 'expires') return [];
    const value = template === undefined ? undefined : stackConfig(key, template);
    return value === undefined ? [] : [[`${project}:${key}`, value] as const];
  });
  return {
    [`${project}:platform`]: platform,
    ...(template === undefined
      ? { [`${project}:build`]: 'true', [`${project}:seed`]: 'true' }
      : Object.fromEntries(taken)),
    ...(await freePorts()),
    ...expiry(process.env['TTL'] || undefined),
  };
}

const hours: Record<string, number> = { h: 1, d: 24 };

/** @param lives such as `8h` or `3d` */
function expiry(lives: string | undefined): Config {
  if (lives === undefined) return {};
  const [, count = '', unit = ''] = /^([1-9]\d{0,3})([hd])$/.exec(lives) ?? [];
  if (!unit)
    throw new UserFault(
      `TTL=${lives} is no time to live, and nothing was written.`,
      'Say hours or days, such as TTL=8h or TTL=3d.',
    );
  const end = new Date(Date.now() + Number(count) * (hours[unit] ?? 0) * 3_600_000);
  return { [`${project}:expires`]: end.toISOString() };
}

const portKeys = ['gatewayPort', 'databasePort', 'metricsPort'] as const;

/** Ports that no other stack of this checkout names, and nothing on this machine listens on. */
async function freePorts(): Promise<Config> {
  const others = readdirSync(root).flatMap((file) => {
    const other = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
    return other === undefined ? [] : portKeys.map((key) => portOf(key, stackConfig(key, other)));
  });
  for (let step = 10; step < 2000; step += 10) {
    const ports = portKeys.map((key) => [key, portOf(key) + step] as const);
    const free = await Promise.all(
      ports.map(async ([, port]) => !others.includes(port) && (await isFreePort(port))),
    );
    if (free.every(Boolean))
      return Object.fromEntries(ports.map(([key, port]) => [`${project}:${key}`, String(port)]));
  }
  throw new UserFault('No three ports are free on 127.0.0.1.', 'Remove a stack: `make destroy`.');
}

const portOf = (key: (typeof portKeys)[number], given?: unknown): number =>
  Number(given ?? keys[key].parse(undefined));

/** By the rules of the program itself; the image comes with the first promotion. */
function requireValid(name: string, config: Config): void {
  const raw: Record<string, string> = {};
  const aws: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    const [namespace, short = ''] = key.split(':');
    (namespace === project ? raw : aws)[short] =
      typeof value === 'string' ? value : JSON.stringify(value);
  }
  if (!['build', 'image', 'imageFrom'].some((key) => key in raw))
    raw['image'] = `sha256:${'0'.repeat(64)}`;
  try {
    parseConfig(raw, { project, stack: name }, aws);
  } catch (error) {
    throw new UserFault(`Nothing was written:\n${messageOf(error)}`, 'Answer again.', {
      cause: error,
    });
  }
}

/** From the variables of `make`, else from the person at the terminal. */
class Answers {
  #terminal: Interface | undefined;

  async to({ variable, text, usual }: Question): Promise<string> {
    const given = process.env[variable];
    if (given) return given;
    if (!process.stdin.isTTY) {
      if (usual !== undefined) return usual;
      throw new UserFault(
        `${text} Nobody is there to answer, and nothing was written.`,
        `Say it in the command: ${variable}=….`,
      );
    }
    if (!this.#terminal) {
      const { createInterface } = await import('node:readline/promises');
      this.#terminal = createInterface({ input: process.stdin, output: process.stderr });
    }
    const answer = (await this.#terminal.question(`${text}${usual ? ` [${usual}]` : ''} `)).trim();
    if (answer || usual !== undefined) return answer || (usual ?? '');
    return this.to({ variable, text });
  }

  close(): void {
    this.#terminal?.close();
  }
}
