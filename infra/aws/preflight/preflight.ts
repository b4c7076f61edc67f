import type { AwsConfig } from '../../config/config.ts';
import type { EngineApi } from '../../docker-engine/engineApi.ts';
import { baseImages } from '../../docker-engine/baseImages.ts';
import type { StackIdentity } from '../../docker-engine/labels.ts';
import { UserError } from '../../userError.ts';
import { AwsQuestions } from './awsQuestions.ts';
import { createProfile } from '../../config/profile.ts';

export interface PreflightArgs {
  config: AwsConfig;
  identity: StackIdentity;
  /** The Docker engine that holds the image. */
  engine: EngineApi;
  /** Whether an emulator answers in place of AWS: what it does not know is not asked. */
  emulated: boolean;
}

/** What AWS said that the stack is rendered with. */
export interface Preflight {
  /** Availability zones by name, as many as the profile wants or the configuration names. */
  zones: string[];
  /**
   * The Route 53 zone that holds the domain; none without a domain, or with a certificate made
   * elsewhere.
   */
  hostedZoneId?: string;
}

/** Faults of the account or the machine, and what was found for the stack. */
type Finding<T> = { faults: string[]; found: T };

/** What an emulator does not know, or knows nothing true about. */
const emulatorSkips: FirstTimeQuestion[] = ['database class', 'quotas'];

type FirstTimeQuestion = 'database class' | 'quotas';

/**
 * Looks at everything that would make an update fail halfway, before anything is registered. What
 * only matters to a stack that is not there yet (quotas, classes on offer) is asked until its VPC
 * exists.
 *
 * @throws UserError with all that is in the way
 */
export async function preflight(args: PreflightArgs): Promise<Preflight> {
  const { config, identity } = args;
  const questions = new AwsQuestions({
    region: config.region,
    profile: config.awsProfile,
    endpoint: config.awsEndpoint,
  });
  const [image, account] = await Promise.all([imageFaults(args), accountFaults(config, questions)]);
  const faults = [...image, ...account];
  let found: Preflight = { zones: [] };
  // In another account, or as nobody, every further answer would be about something else.
  if (account.length === 0) {
    const [zones, hostedZone, first] = await Promise.all([
      zonesFound(config, questions),
      hostedZoneFound(config, questions),
      firstTimeFaults(args, questions),
    ]);
    faults.push(...zones.faults, ...hostedZone.faults, ...first);
    found = { zones: zones.found, ...(hostedZone.found ? { hostedZoneId: hostedZone.found } : {}) };
  }
  if (faults.length === 0) return found;
  const head = `Stack ${identity.stack} cannot come up in ${config.region}; nothing was changed:`;
  throw new UserError([head, ...faults.map((fault) => `  - ${fault}`)].join('\n'));
}

async function imageFaults({ config, engine }: PreflightArgs): Promise<string[]> {
  if (!engine.reachable) return [];
  // What `imageFrom` names was built on this engine, from this base image.
  const name = config.image ?? baseImages.node;
  let image: Awaited<ReturnType<EngineApi['image']>>;
  try {
    image = await engine.image(name);
  } catch (error) {
    return [messageOf(error)];
  }
  if (!image) {
    const advice = config.image
      ? 'Build and verify it on another stack of this machine first, or load it with `docker load`.'
      : '`make up` fetches or builds it.';
    return [`The image ${name} is not on ${engine.host}. ${advice}`];
  }
  const wanted = config.architecture === 'arm64' ? 'arm64' : 'amd64';
  if (image.architecture === wanted) return [];
  return [
    `The image ${name} is made for ${image.architecture}, and the tasks run on ${wanted}. ` +
      `Set slipway:architecture to ${image.architecture === 'arm64' ? 'arm64' : 'x86_64'}, or build on a ${wanted} machine.`,
  ];
}

