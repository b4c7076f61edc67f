import { z } from 'zod';
import { costs } from './profile.ts';
import { nameFault } from './stackName.ts';

const port = z
  .number()
  .int()
  .min(1024, 'must be 1024 or above: lower ports need root')
  .max(65535, 'must be 65535 or below');

const hostName = z
  .string()
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'must be a lower-case host name such as chat.example.com',
  );

/**
 * A moment. Without quotes YAML takes it for one of its own, and Pulumi passes it on as Go writes
 * it.
 */
const moment = z.preprocess(
  (value) =>
    typeof value === 'string' ? value.replace(/^(\S+) ([\d:.]+) \+0000 UTC$/, '$1T$2Z') : value,
  z.iso.datetime('must be a moment in UTC such as 2027-01-31T08:30:00Z'),
);

/** Keys of every stack. */
const sharedKeys = {
  /** Where the stack runs. */
  platform: z.enum(['docker', 'aws']),
  /**
   * Build the app image from this checkout. Exactly one of `build`, `image` and `imageFrom` is set.
   */
  build: z.boolean().optional(),
  /** Run an image that exists already, by its id (`imageId` of the stack that verified it). */
  image: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be an image id: sha256: and 64 hexadecimal digits')
    .optional(),
  /** Run the image of the release that another stack of this project, by its name, proved last. */
  imageFrom: z
    .string()
    .refine((name) => !nameFault(name), "must be another stack's name, such as dev")
    .optional(),
  /**
   * How many api containers or tasks run; on AWS the fewest. Default 2 on Docker, the profile's on
   * AWS.
   */
  replicas: z
    .number()
    .int()
    .min(1, 'must be at least 1: a release needs one instance to switch to')
    .max(20, 'must be 20 or below')
    .optional(),
  /** The lowest level that the api logs. */
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  /** CPUs of one api instance. Default 1 on Docker, the profile's on AWS. */
  apiCpus: z.number().min(0.1, 'must be 0.1 or more').max(16, 'must be 16 or below').optional(),
  /** Memory of one api instance, MiB. Default 512 on Docker, the profile's on AWS. */
  apiMemoryMb: z
    .number()
    .int()
    .min(128, 'must be 128 (MiB) or more: Node does not start in less')
    .max(30720, 'must be 30720 (MiB) or below')
    .optional(),
  /** How long a release's migrations may take, seconds. */
  migrationTimeoutSeconds: z
    .number()
    .int()
    .min(1, 'must be 1 or more')
    .max(86400, 'must be 86400 or below')
    .default(600),
  /**
   * Migrations to let pass by name: contract steps beside their expand, and files that the state is
   * wrong about.
   */
  forceMigrations: z
    .array(z.string().regex(/^\d{4}_[a-z0-9_]+$/, 'must hold names such as 0007_drop_title'))
    .default([]),
  /** The effect on a preview of an error that the lint finds in a pending migration. */
  migrationLint: z.enum(['error', 'warning', 'off']).default('error'),
  /** Postgres schema that the tables are in. */
  databaseSchema: z
    .string()
    .regex(
      /^[a-z_][a-z0-9_]{0,62}$/,
      'must be a plain lower-case name of up to 63 letters, digits and underscores',
    )
    .refine(
      (name) => !name.startsWith('pg_'),
      'must not begin with pg_, which Postgres keeps for itself',
    )
    .default('public'),
  /**
   * How long new instances may take to become healthy and to be switched to, seconds. Default 60,
   * on AWS 900.
   */
  rolloutTimeoutSeconds: z
    .number()
    .int()
    .min(5, 'must be 5 or more')
    .max(3600, 'must be 3600 or below')
    .optional(),
  /**
   * Hold the stack to the policy pack; true on aws unless told, false on docker. Read by `make`.
   */
  policy: z.boolean().optional(),
  /** How long ago a release may have been verified to be promoted to this stack, days. Read by `make`. */
  promoteMaxAgeDays: z
    .number()
    .int()
    .min(1, 'must be 1 or more')
    .max(365, 'must be 365 or below')
    .default(30),
  /**
   * Keys of stacks whose releases may be promoted to this one, as `make history` prints them. Empty:
   * the key that the other stack's own state names. Read by `make promote` alone.
   */
  promoteKeys: z
    .array(
      z
        .string()
        // An Ed25519 key begins with its kind.
        .regex(
          /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/,
          'must be keys as `make history` prints them',
        ),
    )
    .default([]),
  /** Exceptions that the policy pack lets pass for a while. Read, and judged, by the pack: docs/policy.md. */
  policyExceptions: z.array(z.unknown()).optional(),
} satisfies z.ZodRawShape;

/** Keys of stacks with `platform: docker` alone. */
const dockerKeys = {
  /** Load demo data after the migrations. */
  seed: z.boolean().default(false),
  /** From then on `make sweep` destroys the stack with its data. */
  expires: moment.optional(),
  /**
   * Before pending migrations run, show that the deployed version works on the schema they bring.
   */
  compatibilityCheck: z.boolean().default(true),
  /** Port of the gateway on 127.0.0.1. */
  gatewayPort: port.default(8000),
  /** Port of Postgres on 127.0.0.1. */
  databasePort: port.default(15432),
  /** Port on 127.0.0.1 where the gateway serves each instance's `/metrics`. */
  metricsPort: port.default(9464),
} satisfies z.ZodRawShape;

/** The retentions that CloudWatch Logs takes, days. */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
];

