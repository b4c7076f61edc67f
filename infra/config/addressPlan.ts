import { contains, formatCidr, overlaps, parseCidr, type Cidr } from './cidr.ts';

/** The subnets of one availability zone, as CIDR blocks. */
export interface ZoneSubnets {
  /** The load balancer, NAT gateways, and tasks that have a public address. */
  public: string;
  /** Tasks without a public address. */
  task: string;
  /** The database and the cache; nothing there reaches the internet. */
  database: string;
}

/**
 * The most zones a plan has room for. The fourth stays free, so that a zone can be added without
 * renumbering.
 */
export const zoneSlots = 4;

const widest = 16;
/**
 * Below this a load balancer's subnet has no room for it to grow: AWS asks for a /27 with eight
 * free addresses.
 */
const narrowest = 22;

/** RFC 1918. */
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(
  (text) => parseCidr(text) as Cidr,
);

/**
 * Cuts a VPC into subnets. Each zone has a quarter: half of that for tasks, a quarter for what is
 * public, an eighth for databases, an eighth in reserve. A zone's subnets do not depend on how many
 * zones there are.
 *
 * | VPC | task | public | database |
 * |-----|------|--------|----------|
 * | /16 | /19  | /20    | /21      |
 * | /22 | /25  | /26    | /27      |
 *
 * @param vpcCidr a block that `addressFaults` finds nothing wrong with
 */
export function addressPlan(vpcCidr: string, zoneCount: number): ZoneSubnets[] {
  const vpc = parseCidr(vpcCidr);
  if (typeof vpc === 'string') throw new RangeError(vpc);
  if (zoneCount > zoneSlots)
    throw new RangeError(`${zoneCount} zones do not fit: the plan has room for ${zoneSlots}`);
  return Array.from({ length: zoneCount }, (_, zone) => {
    const eighths = (start: number, prefix: number): string =>
      formatCidr({
        first: vpc.first + (zone * 8 + start) * 2 ** (32 - vpc.prefix - 5),
        prefix: vpc.prefix + prefix,
      });
    return { task: eighths(0, 3), public: eighths(4, 4), database: eighths(6, 5) };
  });
}

/** Faults of a VPC's block, and of the blocks of networks it is to be connected with. */
export function addressFaults(
  vpcCidr: string,
  peeredCidrs: string[],
): { key: string; fault: string }[] {
  const peers = peeredCidrs.map((text) => ({ text, block: parseCidr(text) }));
  const faults = peers.flatMap(({ block }) =>
    typeof block === 'string' ? [{ key: 'peeredCidrs', fault: `${block}.` }] : [],
  );
  const vpc = parseCidr(vpcCidr);
  if (typeof vpc === 'string') return [...faults, { key: 'vpcCidr', fault: `${vpc}.` }];
  if (vpc.prefix < widest || vpc.prefix > narrowest) {
    const reason =
      vpc.prefix < widest ? 'AWS takes no larger VPC' : 'it is too small for subnets in four zones';
    faults.push({
      key: 'vpcCidr',
      fault: `${vpcCidr} must be a /${widest} to a /${narrowest}: ${reason}.`,
    });
  }
  if (!privateBlocks.some((block) => contains(block, vpc))) {
    const blocks = privateBlocks.map(formatCidr).join(', ');
    faults.push({
      key: 'vpcCidr',
      fault: `${vpcCidr} is not private; choose a block within ${blocks}.`,
    });
  }
  for (const { text, block } of peers) {
    if (typeof block === 'string' || !overlaps(vpc, block)) continue;
    faults.push({
      key: 'vpcCidr',
      fault: `${vpcCidr} overlaps ${text} of peeredCidrs; choose another block.`,
    });
  }
  return faults;
}
