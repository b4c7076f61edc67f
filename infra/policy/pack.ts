import {
  Secret,
  type PolicyResource,
  type ResourceValidationArgs,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from '@pulumi/policy';
import { judgeResource, judgeStack } from './judge/judge.ts';
import type { Session } from './judge/session.ts';
import { linkedStack } from './resource/linkedStack.ts';
import type { Resource, StackResource } from './resource/resource.ts';
import { secretPaths } from './resource/secretPaths.ts';
import { UnknownValue, Value } from './resource/value.ts';
import { isStackRule, type ResourceRule, type Rule, type StackRule } from './rules/rule.ts';

type Policy = ResourceValidationPolicy | StackValidationPolicy;

/** The rules as policies of Pulumi, and the policies that report about the pack itself. */
export function createPolicies(rules: Rule[], session: Session): Policy[] {
  return [
    noteSecrets(session),
    ...rules.map((rule) =>
      isStackRule(rule) ? stackPolicy(rule, session) : resourcePolicy(rule, session),
    ),
    aboutUnknowns(session),
    // Last: only after every rule is it known which exceptions were needed.
    aboutExceptions(session),
  ];
}

/**
 * Notes which inputs are secrets and changes nothing. The engine unwraps secrets for a validation;
 * only a remediation sees them marked.
 */
function noteSecrets(session: Session): Policy {
  return {
    name: 'secrets-noted',
    description: 'Notes which inputs are secrets, and changes nothing',
    enforcementLevel: 'remediate',
    remediateResource: ({ urn, props }) =>
      session.noteSecrets(
        urn,
        secretPaths(rawProps(props), (value) => value instanceof Secret),
      ),
  };
}

function resourcePolicy(rule: ResourceRule, session: Session): Policy {
  return {
    ...about(rule),
    validateResource: (args, report) => {
      if (!rule.types.includes(args.type)) return;
      const verdict = judgeResource(rule, resource(args, session));
      for (const { message } of session.settle(verdict, rule, args.urn)) report(message);
    },
  };
}

function stackPolicy(rule: StackRule, session: Session): Policy {
  return {
    ...about(rule),
    validateStack: ({ resources }, report) => {
      const verdict = judgeStack(rule, stackResources(resources));
      for (const { message, urn } of session.settle(verdict, rule, '')) report(message, urn);
    },
  };
}

function aboutUnknowns(session: Session): Policy {
  return {
    name: 'unknown-values',
    description: 'Some rules wait for values that are known only in the update',
    enforcementLevel: 'advisory',
    validateStack: (_, report) => {
      const message = session.unknown();
      if (message) report(message);
    },
  };
}

function aboutExceptions(session: Session): Policy {
  return {
    name: 'exceptions',
    description:
      'Every exception has a rule, a resource, a reason and an end date, and lets something pass',
    enforcementLevel: 'advisory',
    validateStack: ({ resources }, report) => {
      const [first] = resources;
      for (const fault of first ? session.exceptions(first.urn).faults() : []) report(`${fault}.`);
    },
  };
}

function about({ id, title, controls = [], level, severity, fix }: Rule) {
  const description = controls.length > 0 ? `${title} (${controls.join(', ')})` : title;
  return { name: id, description, enforcementLevel: level, severity, remediationSteps: fix };
}

function resource(args: ResourceValidationArgs, session: Session): Resource {
  const { type, urn, name } = args;
  return {
    type,
    urn,
    name,
    props: new Value(rawProps(args.props)),
    isSecret: (path: string) => {
      const known = session.isSecret(urn, path);
      if (known === undefined) throw new UnknownValue(path);
      return known;
    },
    setting: (key: string) => session.settings(urn)[key],
  };
}

/** The engine's resources as ours. */
function stackResources(resources: PolicyResource[]): StackResource[] {
  const urns = (others: PolicyResource[]) => others.map(({ urn }) => urn);
  return linkedStack(
    resources.map(({ type, urn, name, props, parent, dependencies, propertyDependencies }) => ({
      type,
      urn,
      name,
      props: rawProps(props),
      parent: parent?.urn,
      dependencies: urns(dependencies),
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([property, others]) => [property, urns(others)]),
      ),
    })),
  );
}

/**
 * The properties without the SDK's proxies, which throw when an unknown value is read. The proxies
 * do not guard property descriptors.
 */
function rawProps(props: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(props)).map(([name, { value }]) => [
      name,
      value as unknown,
    ]),
  );
}
