import { describe, expect, it } from 'vitest';
import { addressFaults, addressPlan, zoneSlots, type ZoneSubnets } from './addressPlan.ts';
import { contains, overlaps, parseCidr, size, type Cidr } from './cidr.ts';

const block = (text: string): Cidr => {
  const parsed = parseCidr(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
};

/** VPCs of every allowed size, at the ends and in the middle of the private blocks. */
const vpcs = [16, 17, 18, 19, 20, 21, 22].flatMap((prefix) => {
  const step = 2 ** (32 - prefix);
  return ['10.0.0.0', '10.255.0.0', '172.16.0.0', '172.31.0.0', '192.168.0.0'].flatMap((start) =>
    [0, 1, 65536 / step - 1].map((index) => {
      const first = block(`${start}/16`).first + (index % (65536 / step)) * step;
      return `${[24, 16, 8, 0].map((shift) => (first >>> shift) & 255).join('.')}/${prefix}`;
    }),
  );
});

describe('the subnets of a VPC of any size', () => {
  const plans = vpcs.map((vpc) => ({ vpc, zones: addressPlan(vpc, zoneSlots) }));
  const subnets = (zones: ZoneSubnets[]) =>
    zones.flatMap((zone) => [zone.public, zone.task, zone.database].map(block));

  it('lie within it, each on its own boundary', () => {
    for (const { vpc, zones } of plans) {
      for (const subnet of subnets(zones)) {
        expect(contains(block(vpc), subnet)).toBe(true);
        expect(subnet.first % size(subnet)).toBe(0);
      }
    }
  });

  it('do not overlap, in as many zones as there is room for', () => {
    for (const { zones } of plans) {
      const all = subnets(zones);
      all.forEach((one, index) =>
        all.slice(index + 1).forEach((other) => expect(overlaps(one, other)).toBe(false)),
      );
    }
  });

  it('are large enough for AWS, and for a load balancer to grow', () => {
    for (const { public: front, database } of plans.flatMap(({ zones }) => zones)) {
      expect(block(front).prefix).toBeLessThanOrEqual(27);
      expect(block(database).prefix).toBeLessThanOrEqual(28);
    }
  });

  it('stay where they are when a zone is added', () => {
    for (const { vpc, zones } of plans) {
      expect(zones.slice(0, 2)).toEqual(addressPlan(vpc, 2));
      expect(zones.slice(0, 3)).toEqual(addressPlan(vpc, 3));
    }
  });

  it('are of a VPC that nothing is wrong with', () => {
    for (const { vpc } of plans) expect(addressFaults(vpc, [])).toEqual([]);
  });
});

describe('an address plan', () => {
  it('is the one in the table', () => {
    expect(addressPlan('10.20.0.0/16', 2)).toEqual([
      { task: '10.20.0.0/19', public: '10.20.32.0/20', database: '10.20.48.0/21' },
      { task: '10.20.64.0/19', public: '10.20.96.0/20', database: '10.20.112.0/21' },
    ]);
  });

  it('has no fifth zone', () => {
    expect(() => addressPlan('10.20.0.0/16', 5)).toThrow('room for 4');
  });

  it('reports every fault at once', () => {
    expect(addressFaults('8.0.0.0/8', ['8.8.0.0/16', 'x'])).toEqual([
      { key: 'peeredCidrs', fault: 'x is no IPv4 block such as 10.20.0.0/16.' },
      { key: 'vpcCidr', fault: '8.0.0.0/8 must be a /16 to a /22: AWS takes no larger VPC.' },
      {
        key: 'vpcCidr',
        fault:
          '8.0.0.0/8 is not private; choose a block within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16.',
      },
      {
        key: 'vpcCidr',
        fault: '8.0.0.0/8 overlaps 8.8.0.0/16 of peeredCidrs; choose another block.',
      },
    ]);
  });

  it.each([
    ['10.20.0.0/16', '10.20.128.0/20', true],
    ['10.20.0.0/16', '10.21.0.0/16', false],
    ['10.20.0.0/16', '10.19.255.0/24', false],
    ['192.168.0.0/16', '0.0.0.0/0', true],
  ])('%s and %s overlap: %s', (vpc, peer, expected) => {
    expect(addressFaults(vpc, [peer])).toHaveLength(expected ? 1 : 0);
  });

  it.each(['10.20.0.0', '10.20.0.256/24', '10.20.0.0/33', '::/0', '', '010.0.0.0/8x'])(
    '%j is no block',
    (text) => {
      expect(parseCidr(text)).toContain('is no IPv4 block');
    },
  );
});
