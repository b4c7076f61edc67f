import {
  OpenIdConnectProvider,
  type OpenIdConnectProviderArgs,
} from '@pulumi/aws/iam/openIdConnectProvider.js';
import { Policy } from '@pulumi/aws/iam/policy.js';
import { Role, type RoleArgs } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import { repositoryName, rolePath, type AwsPlace, type RoleDefaults } from '../naming.ts';
import { boundaryStatements } from './boundaryPolicy.ts';
import type { CiScope } from './ciScope.ts';
import { deployStatements } from './deployPolicy.ts';
import { policyDocument, type Statement } from './policies.ts';
import { previewStatements } from './previewPolicy.ts';

export interface CiAccessArgs {
  /** `owner/name` on GitHub. */
  repository: string;
  /** The GitHub environment whose jobs may deploy; protect it with reviewers. */
  environment: string;
  /** The branch whose scheduled jobs look for drift, such as `main`. */
  branch: string;
  place: AwsPlace;
  /** S3 bucket with the Pulumi state. */
  stateBucket: string;
  /** KMS key of the secrets in the state. */
  stateKeyArn?: string | undefined;
  /** KMS key that signs the receipts of releases. */
  signingKeyArn?: string | undefined;
  /** An OIDC provider for GitHub that the account has already. Default: one is made. */
  oidcProviderArn?: string | undefined;
  /** Changes the underlying resources, applied last. */
  transform?: { role?: Transform<RoleArgs>; oidcProvider?: Transform<OpenIdConnectProviderArgs> };
}

const issuer = 'token.actions.githubusercontent.com';

/**
 * The rights of GitHub's workflows, without a stored key: a pull request may compute a preview, the
 * nightly job of one branch look for drift, a job of one protected environment deploy. Both roles, and the boundary, stand outside the path
 * that the deploying role may manage, so a workflow cannot change its own rights; a person with
 * more rights applies a change to them.
 */
export class CiAccess extends Component {
  readonly previewRoleArn: pulumi.Output<string>;
  readonly deployRoleArn: pulumi.Output<string>;
  /** The deploying role may make the stack's other roles with these arguments alone. */
  readonly roleDefaults: RoleDefaults;

  constructor(name: string, args: CiAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:CiAccess', name, opts);
    const { place, repository } = args;
    const { path } = rolePath();
    const ownPath = `/${pulumi.getProject()}-ci/${pulumi.getStack()}/`;
    const scope: CiScope = {
      ...place,
      rolePath: path,
      // Not a generated name: the deploying role's policy has to say it before it exists.
      boundaryArn: `arn:${place.partition}:iam::${place.accountId}:policy${ownPath}boundary`,
      imageRepository: repositoryName({ project: pulumi.getProject(), stack: pulumi.getStack() }),
      stateBucket: args.stateBucket,
      stateKeyArn: args.stateKeyArn,
      signingKeyArn: args.signingKeyArn,
    };
    const boundary = this.child(Policy, 'boundary', {
      name: 'boundary',
      path: ownPath,
      description: `The most that a role of stack ${pulumi.getStack()} may do`,
      policy: policyDocument(boundaryStatements(scope)),
    });
    this.roleDefaults = { path, permissionsBoundary: boundary.arn };

    const providerArn = args.oidcProviderArn ?? this.#createOidcProvider(args);
    const role = (purpose: string, subjects: string[], statements: Statement[]) => {
      const trust = trustPolicy(
        providerArn,
        subjects.map((subject) => `repo:${repository}:${subject}`),
      );
      return this.#createRole(purpose, ownPath, trust, statements, args);
    };
    this.previewRoleArn = role(
      'preview',
      ['pull_request', `ref:refs/heads/${args.branch}`],
      previewStatements(scope),
    );
    this.deployRoleArn = role(
      'deploy',
      [`environment:${args.environment}`],
      deployStatements(scope),
    );
    this.registerOutputs({});
  }

  #createOidcProvider({ transform }: CiAccessArgs): pulumi.Output<string> {
    return this.child(
      OpenIdConnectProvider,
      'github',
      { url: `https://${issuer}`, clientIdLists: ['sts.amazonaws.com'] },
      { transform: transform?.oidcProvider },
    ).arn;
  }

  #createRole(
    purpose: string,
    path: string,
    assumeRolePolicy: pulumi.Input<string>,
    statements: Statement[],
    { repository, transform }: CiAccessArgs,
  ): pulumi.Output<string> {
    const role = this.child(
      Role,
      purpose,
      {
        path,
        description: `GitHub workflows of ${repository}: ${purpose}`,
        maxSessionDuration: 3600,
        assumeRolePolicy,
      },
      { transform: transform?.role },
    );
    this.child(RolePolicy, purpose, { role: role.id, policy: policyDocument(statements) });
    return role.arn;
  }
}

/**
 * Exact subjects, never a pattern: `repo:acme/*` would let in whoever may name a repository so.
 */
function trustPolicy(providerArn: pulumi.Input<string>, subjects: string[]): pulumi.Output<string> {
  return policyDocument([
    {
      Effect: 'Allow',
      Principal: { Federated: providerArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com', [`${issuer}:sub`]: subjects },
      },
    },
  ]);
}
