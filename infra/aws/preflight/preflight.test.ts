import {
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DescribeOrderableDBInstanceOptionsCommand, RDSClient } from '@aws-sdk/client-rds';
import { ListHostedZonesByNameCommand, Route53Client } from '@aws-sdk/client-route-53';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { awsConfig, parseConfig } from '../../config/config.ts';
import type { StoredImage } from '../../image/imageStore.ts';
import { preflight } from './preflight.ts';

const sts = mockClient(STSClient);
const ec2 = mockClient(EC2Client);
const rds = mockClient(RDSClient);
const route53 = mockClient(Route53Client);
const quotas = mockClient(ServiceQuotasClient);

const image = `sha256:${'a'.repeat(64)}`;
const promoted = { id: image, imageId: image, architecture: 'amd64', labels: {} };
const named = (name: string, message = 'because') => Object.assign(new Error(message), { name });
const zonesOf = (...letters: string[]) => ({
  AvailabilityZones: letters.map((letter) => ({ ZoneName: `eu-central-1${letter}` })),
});

interface Situation {
  raw?: Record<string, string>;
  /** The engine's answer for the image's id. */
  local?: StoredImage | 'none';
  emulated?: boolean;
}

function check({ raw = {}, local = promoted, emulated = false }: Situation = {}) {
  const found = local === 'none' ? undefined : local;
  const config = parseConfig(
    { platform: 'aws', image, awsAccountId: '123456789012', ...raw },
    { project: 'slipway', stack: 'prod' },
    { region: 'eu-central-1' },
  );
  return preflight({
    config: awsConfig(config),
    identity: { project: 'slipway', stack: 'prod', root: '/checkout' },
    imageId: image,
    store: { place: 'unix:///docker.sock', knowsNames: true, image: () => Promise.resolve(found) },
    emulated,
  });
}

async function refusal(situation?: Situation): Promise<string> {
  const error = await check(situation).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('nothing was refused');
  expect(error.name).toBe('UserError');
  return error.message;
}

/** An account where nothing is in the way. */
beforeEach(() => {
  for (const mock of [sts, ec2, rds, route53, quotas]) mock.reset();
  sts.on(GetCallerIdentityCommand).resolves({ Account: '123456789012' });
  ec2.on(DescribeAvailabilityZonesCommand).resolves(zonesOf('c', 'a', 'b'));
  ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [{}] });
  ec2.on(DescribeAddressesCommand).resolves({ Addresses: [] });
  rds
    .on(DescribeOrderableDBInstanceOptionsCommand)
    .resolves({ OrderableDBInstanceOptions: [{ MultiAZCapable: true }] });
  route53.on(ListHostedZonesByNameCommand).resolves({ HostedZones: [] });
  quotas.on(GetServiceQuotaCommand).resolves({ Quota: { Value: 50 } });
});