async function accountFaults(config: AwsConfig, questions: AwsQuestions): Promise<string[]> {
  try {
    const account = await questions.account();
    if (account === config.awsAccountId) return [];
    return [
      `The credentials are for account ${account}, and this stack belongs to ${config.awsAccountId}. ` +
        'Set AWS_PROFILE to a profile of that account, or correct slipway:awsAccountId.',
    ];
  } catch (error) {
    return [await explainCredentials(error, config)];
  }
}

async function explainCredentials(error: unknown, config: AwsConfig): Promise<string> {
  const name = nameOf(error);
  const message = messageOf(error);
  if (/^Expired|RequestExpired/.test(name) || /expired/i.test(message)) {
    return 'The AWS credentials have expired. Sign in again (`aws sso login`), or renew the keys in the environment.';
  }
  if (/CredentialsProviderError|TokenProviderError/.test(name)) {
    return `No AWS credentials were found: ${firstLine(message)} Set AWS_PROFILE, or sign in with \`aws sso login\`.`;
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|TimeoutError/.test(`${name} ${codeOf(error)}`)) {
    const where = config.awsEndpoint ?? `the AWS API of ${config.region}`;
    return `Cannot reach ${where}: ${firstLine(message)} Check aws:region, the network and the proxy.`;
  }
  if (
    /InvalidClientTokenId|UnrecognizedClient|AuthFailure|OptInRequired|RegionDisabled/.test(name)
  ) {
    // A region that is not enabled answers as if the keys were wrong; one that is always enabled
    // tells the two apart.
    const elsewhere = new AwsQuestions({
      region: 'us-east-1',
      profile: config.awsProfile,
      endpoint: config.awsEndpoint,
    });
    const valid = await elsewhere.account().then(
      () => true,
      () => false,
    );
    if (valid) {
      return `The region ${config.region} is not enabled in this account. Enable it (\`aws account enable-region\`), or choose another for aws:region.`;
    }
    return `AWS does not accept the credentials (${name}): ${firstLine(message)} Check AWS_PROFILE and the keys in the environment.`;
  }
  return `AWS did not say whose credentials these are (${name}): ${firstLine(message)}`;
}

async function zonesFound(config: AwsConfig, questions: AwsQuestions): Promise<Finding<string[]>> {
  let available: string[];
  try {
    available = await questions.zones();
  } catch (error) {
    return {
      faults: [refused('availability zones', 'ec2:DescribeAvailabilityZones', error)],
      found: [],
    };
  }
  if (config.zones) {
    const missing = config.zones.filter((zone) => !available.includes(zone));
    const faults = missing.map(
      (zone) =>
        `slipway:zones: ${zone} is not available in ${config.region}; there are ${available.join(', ')}.`,
    );
    return { faults, found: config.zones };
  }
  const { zones } = createProfile(config);
  if (available.length >= zones) return { faults: [], found: available.slice(0, zones) };
  return {
    faults: [
      `${config.region} has ${available.length} availability zones for this account, and cost: ${config.cost} wants ${zones}. ` +
        'Choose another region, or name two zones in slipway:zones.',
    ],
    found: [],
  };
}

async function hostedZoneFound(
  config: AwsConfig,
  questions: AwsQuestions,
): Promise<Finding<string | undefined>> {
  const { domain, hostedZone, certificateArn } = config;
  if (!domain || certificateArn) return { faults: [], found: undefined };
  const candidates = hostedZone ? [hostedZone] : parents(domain);
  try {
    for (const name of candidates) {
      const found = await questions.hostedZone(name);
      if (found) return { faults: [], found };
    }
  } catch (error) {
    return {
      faults: [refused('hosted zones', 'route53:ListHostedZonesByName', error)],
      found: undefined,
    };
  }
  return {
    faults: [
      `Route 53 has no public hosted zone ${candidates.join(' or ')} in this account, so slipway:domain (${domain}) has no place. ` +
        'Create the zone, or set slipway:certificateArn to a certificate and point the domain to the load balancer yourself.',
    ],
    found: undefined,
  };
}

