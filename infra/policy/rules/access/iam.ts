import {
  conditionKeys,
  statement,
  statementName,
  statementValues,
  type Statement,
} from '../../resource/policyDocument.ts';
import type { Resource } from '../../resource/resource.ts';
import type { Value } from '../../resource/value.ts';
import type { Fault, ResourceRule, Rule } from '../rule.ts';

const role = 'aws:iam/role:Role';

/** The statements of an identity's policies: the resource's own, or those inline in a role. */
function statements({ type, props }: Resource): Value[] {
  if (type !== role) return statementValues(props.get('policy'));
  return props
    .get('inlinePolicies')
    .list()
    .flatMap((inline) => statementValues(inline.get('policy')));
}

/** A rule about every statement that allows something. Its messages begin with the statement. */
const allowanceRule = (
  rule: Omit<ResourceRule, 'types' | 'check'>,
  fault: (one: Statement) => Fault,
): Rule => ({
  ...rule,
  types: ['aws:iam/policy:Policy', 'aws:iam/rolePolicy:RolePolicy', role],
  check: (resource, report) =>
    report.each(statements(resource), (value) => {
      const one = statement(value);
      const message = one.allows && fault(one);
      return message && `${statementName(value)} ${message}`;
    }),
});

/** Whether a pattern of a policy, such as `kms:*`, matches an action. IAM ignores case. */
function matches(pattern: string, action: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(action);
}

const decrypting = ['kms:Decrypt', 'kms:ReEncryptFrom'];
const narrowingKeys =
  /^(kms:(ViaService|ResourceAliases|RequestAlias|EncryptionContext:.+)|aws:ResourceTag\/.+)$/i;
const everyKey = /^(\*|arn:aws[\w-]*:kms:[^:]*:[^:]*:(key\/)?\*)$/;
const administrators = /:iam::aws:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;

export const iamRules: Rule[] = [
  allowanceRule(
    {
      id: 'iam-no-full-access',
      controls: ['IAM.1'],
      title: 'No policy allows every action on every resource',
      severity: 'high',
      level: 'mandatory',
      fix: 'Name the actions and the resources that are needed.',
    },
    ({ actions, notActions, resources }) => {
      if (!resources.includes('*')) return undefined;
      if (actions.some((action) => action === '*' || action === '*:*')) return 'allows * on *';
      return notActions.length > 0 && 'allows all but some actions (NotAction) on *';
    },
  ),
  allowanceRule(
    {
      id: 'iam-no-wildcard-actions',
      controls: ['IAM.21'],
      title: 'No policy allows all actions of a service on every resource',
      severity: 'low',
      level: 'mandatory',
      fix: 'Name the actions that are needed.',
    },
    ({ actions, resources }) => {
      const wild = actions.filter((action) => /^[\w-]+:\*$/.test(action));
      return wild.length > 0 && resources.includes('*') && `allows ${wild.join(', ')} on *`;
    },
  ),
  allowanceRule(
    {
      id: 'iam-no-decrypt-all',
      controls: ['KMS.1', 'KMS.2'],
      title: 'No policy allows decryption with every key',
      severity: 'medium',
      level: 'mandatory',
      note: "A condition on kms:ViaService, or on the key's alias or tag, is enough. The controls read only Resource.",
      fix: 'Name the keys in Resource, or the service that may use them in a condition on kms:ViaService.',
    },
    ({ actions, resources, conditions }) => {
      if (conditionKeys(conditions).some((key) => narrowingKeys.test(key))) return undefined;
      if (!resources.some((one) => everyKey.test(one))) return undefined;
      const wide = actions.filter((pattern) =>
        decrypting.some((action) => matches(pattern, action)),
      );
      return wide.length > 0 && `allows ${wide.join(', ')} with every key`;
    },
  ),
  {
    id: 'iam-no-administrators',
    controls: ['IAM.1'],
    title: 'Nobody gets AdministratorAccess, PowerUserAccess or IAMFullAccess',
    severity: 'high',
    level: 'mandatory',
    fix: 'Attach a policy with the actions that are needed.',
    types: [
      'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
      'aws:iam/policyAttachment:PolicyAttachment',
      role,
    ],
    check: ({ type, props }, report) =>
      report.each(props.get(type === role ? 'managedPolicyArns' : 'policyArn').list(), (arn) => {
        const name = administrators.exec(arn.text() ?? '')?.[1];
        return name && `it attaches ${name}`;
      }),
  },
  {
    id: 'iam-trust-named',
    title: 'Roles trust only named principals',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Name the service, the account or the provider in Principal. Narrow an OpenID Connect provider by aud and sub.',
    types: [role],
    check: ({ props }, report) =>
      report.each(statementValues(props.get('assumeRolePolicy')), (value) => {
        const { allows, principals, conditions } = statement(value);
        if (!allows) return undefined;
        const name = statementName(value);
        if (principals.includes('*')) report.violation(`${name} trusts everybody`);
        const providers = value
          .get('Principal.Federated')
          .texts()
          .filter((one) => one.includes(':oidc-provider/'));
        const narrowed = conditionKeys(conditions).some((key) => key.endsWith(':sub'));
        return (
          providers.length > 0 &&
          !narrowed &&
          `${name} trusts every identity of the OpenID Connect provider`
        );
      }),
  },
];
