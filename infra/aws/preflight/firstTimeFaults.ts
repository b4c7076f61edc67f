import type { AwsConfig } from '../../config/config.ts';
import { createProfile } from '../../config/profile.ts';
import type { StackIdentity } from '../../docker-engine/labels.ts';
import { firstLine, messageOf, nameOf, refused } from './awsFaults.ts';
import type { AwsQuestions } from './awsQuestions.ts';

/** An emulator does not know these, or knows nothing true about them. */
const emulatorSkips: FirstTimeQuestion[] = ['database class', 'quotas'];

type FirstTimeQuestion = 'database class' | 'quotas';

/** Faults that matter until the stack's network is there. */
export async function firstTimeFaults(
  args: { config: AwsConfig; identity: StackIdentity; emulated: boolean },
  questions: AwsQuestions,
): Promise<string[]> {
  const { config, identity, emulated } = args;
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