/** `a.b.example.com` → itself, `b.example.com`, `example.com`: a longer zone comes first. */
function parents(domain: string): string[] {
  const labels = domain.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/** What matters until the stack's network is there. */
async function firstTimeFaults(
  { config, identity, emulated }: PreflightArgs,
  questions: AwsQuestions,
): Promise<string[]> {
  let vpcs: string[];
  try {
    vpcs = await questions.vpcNames();
  } catch (error) {
    return [refused('VPCs', 'ec2:DescribeVpcs', error)];
  }
  if (vpcs.includes(`${identity.project}-${identity.stack}-network-vpc`)) return [];
  const asked: Record<FirstTimeQuestion, () => Promise<string[]>> = {
    'database class': () => databaseClassFaults(config, questions),
    quotas: () => quotaFaults(config, vpcs.length, questions),
  };
  const faults = Object.entries(asked)
    .filter(([question]) => !emulated || !emulatorSkips.some((skip) => skip === question))
    .map(([question, ask]) =>
      ask().catch((error: unknown) => [
        `AWS did not say about the ${question} (${nameOf(error)}): ${firstLine(messageOf(error))}`,
      ]),
    );
  return (await Promise.all(faults)).flat();
}

async function databaseClassFaults(config: AwsConfig, questions: AwsQuestions): Promise<string[]> {
  const { database } = createProfile(config);
  const offer = await ifAllowed(questions.databaseClass(database.instanceClass));
  if (!offer || (offer.offered && (offer.multiAz || !database.multiAz))) return [];
  const what = offer.offered
    ? `${database.instanceClass} with a standby in another zone`
    : database.instanceClass;
  return [
    `${config.region} does not offer ${what} for PostgreSQL. Choose another region, or another slipway:cost.`,
  ];
}

async function quotaFaults(
  config: AwsConfig,
  vpcs: number,
  questions: AwsQuestions,
): Promise<string[]> {
  const { nat, zones, tasks } = createProfile(config);
  const addresses = { none: 0, single: 1, perZone: config.zones?.length ?? zones }[nat];
  const [vpcQuota, addressQuota, cpuQuota, addressesNow] = await Promise.all([
    ifAllowed(questions.quota('vpc', 'L-F678F1CE')),
    ifAllowed(questions.quota('ec2', 'L-0263D0A3')),
    ifAllowed(questions.quota('fargate', 'L-3032A538')),
    ifAllowed(questions.addresses()),
  ]);
  // A release runs the new tasks beside the old ones.
  const cpus = tasks.min * config.apiCpus * 2;
  const lines: [what: string, need: number, have: number | undefined, now: number][] = [
    ['VPCs per region', 1, vpcQuota, vpcs],
    ['elastic IP addresses', addresses, addressQuota, addressesNow ?? 0],
    ['Fargate vCPUs', cpus, cpuQuota, 0],
  ];
  return lines
    .filter(([, need, have, now]) => have !== undefined && now + need > have)
    .map(
      ([what, need, have, now]) =>
        `The quota of ${what} is ${have}${now > 0 ? `, ${now} are in use` : ''}, and this stack needs ${need}. ` +
        'Ask for more in Service Quotas.',
    );
}

/** An answer that would be good to have; no right to ask is no reason to stop. */
async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (/AccessDenied|UnauthorizedOperation|NoSuchResource/.test(nameOf(error))) return undefined;
    throw error;
  }
}

function refused(what: string, action: string, error: unknown): string {
  const denied = /AccessDenied|UnauthorizedOperation/.test(nameOf(error));
  const advice = denied ? ` Allow ${action}.` : '';
  return `AWS did not list the ${what} (${nameOf(error)}): ${firstLine(messageOf(error))}${advice}`;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** One sentence with its full stop. */
function firstLine(message: string): string {
  const line = (message.split('\n')[0] ?? '').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
