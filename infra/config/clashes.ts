import { addressFaults } from './addressPlan.ts';
import { parseCidr } from './cidr.ts';
import { fargateFault } from './fargateSize.ts';
import { costs, createProfile, type Cost } from './profile.ts';
import { keys, keysOf } from './keys.ts';

/**
 * A stack's values as they were read: each may be absent or of a wrong type, which is reported
 * elsewhere.
 */
type Values = Record<string, unknown>;

/** Clashes between keys that are each well-formed, as `<key>: <what is wrong and what to do>`. */
export function clashes(values: Values): string[] {
  const faults = imageClashes(values);
  if (values['platform'] === 'docker')
    faults.push(...strangers(values, 'aws'), ...portClashes(values));
  if (values['platform'] === 'aws')
    faults.push(...strangers(values, 'docker'), ...awsClashes(values));
  return faults;
}

/** Faults in the keys of the AWS provider, namespace `aws`. */
export function providerFaults(aws: Record<string, string>): string[] {
  const faults: string[] = [];
  const region = aws['region'];
  if (!region) faults.push('region: is required. Set it to a region such as eu-central-1.');
  else if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    faults.push('region: must be a region such as eu-central-1; a zone has one more letter.');
  }
  for (const key of ['assumeRole', 'assumeRoles']) {
    if (aws[key] === undefined) continue;
    faults.push(
      `${key}: would hold for the provider alone, and migrations and releases would run as somebody else. ` +
        'Set AWS_PROFILE to a profile with role_arn.',
    );
  }
  return faults;
}

function imageClashes(values: Values): string[] {
  const set = ['build', 'image', 'imageFrom'].filter(
    (key) => values[key] !== undefined && values[key] !== false,
  );
  if (set.length === 1) return [];
  if (set.length === 0) {
    return [
      'build: none of build, image and imageFrom is set. Set build to true, image to the id of a verified image, or imageFrom to the stack that verifies it.',
    ];
  }
  return [
    `${set[0]}: cannot be set with ${set.slice(1).join(' and ')}; a stack builds its image or runs one that is there. Keep one of them.`,
  ];
}

/** A key that has no effect where it stands is a mistake, so it is refused rather than ignored. */
function strangers(values: Values, platform: 'docker' | 'aws'): string[] {
  return keysOf[platform]
    .filter((key) => values[key] !== undefined)
    .map((key) => `${key}: is for stacks with platform: ${platform} only. Remove it.`);
}

function portClashes(values: Values): string[] {
  const faults: string[] = [];
  const seen = new Map<unknown, string>();
  for (const key of ['gatewayPort', 'databasePort', 'metricsPort'] as const) {
    const value = values[key] ?? keys[key].parse(undefined);
    const other = seen.get(value);
    if (other)
      faults.push(`${key}: ${JSON.stringify(value)} is ${other} as well. Choose another port.`);
    seen.set(value, key);
  }
  return faults;
}

function awsClashes(values: Values): string[] {
  const faults: string[] = [];
  if (values['awsAccountId'] === undefined) {
    faults.push(
      'awsAccountId: is required: a stack refuses every account but its own. `aws sts get-caller-identity` prints it.',
    );
  }
  return [
    ...faults,
    ...networkClashes(values),
    ...domainClashes(values),
    ...sizeClashes(values),
    ...restoreClashes(values),
    ...githubClashes(values),
  ];
}

function networkClashes(values: Values): string[] {
  const vpcCidr = values['vpcCidr'] ?? keys.vpcCidr.parse(undefined);
  const texts = (key: string) =>
    Array.isArray(values[key]) ? (values[key] as unknown[]).filter(isString) : [];
  const faults = isString(vpcCidr)
    ? addressFaults(vpcCidr, texts('peeredCidrs')).map(({ key, fault }) => `${key}: ${fault}`)
    : [];
  for (const text of texts('allowedCidrs')) {
    const block = parseCidr(text);
    if (isString(block)) faults.push(`allowedCidrs: ${block}.`);
  }
  const zones = texts('zones');
  if (new Set(zones).size < zones.length) faults.push('zones: names a zone twice. Name each once.');
  return faults;
}

function domainClashes(values: Values): string[] {
  const { domain, hostedZone, certificateArn } = values;
  const faults: string[] = [];
  for (const key of ['hostedZone', 'certificateArn']) {
    if (values[key] !== undefined && domain === undefined) {
      faults.push(
        `${key}: has no effect without domain. Set domain to the site's host name, or remove ${key}.`,
      );
    }
  }
  if (hostedZone !== undefined && certificateArn !== undefined) {
    faults.push(
      'certificateArn: cannot be set with hostedZone: a certificate is made in Route 53, or elsewhere. Remove one.',
    );
  }
  if (
    isString(domain) &&
    isString(hostedZone) &&
    domain !== hostedZone &&
    !domain.endsWith(`.${hostedZone}`)
  ) {
    faults.push(
      `hostedZone: ${hostedZone} does not hold ${domain}. Set it to the name of the zone that does.`,
    );
  }
  return faults;
}

function sizeClashes(values: Values): string[] {
  const cost = values['cost'] ?? keys.cost.parse(undefined);
  if (!costs.includes(cost as Cost)) return [];
  const { tasks } = createProfile({ cost: cost as Cost });
  const cpus = values['apiCpus'] ?? tasks.cpus;
  const memoryMb = values['apiMemoryMb'] ?? tasks.memoryMb;
  if (typeof cpus !== 'number' || typeof memoryMb !== 'number') return [];
  const fault = fargateFault(cpus, memoryMb);
  return fault ? [`${values['apiCpus'] === undefined ? 'apiMemoryMb' : 'apiCpus'}: ${fault}.`] : [];
}

function restoreClashes(values: Values): string[] {
  const { restoreSnapshot, restoreTime, restoreSource } = values;
  const faults: string[] = [];
  if (restoreSnapshot !== undefined && restoreTime !== undefined) {
    faults.push(
      'restoreSnapshot: cannot be set with restoreTime; a database comes from one of them. Remove one.',
    );
  }
  if (restoreTime !== undefined && restoreSource === undefined) {
    faults.push(
      'restoreSource: is required with restoreTime. Set it to the identifier of the RDS instance to copy.',
    );
  }
  if (restoreSource !== undefined && restoreTime === undefined) {
    faults.push(
      'restoreTime: is required with restoreSource. Set it to a moment such as 2027-01-31T08:30:00Z.',
    );
  }
  return faults;
}

function githubClashes(values: Values): string[] {
  if (values['githubRepository'] === undefined) {
    return [
      'githubEnvironment',
      'githubBranch',
      'githubOidcProviderArn',
      'stateBucket',
      'stateKeyArn',
    ]
      .filter((key) => values[key] !== undefined)
      .map(
        (key) => `${key}: has no effect without githubRepository. Set that too, or remove ${key}.`,
      );
  }
  if (values['stateBucket'] !== undefined) return [];
  return [
    'stateBucket: is required with githubRepository: a workflow reads the state from an S3 bucket. Set its name.',
  ];
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
