import type { Value } from './value.ts';

/** One statement of an IAM policy document. A value that may be one or many is a list. */
export interface Statement {
  sid: string | undefined;
  allows: boolean;
  actions: string[];
  /** The statement allows every action but these. */
  notActions: string[];
  resources: string[];
  notResources: string[];
  /** `*`, ARNs, accounts or services. Empty in the policy of an identity. */
  principals: string[];
  conditions: Value;
}

/**
 * The statements of a policy document, which is JSON text or an object. Each is still unread, so a
 * statement that is not known yet does not hide the others.
 */
export function statementValues(policy: Value): Value[] {
  return policy.json().get('Statement').list();
}

/** @throws UnknownValue when a part of the statement is known only after the update */
export function statement(value: Value): Statement {
  const principal = value.get('Principal');
  return {
    sid: value.get('Sid').text(),
    allows: value.get('Effect').text() === 'Allow',
    actions: value.get('Action').texts(),
    notActions: value.get('NotAction').texts(),
    resources: value.get('Resource').texts(),
    notResources: value.get('NotResource').texts(),
    principals:
      principal.entries().length > 0
        ? principal.entries().flatMap(([, who]) => who.texts())
        : principal.texts(),
    conditions: value.get('Condition'),
  };
}

/** How a message names a statement. */
export function statementName(value: Value): string {
  const sid = value.get('Sid');
  return `statement ${(sid.isUnknown ? undefined : sid.text()) ?? value.path}`;
}

/**
 * Whether a statement of a resource's policy admits everybody. A condition on the caller or the
 * source (an account, an organisation, an ARN, a VPC) narrows it.
 */
export function isPublic(one: Statement): boolean {
  if (!one.allows || !one.principals.includes('*')) return false;
  const narrowing =
    /^(aws:(principal|source)(arn|account|orgid|orgpaths|vpc|vpce|owner)|kms:calleraccount|aws:sourceowner)$/i;
  return !conditionKeys(one.conditions).some((key) => narrowing.test(key));
}

/** The keys that a statement's conditions test, such as `aws:SourceArn`. */
export function conditionKeys(conditions: Value): string[] {
  return conditions.entries().flatMap(([, tests]) => tests.entries().map(([key]) => key));
}
