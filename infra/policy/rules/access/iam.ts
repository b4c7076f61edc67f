import {
  conditionKeys,
  statement,
  statementName,
  statementValues,
  type Statement,
} from '../../judge/policyDocument.ts';
import type { Report, Resource, Rule } from '../rule.ts';
import type { Value } from '../../judge/value.ts';

const policyTypes = [
  'aws:iam/policy:Policy',
  'aws:iam/rolePolicy:RolePolicy',
  'aws:iam/userPolicy:UserPolicy',
  'aws:iam/groupPolicy:GroupPolicy',
  'aws:iam/role:Role',
];

/** The statements of an identity's policies: the resource's own, or those inline in a role. */
function statements({ type, props }: Resource): Value[] {
  if (type !== 'aws:iam/role:Role') return statementValues(props.get('policy'));
  return props
    .get('inlinePolicies')
    .list()
    .flatMap((inline) => statementValues(inline.get('policy')));
}

function eachStatement(
  resource: Resource,
  report: Report,
  judge: (one: Statement, name: string) => void,
): void {
  report.each(statements(resource), (value) => judge(statement(value), statementName(value)));
}

/** Whether a pattern of a policy, such as `kms:*`, matches an action. IAM ignores case. */
function matches(pattern: string, action: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(action);
}

const decrypting = ['kms:Decrypt', 'kms:ReEncryptFrom'];
const narrowingKeys =
  /^(kms:(ViaService|ResourceAliases|RequestAlias|EncryptionContext:.+)|aws:ResourceTag\/.+)$/i;
const everyKey = /^(\*|arn:aws[\w-]*:kms:[^:]*:[^:]*:(key\/)?\*)$/;

export const iamRules: Rule[] = [
  {
    id: 'iam-no-full-access',
    controls: ['IAM.1'],
    title: 'No policy allows every action on every resource',
    severity: 'high',
    level: 'mandatory',
    fix: 'Name the actions and the resources that are needed.',
    types: policyTypes,
    check: (resource, report) =>
      eachStatement(resource, report, ({ allows, actions, notActions, resources }, name) => {
        if (!allows || !resources.includes('*')) return;
        if (actions.some((action) => action === '*' || action === '*:*'))
          report.violation(`${name} allows * on *`);
        else if (notActions.length > 0)
          report.violation(`${name} allows all but some actions (NotAction) on *`);
      }),
  },
  {
    id: 'iam-no-wildcard-actions',
    controls: ['IAM.21'],
    title: 'No policy allows all actions of a service on every resource',
    severity: 'low',
    level: 'mandatory',
    fix: 'Name the actions that are needed.',
    types: policyTypes,
    check: (resource, report) =>
      eachStatement(resource, report, ({ allows, actions, resources }, name) => {
        const wild = actions.filter((action) => /^[\w-]+:\*$/.test(action));
        if (allows && wild.length > 0 && resources.includes('*'))
          report.violation(`${name} allows ${wild.join(', ')} on *`);
      }),
  },
  {
    id: 'iam-no-decrypt-all',
    controls: ['KMS.1', 'KMS.2'],
    title: 'No policy allows decryption with every key',
    severity: 'medium',
    level: 'mandatory',
    note: 'A condition on kms:ViaService, an alias or a tag of the key narrows it; the controls look at Resource alone.',
    fix: 'Name the keys in Resource, or the service that may use them in a condition on kms:ViaService.',
    types: policyTypes,
    check: (resource, report) =>
      eachStatement(resource, report, ({ allows, actions, resources, conditions }, name) => {
        if (conditionKeys(conditions).some((key) => narrowingKeys.test(key))) return;
        const wide = actions.filter((pattern) =>
          decrypting.some((action) => matches(pattern, action)),
        );
        if (allows && wide.length > 0 && resources.some((one) => everyKey.test(one))) {
          report.violation(`${name} allows ${wide.join(', ')} with every key`);
        }
      }),
  },
  {
    id: 'iam-no-administrators',
    controls: ['IAM.1'],
    title: 'Nobody gets the policies AdministratorAccess, PowerUserAccess or IAMFullAccess',
    severity: 'high',
    level: 'mandatory',
    fix: 'Attach a policy with the actions that are needed.',
    types: [
      'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
      'aws:iam/userPolicyAttachment:UserPolicyAttachment',
      'aws:iam/groupPolicyAttachment:GroupPolicyAttachment',
      'aws:iam/policyAttachment:PolicyAttachment',
      'aws:iam/role:Role',
    ],
    check: ({ type, props }, report) =>
      report.each(
        props.get(type === 'aws:iam/role:Role' ? 'managedPolicyArns' : 'policyArn').list(),
        (arn) => {
          const name =
            /:iam::aws:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/.exec(
              arn.text() ?? '',
            )?.[1];
          if (name) report.violation(`it attaches ${name}`);
        },
      ),
  },
  {
    id: 'iam-no-user-policies',
    controls: ['IAM.2'],
    title: 'Policies are not attached to users',
    severity: 'low',
    level: 'mandatory',
    fix: 'Give the policy to a role.',
    types: ['aws:iam/userPolicy:UserPolicy', 'aws:iam/userPolicyAttachment:UserPolicyAttachment'],
    check: (_, report) => report.violation('it gives a policy to a user'),
  },
  {
    id: 'iam-no-access-keys',
    controls: ['IAM.3'],
    title: 'The stack makes no long-lived access keys',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Let the workload assume a role: of its task, or by OpenID Connect.',
    types: ['aws:iam/accessKey:AccessKey'],
    check: (_, report) => report.violation('it is an access key that never expires'),
  },
  {
    id: 'iam-trust-named',
    controls: [],
    title: 'Roles trust nobody whom they do not name',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Name the service, the account or the provider in Principal, and narrow a provider of OpenID Connect by aud and sub.',
    types: ['aws:iam/role:Role'],
    check: ({ props }, report) =>
      report.each(statementValues(props.get('assumeRolePolicy')), (value) => {
        const { allows, principals, conditions } = statement(value);
        if (!allows) return;
        if (principals.includes('*')) report.violation(`${statementName(value)} trusts everybody`);
        const federated = value.get('Principal.Federated').texts();
        const keys = conditionKeys(conditions);
        if (
          federated.some((one) => one.includes(':oidc-provider/')) &&
          !keys.some((key) => key.endsWith(':sub'))
        ) {
          report.violation(
            `${statementName(value)} trusts everybody whom the OpenID Connect provider knows`,
          );
        }
      }),
  },
];