/** Keys of stacks with `platform: aws` alone. */
const awsKeys = {
  /** Sizes, zones and redundancy: see `infra/config/profile.ts`. */
  cost: z.enum(costs).default('standard'),
  /** The account this stack belongs to; any other is refused. Required. */
  awsAccountId: z
    .string()
    .regex(
      /^\d{12}$/,
      'must be the 12 digits of an account, in quotes (`aws sts get-caller-identity` prints them)',
    )
    .optional(),
  /** Addresses of the VPC. */
  vpcCidr: z.string().default('10.20.0.0/16'),
  /** Addresses of networks this one is or will be connected with; the VPC must not overlap them. */
  peeredCidrs: z.array(z.string()).default([]),
  /** Availability zones by name. Default: the region's first, as many as the profile asks for. */
  zones: z
    .array(
      z
        .string()
        .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'must be names of zones such as eu-central-1a'),
    )
    .min(2, 'must be 2 or 3 zones: a load balancer wants two at least')
    .max(3, 'must be 2 or 3 zones')
    .optional(),
  /** Host name of the site; without it the site has no HTTPS. */
  domain: hostName.optional(),
  /** Route 53 zone that holds `domain`. Default: the longest one of the account that does. */
  hostedZone: hostName.optional(),
  /** A certificate made elsewhere, for a domain whose DNS is not in Route 53. */
  certificateArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/.+$/,
      'must be the ARN of an ACM certificate',
    )
    .optional(),
  /** Who may reach the site. */
  allowedCidrs: z.array(z.string()).min(1, 'must name one block at least').default(['0.0.0.0/0']),
  /** A web application firewall before the load balancer. */
  waf: z.boolean().default(false),
  /**
   * Protects database, cache, load balancer and buckets from deletion, in Pulumi and in AWS alike.
   */
  protect: z.boolean().default(true),
  /** Processor of the tasks; the image must be made for it. */
  architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
  /** Allows `aws ecs execute-command` into tasks. */
  enableExec: z.boolean().default(false),
  /** Share of the tasks above the fewest that run on spare capacity, percent. */
  spotPercent: z
    .number()
    .int()
    .min(0, 'must be 0 or more')
    .max(100, 'must be 100 or below')
    .default(0),
  /** How long CloudWatch keeps logs, days. Default: the profile's. */
  logRetentionDays: z
    .number()
    .refine((days) => retentionDays.includes(days), `must be one of ${retentionDays.join(', ')}`)
    .optional(),
  /** Who gets the alarms by mail. */
  alarmEmail: z.email('must be an e-mail address').optional(),
  /** Creates the database from this RDS snapshot, by its identifier or ARN. */
  restoreSnapshot: z.string().min(1).optional(),
  /** Creates the database as `restoreSource` was at this moment, such as 2027-01-31T08:30:00Z. */
  restoreTime: moment.optional(),
  /** The RDS instance, by its identifier, that `restoreTime` is about. */
  restoreSource: z.string().min(1).optional(),
  /** `owner/name` of the GitHub repository whose workflows get roles to preview and to deploy. */
  githubRepository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'must be the owner and name of a repository, such as acme/chat')
    .optional(),
  /** The GitHub environment whose jobs may deploy. */
  githubEnvironment: z
    .string()
    .regex(/^[\w.-]+$/, 'must be letters, digits, dots, dashes and underscores')
    .default('prod'),
  /** The branch whose nightly job looks for drift. */
  githubBranch: z
    .string()
    .regex(/^[\w./-]+$/, 'must be the name of a branch')
    .default('main'),
  /** An OIDC provider for GitHub that the account has already; an account can have only one. */
  githubOidcProviderArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/token\.actions\.githubusercontent\.com$/,
      'must be the ARN of the provider for token.actions.githubusercontent.com',
    )
    .optional(),
  /** A key in KMS (ECC_NIST_P256, SIGN_VERIFY) that signs the receipts of releases. */
  signingKeyArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, 'must be the ARN of a KMS key')
    .optional(),
  /**
   * S3 bucket that holds the stack's Pulumi state; the workflows' roles may read it, and write it
   * to deploy.
   */
  stateBucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of an S3 bucket')
    .optional(),
  /** KMS key that encrypts the secrets in the state (`--secrets-provider awskms://…`). */
  stateKeyArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
      'must be the ARN of a KMS key, not of an alias',
    )
    .optional(),
  /**
   * Registry that images are pushed to, where ECR's own address does not resolve: an emulator's.
   */
  registryHost: z
    .string()
    .regex(/^[\w.-]+(:\d+)?$/, 'must be a host and a port such as 127.0.0.1:4566')
    .optional(),
  /** Where the AWS API is, when it is an emulator's. Default: AWS_ENDPOINT_URL, else AWS itself. */
  awsEndpoint: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:4566' })
    .optional(),
} satisfies z.ZodRawShape;

export const keys = { ...sharedKeys, ...dockerKeys, ...awsKeys };

export const schema = z.strictObject(keys);

export type Keys = z.infer<typeof schema>;

/** The keys that are refused on a stack of the other platform, where they would have no effect. */
export const keysOf = { docker: Object.keys(dockerKeys), aws: Object.keys(awsKeys) };

/** Keys whose value is text even if it could be read as a number or as JSON. */
function isText(key: string): boolean {
  const type = (keys as Record<string, z.ZodType>)[key];
  return type !== undefined && type.safeParse('\0').error?.issues[0]?.code !== 'invalid_type';
}

/**
 * Pulumi hands every value over as text; names, ids and addresses stay text, the rest is JSON where
 * it parses as such.
 */
export function readValue(key: string, text: string): unknown {
  if (isText(key)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