describe('a look at AWS before an update', () => {
  it('finds the zones, the first by name and as many as the profile wants', async () => {
    expect(await check()).toEqual({ zones: ['eu-central-1a', 'eu-central-1b'] });
    expect(await check({ raw: { cost: 'ha' } })).toEqual({
      zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    });
    expect(await check({ raw: { zones: '["eu-central-1c","eu-central-1b"]' } })).toEqual({
      zones: ['eu-central-1c', 'eu-central-1b'],
    });
  });

  it('takes the region’s own zones that are available, no local ones', async () => {
    await check();
    expect(ec2.commandCalls(DescribeAvailabilityZonesCommand)[0]?.args[0].input.Filters).toEqual([
      { Name: 'zone-type', Values: ['availability-zone'] },
      { Name: 'state', Values: ['available'] },
    ]);
  });

  it('finds the longest public zone that holds the domain', async () => {
    route53.on(ListHostedZonesByNameCommand, { DNSName: 'b.example.com' }).resolves({
      HostedZones: [
        {
          Id: '/hostedzone/ZPRIVATE',
          Name: 'b.example.com.',
          CallerReference: '1',
          Config: { PrivateZone: true },
        },
        {
          Id: '/hostedzone/ZB',
          Name: 'b.example.com.',
          CallerReference: '2',
          Config: { PrivateZone: false },
        },
      ],
    });
    route53.on(ListHostedZonesByNameCommand, { DNSName: 'example.com' }).resolves({
      HostedZones: [{ Id: '/hostedzone/ZTOP', Name: 'example.com.', CallerReference: '3' }],
    });
    expect((await check({ raw: { domain: 'a.b.example.com' } })).hostedZoneId).toBe('ZB');
    const raw = { domain: 'a.b.example.com', hostedZone: 'example.com' };
    expect((await check({ raw })).hostedZoneId).toBe('ZTOP');
  });

  it('asks Route 53 nothing for a certificate made elsewhere', async () => {
    const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/1';
    expect(await check({ raw: { domain: 'chat.example.com', certificateArn } })).not.toHaveProperty(
      'hostedZoneId',
    );
    expect(route53.calls()).toHaveLength(0);
  });
});

