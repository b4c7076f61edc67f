import type { AwsConfig } from '../../config/config.ts';
import type { ImageStore, StoredImage } from '../../image/imageStore.ts';
import { baseImages } from '../../docker-engine/baseImages.ts';
import type { StackIdentity } from '../../docker-engine/labels.ts';
import { UserError } from '../../config/userError.ts';
import { createProfile } from '../../config/profile.ts';
import { accountFaults } from './accountFaults.ts';
import { messageOf, refused } from './awsFaults.ts';
import { AwsQuestions } from './awsQuestions.ts';
import { firstTimeFaults } from './firstTimeFaults.ts';

export interface PreflightArgs {
  config: AwsConfig;
  identity: StackIdentity;
  /** `sha256:…`; undefined when it is to be built. */
  imageId: string | undefined;
  store: ImageStore;
  /** Whether an emulator answers in place of AWS. It is not asked questions that it cannot answer. */
  emulated: boolean;
}

/** Answers of AWS that the stack is rendered with. */
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

/**
 * Looks at everything that would make an update fail halfway, before anything is registered. Quotas
 * and the classes on offer matter to a new stack alone: they are asked until its VPC exists.
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

async function imageFaults({ config, imageId, store }: PreflightArgs): Promise<string[]> {
  if (imageId === undefined && !store.knowsNames) return [];
  // One that is to be built is built on this engine, from this base image.
  const name = imageId ?? baseImages.node;
  let image: StoredImage | undefined;
  try {
    image = await store.image(name);
  } catch (error) {
    return [messageOf(error)];
  }
  if (!image) {
    const advice = imageId
      ? 'Build and verify it on another stack of this machine first, or load it with `docker load`.'
      : '`make up` fetches or builds it.';
    return [`The image ${name} is not on ${store.place}. ${advice}`];
  }
  const wanted = config.architecture === 'arm64' ? 'arm64' : 'amd64';
  if (image.architecture === wanted) return [];
  return [
    `The image ${name} is made for ${image.architecture}, and the tasks run on ${wanted}. ` +
      `Set slipway:architecture to ${image.architecture === 'arm64' ? 'arm64' : 'x86_64'}, or build on a ${wanted} machine.`,
  ];
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
