import type { Value } from './value.ts';

/** One statement of an IAM policy document. What may be one or many is a list. */
export interface Statement {
  sid: string | undefined;
  allows: boolean;
  actions: string[];
  /** The statement allows every action but these. */
  notActions: string[];
  resources: string[];
  notResources: string[];
  /** Whom it is about: `*`, ARNs, accounts, services. Empty in the policy of an identity. */
  principals: string[];
  conditions: Value;
}

/**
 * The statements of a policy document, given as JSON text or as an object, one by one, so that one
 * that is not known yet hides no other.
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
 * Whether a statement of a resource's policy lets anybody in. A condition on who or where from (an
 * account, an organisation, a source ARN, a VPC) makes it somebody again.
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
