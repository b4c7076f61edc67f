import {
  OpenIdConnectProvider,
  type OpenIdConnectProviderArgs,
} from '@pulumi/aws/iam/openIdConnectProvider.js';
import { Policy } from '@pulumi/aws/iam/policy.js';
import { Role, type RoleArgs } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import {
  boundaryStatements,
  deployStatements,
  previewStatements,
  type CiScope,
  type Statement,
} from './ciPolicies.ts';
import { partitionOf, rolePath, type RoleDefaults } from '../naming.ts';
import { transformed, type Transform } from '../transform.ts';

export interface CiAccessArgs {
  /** `owner/name` on GitHub. */
  repository: string;
  /** The GitHub environment whose jobs may deploy; protect it with reviewers. */
  environment: string;
  region: string;
  accountId: string;
  /** S3 bucket with the Pulumi state. */
  stateBucket: string;
  /** KMS key of the secrets in the state. */
  stateKeyArn?: string | undefined;
  /** An OIDC provider for GitHub that the account has already. Default: one is made. */
  oidcProviderArn?: string | undefined;
  /** Changes the underlying resources, applied last. */
  transform?: { role?: Transform<RoleArgs>; oidcProvider?: Transform<OpenIdConnectProviderArgs> };
}

const issuer = 'token.actions.githubusercontent.com';

/**
 * What GitHub's workflows may do, without a stored key: a pull request may compute a preview, a job
 * of one protected environment may deploy. Both roles, and the boundary, stand outside the path
 * that the deploying role may manage, so a workflow cannot change its own rights; a person with
 * more rights applies a change to them.
 */
export class CiAccess extends pulumi.ComponentResource {
  readonly previewRoleArn: pulumi.Output<string>;
  readonly deployRoleArn: pulumi.Output<string>;
  /**
   * What the stack's other roles must be made with, for the deploying role to be allowed to make
   * them.
   */
  readonly roleDefaults: RoleDefaults;

  constructor(name: string, args: CiAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:CiAccess', name, {}, opts);
    const { transform = {} } = args;
    const parent = { parent: this };
    const partition = partitionOf(args.region);
    const { path } = rolePath();
    const ownPath = `/${pulumi.getProject()}-ci/${pulumi.getStack()}/`;
    // A name of its own rather than a generated one: the deploying role's policy has to say it
    // before it exists.
    const scope: CiScope = {
      partition,
      region: args.region,
      accountId: args.accountId,
      rolePath: path,
      boundaryArn: `arn:${partition}:iam::${args.accountId}:policy${ownPath}boundary`,
      stateBucket: args.stateBucket,
      stateKeyArn: args.stateKeyArn,
    };
    const boundary = new Policy(
      `${name}-boundary`,
      {
        name: 'boundary',
        path: ownPath,
        description: `The most that a role of stack ${pulumi.getStack()} may do`,
        policy: document(boundaryStatements(scope)),
      },
      parent,
    );
    this.roleDefaults = { path, permissionsBoundary: boundary.arn };

    const providerArgs = { url: `https://${issuer}`, clientIdLists: ['sts.amazonaws.com'] };
    const providerArn =
      args.oidcProviderArn ??
      new OpenIdConnectProvider(
        ...transformed<OpenIdConnectProviderArgs>(
          transform.oidcProvider,
          `${name}-github`,
          providerArgs,
          parent,
        ),
      ).arn;
    const role = (purpose: string, subject: string, statements: Statement[]) => {
      const logical = `${name}-${purpose}`;
      const roleArgs: RoleArgs = {
        path: ownPath,
        description: `GitHub workflows of ${args.repository}: ${purpose}`,
        maxSessionDuration: 3600,
        assumeRolePolicy: pulumi.jsonStringify(
          trust(providerArn, `repo:${args.repository}:${subject}`),
        ),
      };
      const made = new Role(...transformed<RoleArgs>(transform.role, logical, roleArgs, parent));
      new RolePolicy(logical, { role: made.id, policy: document(statements) }, parent);
      return made.arn;
    };
    this.previewRoleArn = role('preview', 'pull_request', previewStatements(scope));
    this.deployRoleArn = role('deploy', `environment:${args.environment}`, deployStatements(scope));
    this.registerOutputs({});
  }
}

/**
 * Exactly one subject, never a pattern: `repo:acme/*` would let in whoever may name a repository
 * so.
 */
function trust(providerArn: pulumi.Input<string>, subject: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: providerArn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com', [`${issuer}:sub`]: subject },
        },
      },
    ],
  };
}

function document(statements: Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
