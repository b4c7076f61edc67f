import { join } from 'node:path';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type BucketLocationConstraint,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { awsRegion, isDockerStack, project, stack, stackConfig } from '../lib/context.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { say } from '../lib/progress.ts';
import { root } from '../lib/paths.ts';
import { editStackFile } from '../pulumi/editStackFile.ts';

/** How long an earlier version of the state can be had back, days. */
const earlierStateDays = 90;

interface Place {
  region: string;
  account: string;
  bucket: string;
  alias: string;
}

/**
 * Makes what a team's state of stacks on AWS is kept in, once for an account and region: a bucket
 * and the key that encrypts it and the secrets in it. What is there already is looked at and put
 * right, so it can be run again. Writes into the stack's file where they are.
 */
export async function stateBucket(): Promise<number> {
  if (isDockerStack())
    throw new UserFault(
      `Stack ${stack} is not on AWS.`,
      'Name one that is: `make state-bucket STACK=prod`; `make new-stack NAME=prod PLATFORM=aws` writes its file.',
    );
  const region = awsRegion();
  const profile = stackConfig('profile', stack, 'aws');
  const endpoint = stackConfig('awsEndpoint');
  const options = {
    region,
    ...(typeof profile === 'string' && { profile }),
    ...(typeof endpoint === 'string' && { endpoint, forcePathStyle: true }),
  };
  const account = await accountOf(new STSClient(options));
  const place = {
    region,
    account,
    bucket: process.env['NAME'] || `${project}-state-${account}-${region}`,
    alias: `alias/${project}-state`,
  };
  const keyArn = await ensureKey(new KMSClient(options), place);
  await ensureBucket(new S3Client(options), place, keyArn);
  const ci = stackConfig('githubRepository') !== undefined;
  editStackFile(join(root, `Pulumi.${stack}.yaml`), [
    [['secretsprovider'], `awskms://${place.alias}?region=${region}`],
    ...(ci
      ? ([
          [['config', `${project}:stateBucket`], place.bucket],
          [['config', `${project}:stateKeyArn`], keyArn],
        ] satisfies [string[], string][])
      : []),
  ]);
  say(`Pulumi.${stack}.yaml names the key. Next, in every shell and workflow that works on it:`);
  process.stdout.write(`export PULUMI_BACKEND_URL='s3://${place.bucket}?region=${region}'\n`);
  return 0;
}

async function accountOf(sts: STSClient): Promise<string> {
  const wanted = stackConfig('awsAccountId') as string | number | undefined;
  const { Account: account = '' } = await sts
    .send(new GetCallerIdentityCommand({}))
    .catch((error: unknown) => {
      throw new UserFault(
        `AWS does not say who you are: ${messageOf(error)}`,
        'Sign in, such as by `aws sso login`, or set AWS_PROFILE.',
        { cause: error },
      );
    });
  if (wanted === undefined || String(wanted) === account) return account;
  throw new UserFault(
    `The credentials are for account ${account}, and slipway:awsAccountId says ${String(wanted)}.`,
    'Take the profile of that account (AWS_PROFILE), or mend the key.',
  );
}

async function ensureKey(kms: KMSClient, { alias, account }: Place): Promise<string> {
  const found = await kms
    .send(new DescribeKeyCommand({ KeyId: alias }))
    .catch(unless('NotFoundException'));
  let arn = found?.KeyMetadata?.Arn;
  if (!arn) {
    const { KeyMetadata } = await asked('kms:CreateKey', () =>
      kms.send(
        new CreateKeyCommand({ Description: `Pulumi state of ${project}, and the secrets in it` }),
      ),
    );
    arn = KeyMetadata?.Arn ?? '';
    const id = KeyMetadata?.KeyId ?? '';
    await asked('kms:CreateAlias', () =>
      kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: id })),
    );
    say(`  ✓ key ${alias}: made in account ${account}`);
  } else say(`  ✓ key ${alias}: there`);
  const id = arn;
  await asked('kms:EnableKeyRotation', () =>
    kms.send(new EnableKeyRotationCommand({ KeyId: id.replace(/^.*key\//, '') })),
  );
  return arn;
}

/** Private, versioned, encrypted by the key, TLS alone. */
async function ensureBucket(s3: S3Client, place: Place, keyArn: string): Promise<void> {
  const { bucket: Bucket, region, account } = place;
  const owned = { Bucket, ExpectedBucketOwner: account };
  const found = await s3
    .send(new HeadBucketCommand({ Bucket }))
    .catch(unless('NotFound', 'NoSuchBucket'));
  if (!found) {
    await asked('s3:CreateBucket', () =>
      s3.send(
        new CreateBucketCommand({
          Bucket,
          // us-east-1 is the one that must not be named.
          ...(region !== 'us-east-1' && {
            CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint },
          }),
        }),
      ),
    );
  } else {
    // S3 says nothing, or EU, for the two oldest.
    const { LocationConstraint: at } = await s3.send(new GetBucketLocationCommand(owned));
    const where = at === 'EU' ? 'eu-west-1' : (at ?? 'us-east-1');
    if (where !== region)
      throw new UserFault(
        `The bucket ${Bucket} is in ${where}, and stack ${stack} in ${region}.`,
        `Name another: \`make state-bucket STACK=${stack} NAME=…\`.`,
      );
  }
  const settings = [
    new PutPublicAccessBlockCommand({
      ...owned,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    }),
    new PutBucketVersioningCommand({ ...owned, VersioningConfiguration: { Status: 'Enabled' } }),
    new PutBucketEncryptionCommand({
      ...owned,
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
            BucketKeyEnabled: true,
          },
        ],
      },
    }),
    new PutBucketLifecycleConfigurationCommand({
      ...owned,
      LifecycleConfiguration: {
        Rules: [
          {
            ID: 'earlier-state',
            Status: 'Enabled',
            Filter: { Prefix: '' },
            NoncurrentVersionExpiration: { NoncurrentDays: earlierStateDays },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
    }),
    new PutBucketPolicyCommand({ ...owned, Policy: tlsOnly(place) }),
  ];
  for (const setting of settings)
    await asked(`s3:${setting.constructor.name.replace(/Command$/, '')}`, () =>
      s3.send(setting as PutBucketPolicyCommand),
    );
  say(
    `  ✓ bucket ${Bucket}: ${found ? 'there' : 'made'}; private, versioned, encrypted, TLS alone`,
  );
}

function tlsOnly({ bucket, region }: Place): string {
  const partition = region.startsWith('cn-')
    ? 'aws-cn'
    : region.startsWith('us-gov-')
      ? 'aws-us-gov'
      : 'aws';
  const arn = `arn:${partition}:s3:::${bucket}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
}

/** Passes an error by that says there is no such thing. */
const unless =
  (...names: string[]) =>
  (error: unknown): undefined => {
    if (error instanceof Error && names.includes(error.name)) return undefined;
    throw refusal('the question whether it is there', error);
  };

async function asked<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw refusal(action, error);
  }
}

const refusal = (what: string, error: unknown): UserFault =>
  new UserFault(
    `AWS refused ${what}: ${messageOf(error)}`,
    `Mend it, then \`make state-bucket STACK=${stack}\` again: what is made already stays.`,
    { cause: error },
  );
