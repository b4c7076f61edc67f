import {
  Secret,
  type PolicyResource,
  type ResourceValidationArgs,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from '@pulumi/policy';
import { judgeResource, judgeStack } from './judge/judge.ts';
import {
  isStackRule,
  type ResourceRule,
  type Rule,
  type StackResource,
  type StackRule,
} from './rules/rule.ts';
import type { Session } from './judge/session.ts';
import { UnknownValue, Value } from './judge/value.ts';

type Policy = ResourceValidationPolicy | StackValidationPolicy;

/** The rules as policies of Pulumi, and what the pack says about itself. */
export function createPolicies(rules: Rule[], session: Session): Policy[] {
  return [
    noteSecrets(session),
    ...rules.map((rule) =>
      isStackRule(rule) ? stackPolicy(rule, session) : resourcePolicy(rule, session),
    ),
    aboutUnknowns(session),
    // Last: by now every rule has said which exceptions it needed.
    aboutExceptions(session),
  ];
}

/**
 * The engine gives secrets to validations unwrapped, and to remediations as they are. This one
 * changes nothing: it notes which inputs are secrets.
 */
function noteSecrets(session: Session): Policy {
  return {
    name: 'secrets-noted',
    description: 'Notes which inputs are secrets, and changes nothing',
    enforcementLevel: 'remediate',
    remediateResource: ({ urn, props }) => session.noteSecrets(urn, secretPaths(rawProps(props))),
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
    description: 'Some rules wait for values that only the update knows',
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

function about({ id, title, controls, level, severity, fix }: Rule) {
  const description = controls.length > 0 ? `${title} (${controls.join(', ')})` : title;
  return { name: id, description, enforcementLevel: level, severity, remediationSteps: fix };
}

function resource(args: ResourceValidationArgs, session: Session) {
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

/** The engine's resources, linked to each other as ours. */
function stackResources(resources: PolicyResource[]): StackResource[] {
  const own = new Map<string, StackResource>();
  for (const { type, urn, name, props } of resources) {
    own.set(urn, {
      type,
      urn,
      name,
      props: new Value(rawProps(props)),
      dependencies: [],
      propertyDependencies: {},
    });
  }
  const linked = (others: PolicyResource[]) => others.flatMap(({ urn }) => own.get(urn) ?? []);
  for (const one of resources) {
    const mine = own.get(one.urn);
    if (!mine) continue;
    mine.parent = one.parent && own.get(one.parent.urn);
    mine.dependencies = linked(one.dependencies);
    mine.propertyDependencies = Object.fromEntries(
      Object.entries(one.propertyDependencies).map(([property, others]) => [
        property,
        linked(others),
      ]),
    );
  }
  return [...own.values()];
}

/**
 * The properties without the proxies around them, which throw on whatever is unknown: they
 * intercept reading alone.
 */
function rawProps(props: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(props)).map(([name, { value }]) => [
      name,
      value as unknown,
    ]),
  );
}

/** Where the secrets are in a bag of inputs, in the way a `Value` names its path. */
function secretPaths(value: unknown, path = ''): string[] {
  if (value instanceof Secret) return [path];
  if (Array.isArray(value))
    return value.flatMap((item, index) => secretPaths(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    secretPaths(inner, path === '' ? name : `${path}.${name}`),
  );
}