describe('an update is refused', () => {
  it.each([
    [
      'CredentialsProviderError',
      'Could not load credentials from any providers',
      'No AWS credentials were found',
    ],
    [
      'CredentialsProviderError',
      'The SSO session associated with this profile has expired',
      'have expired',
    ],
    [
      'ExpiredToken',
      'The security token included in the request is expired',
      'have expired. Sign in again',
    ],
    ['ExpiredTokenException', 'x', 'have expired'],
    [
      'InvalidClientTokenId',
      'The security token is invalid',
      'AWS does not accept the credentials',
    ],
    ['TimeoutError', 'getaddrinfo', 'Cannot reach the AWS API of eu-central-1'],
  ])('for credentials that fail with %s: %s', async (name, message, expected) => {
    sts.on(GetCallerIdentityCommand).rejects(named(name, message));
    expect(await refusal()).toContain(expected);
    expect(ec2.calls()).toHaveLength(0);
  });

  it('for a region that is not enabled, told apart from wrong keys', async () => {
    sts
      .on(GetCallerIdentityCommand)
      .rejectsOnce(named('InvalidClientTokenId'))
      .resolves({ Account: '123456789012' });
    expect(await refusal()).toContain('The region eu-central-1 is not enabled in this account');
  });

  it('for another account', async () => {
    sts.on(GetCallerIdentityCommand).resolves({ Account: '999999999999' });
    const message = await refusal();
    expect(message).toContain('for account 999999999999, and this stack belongs to 123456789012');
    expect(ec2.calls()).toHaveLength(0);
  });

  it('for a region with fewer zones than the profile wants', async () => {
    ec2.on(DescribeAvailabilityZonesCommand).resolves(zonesOf('a', 'b'));
    expect(await refusal({ raw: { cost: 'ha' } })).toContain(
      'has 2 availability zones for this account, and cost: ha wants 3',
    );
    expect(await refusal({ raw: { zones: '["eu-central-1a","eu-central-1d"]' } })).toContain(
      'slipway:zones: eu-central-1d is not available in eu-central-1; there are eu-central-1a, eu-central-1b',
    );
  });

  it('for a database class that the region does not offer, or not with a standby', async () => {
    rds.on(DescribeOrderableDBInstanceOptionsCommand).resolves({ OrderableDBInstanceOptions: [] });
    expect(await refusal()).toContain('does not offer db.t4g.medium for PostgreSQL');
    rds
      .on(DescribeOrderableDBInstanceOptionsCommand)
      .resolves({ OrderableDBInstanceOptions: [{ MultiAZCapable: false }] });
    expect(await check()).toBeDefined();
    expect(await refusal({ raw: { cost: 'ha' } })).toContain(
      'db.m7g.large with a standby in another zone',
    );
  });

  it('for a domain without a hosted zone', async () => {
    expect(await refusal({ raw: { domain: 'chat.example.com' } })).toContain(
      'no public hosted zone chat.example.com or example.com',
    );
  });

  it('for an image that is not there, or made for another processor', async () => {
    expect(await refusal({ local: 'none' })).toContain(
      `The image ${image} is not on unix:///docker.sock`,
    );
    expect(await refusal({ local: 'none' })).toContain('docker load');
    const arm = { id: image, imageId: image, architecture: 'arm64', content: '', labels: {} };
    expect(await refusal({ local: arm })).toContain('made for arm64, and the tasks run on amd64');
    expect(await check({ local: arm, raw: { architecture: 'arm64' } })).toBeDefined();
  });

  it('for a quota that is used up', async () => {
    quotas.on(GetServiceQuotaCommand, { ServiceCode: 'vpc' }).resolves({ Quota: { Value: 1 } });
    quotas.on(GetServiceQuotaCommand, { ServiceCode: 'ec2' }).resolves({ Quota: { Value: 5 } });
    quotas.on(GetServiceQuotaCommand, { ServiceCode: 'fargate' }).resolves({ Quota: { Value: 4 } });
    ec2.on(DescribeAddressesCommand).resolves({ Addresses: [{}, {}, {}] });
    const message = await refusal({ raw: { cost: 'ha' } });
    expect(message).toContain(
      'The quota of VPCs per region is 1, 1 are in use, and this stack needs 1',
    );
    expect(message).toContain(
      'The quota of elastic IP addresses is 5, 3 are in use, and this stack needs 3',
    );
    expect(message).toContain('The quota of Fargate vCPUs is 4, and this stack needs 6');
  });

  it('with everything that is in the way in one report', async () => {
    ec2.on(DescribeAvailabilityZonesCommand).resolves(zonesOf('a'));
    rds.on(DescribeOrderableDBInstanceOptionsCommand).resolves({ OrderableDBInstanceOptions: [] });
    quotas.on(GetServiceQuotaCommand, { ServiceCode: 'vpc' }).resolves({ Quota: { Value: 1 } });
    const local = { id: image, imageId: image, architecture: 'arm64', content: '', labels: {} };
    const message = await refusal({ raw: { domain: 'chat.example.com' }, local });
    expect(message).toMatch(/^Stack prod cannot come up in eu-central-1; nothing was changed:/);
    expect(message.match(/^ {2}- /gm)).toHaveLength(5);
  });

  it('for an answer that AWS does not give, naming the right to ask for', async () => {
    ec2
      .on(DescribeAvailabilityZonesCommand)
      .rejects(named('UnauthorizedOperation', 'You are not authorized'));
    expect(await refusal()).toContain('Allow ec2:DescribeAvailabilityZones.');
  });
});

describe('questions that need not be asked', () => {
  it('are those about a first update, once the stack’s network is there', async () => {
    ec2
      .on(DescribeVpcsCommand)
      .resolves({ Vpcs: [{ Tags: [{ Key: 'Name', Value: 'slipway-prod-network-vpc' }] }] });
    quotas.on(GetServiceQuotaCommand).resolves({ Quota: { Value: 0 } });
    expect(await check()).toBeDefined();
    expect([...quotas.calls(), ...rds.calls()]).toHaveLength(0);
  });

  it('are those an emulator knows nothing about', async () => {
    quotas.on(GetServiceQuotaCommand).rejects(named('UnknownOperationException'));
    expect(await check({ emulated: true })).toBeDefined();
    expect([...quotas.calls(), ...rds.calls()]).toHaveLength(0);
  });

  it('are those whoever updates may not ask', async () => {
    quotas.on(GetServiceQuotaCommand).rejects(named('AccessDeniedException'));
    rds.on(DescribeOrderableDBInstanceOptionsCommand).rejects(named('AccessDenied'));
    expect(await check()).toBeDefined();
  });
});
