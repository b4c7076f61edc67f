import { describe, expect, it } from 'vitest';
import { Registered } from '../../test-support/registered.ts';

const ingressType = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';
const egressType = 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule';

async function groups(https: boolean, allowedCidrs = ['0.0.0.0/0']): Promise<Registered> {
  return Registered.by(async () => {
    const { SecurityGroups } = await import('./securityGroups.ts');
    new SecurityGroups('access', {
      vpcId: 'vpc-1',
      services: [
        { name: 'api', port: 3000 },
        { name: 'worker', port: 3000 },
      ],
      routes: [{ service: 'api' }],
      allowedCidrs,
      https,
    });
  });
}

/** Rules as `group ← peer : port`. */
const rules = (registered: Registered, type: string, arrow: string): string[] =>
  registered
    .ofType(type)
    .map(({ inputs }) => {
      const { securityGroupId, referencedSecurityGroupId, cidrIpv4, fromPort, toPort, ipProtocol } =
        inputs as Record<string, string>;
      expect([ipProtocol, fromPort]).toEqual(['tcp', toPort]);
      const short = (id = '') => id.replace(/^access-|-id$/g, '');
      return `${short(securityGroupId)} ${arrow} ${cidrIpv4 ?? short(referencedSecurityGroupId)}:${fromPort}`;
    })
    .sort();

describe('security groups', async () => {
  const registered = await groups(true);

  it('let in nobody but those who have to', () => {
    expect(rules(registered, ingressType, '←')).toEqual([
      'api ← load-balancer:3000',
      'cache ← api:6379',
      'cache ← worker:6379',
      'database ← api:5432',
      'database ← task:5432',
      'database ← worker:5432',
      'load-balancer ← 0.0.0.0/0:443',
      'load-balancer ← 0.0.0.0/0:80',
    ]);
  });

  it('let out no more than is needed', () => {
    expect(rules(registered, egressType, '→')).toEqual([
      'api → 0.0.0.0/0:443',
      'api → cache:6379',
      'api → database:5432',
      'load-balancer → api:3000',
      'task → 0.0.0.0/0:443',
      'task → database:5432',
      'worker → 0.0.0.0/0:443',
      'worker → cache:6379',
      'worker → database:5432',
    ]);
  });

  it('have no rules of their own beside these', () => {
    for (const { inputs } of registered.ofType('aws:ec2/securityGroup:SecurityGroup')) {
      expect(inputs).not.toHaveProperty('ingress');
      expect(inputs).not.toHaveProperty('egress');
    }
  });

  it('open 443 only where something listens, and only to those who may come', async () => {
    const closed = await groups(false, ['10.0.0.0/8', '192.0.2.0/24']);
    expect(
      rules(closed, ingressType, '←').filter((rule) => rule.startsWith('load-balancer')),
    ).toEqual(['load-balancer ← 10.0.0.0/8:80', 'load-balancer ← 192.0.2.0/24:80']);
  });
});
