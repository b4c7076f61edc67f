import { Secret, type ResourceValidationArgs } from '@pulumi/policy';
import { describe, expect, it } from 'vitest';
import { createPolicies } from './pack.ts';
import type { ResourceRule, StackRule } from './rules/rule.ts';
import { Session } from './judge/session.ts';
import { UnknownValue } from './resource/value.ts';

const type = 'docker:index/container:Container';
const urn = `urn:pulumi:dev::slipway::${type}::api-0`;
const rule: ResourceRule = {
  id: 'test-plain',
  controls: ['ECS.8'],
  title: 'It is a secret',
  severity: 'high',
  level: 'mandatory',
  fix: 'Make it one.',
  types: [type],
  check: ({ props, isSecret }, report) => {
    if (props.get('env').isSet && !isSecret('env')) report.violation('env is plain');
  },
};
const stackRule: StackRule = {
  ...rule,
  id: 'test-parent',
  checkStack: ({ resources }, report) => {
    for (const one of resources) if (!one.parent) report.violation('it has no parent', one);
  },
};

/** The properties as the SDK hands them over: reading something unknown through them throws. */
function guarded(props: Record<string, unknown>): Record<string, unknown> {
  return new Proxy(props, {
    get: () => {
      throw new UnknownValue('read through the proxy');
    },
  });
}

function run(settings: Record<string, unknown> = {}) {
  const policies = createPolicies(
    [rule, stackRule],
    new Session([rule, stackRule], () => settings),
  );
  const named = (name: string) => policies.find((policy) => policy.name === name) as never;
  const { remediateResource } = named('secrets-noted') as {
    remediateResource: (args: ResourceValidationArgs) => void;
  };
  const validate = (name: string, args: unknown) => {
    const messages: (string | undefined)[][] = [];
    const policy = named(name) as Record<string, (args: unknown, report: unknown) => void>;
    const report = (message: string, about?: string) => messages.push([message, about]);
    (policy['validateResource'] ?? policy['validateStack'])?.(args, report);
    return messages;
  };
  return {
    note: (props: Record<string, unknown>) =>
      remediateResource({
        urn,
        type,
        name: 'api-0',
        props: guarded(props),
      } as unknown as ResourceValidationArgs),
    judge: (props: Record<string, unknown>) =>
      validate('test-plain', { urn, type, name: 'api-0', props: guarded(props) }).map(
        ([message]) => message,
      ),
    judgeStack: (
      name: string,
      resources: unknown[] = [
        { urn, type, name: 'api-0', props: {}, dependencies: [], propertyDependencies: {} },
      ],
    ) => validate(name, { resources }),
  };
}

describe('a rule as a policy', () => {
  it('says what is wrong and what to do', () => {
    const { note, judge } = run();
    note({ env: 'x' });
    expect(judge({ env: 'x' })).toEqual(['env is plain\n→ Make it one.']);
  });

  it('knows a secret, which the engine unwraps for it', () => {
    const { note, judge } = run();
    note({ env: new Secret('x') });
    expect(judge({ env: 'x' })).toEqual([]);
  });

  it('leaves to the update what cannot be told before it, and says so once at the end', () => {
    const { note, judge, judgeStack } = run();
    expect(judge({ env: 'x' })).toEqual([]);
    expect(judgeStack('unknown-values')).toEqual([
      ['Unknown before the update, and judged in it: test-plain (api-0).', undefined],
    ]);
    note({ env: new Secret('x') });
    judge({ env: 'x' });
    expect(judgeStack('unknown-values')).toEqual([]);
  });

  it('is silent about an exception, and says when it has expired', () => {
    const exception = {
      rule: 'test-plain',
      resource: 'api-0',
      reason: 'moves to the store next week',
      until: '2999-12-31',
    };
    const excused = run({ policyExceptions: [exception] });
    excused.note({ env: 'x' });
    expect(excused.judge({ env: 'x' })).toEqual([]);
    expect(excused.judgeStack('exceptions')).toEqual([]);

    const expired = run({ policyExceptions: [{ ...exception, until: '2020-01-31' }] });
    expired.note({ env: 'x' });
    expect(expired.judge({ env: 'x' })[0]).toMatch(
      /The exception for it \(moves to the store next week\) expired on 2020-01-31/,
    );
  });

  it('reports an exception that lets nothing pass', () => {
    const { judgeStack } = run({
      policyExceptions: [
        { rule: 'test-plain', resource: 'api-9', reason: 'r', until: '2999-12-31' },
      ],
    });
    expect(judgeStack('exceptions')[0]?.[0]).toContain(
      'an exception to test-plain for api-9, which lets nothing pass',
    );
  });

  it('names the resource that a rule about the stack is about', () => {
    const { judgeStack } = run();
    expect(judgeStack('test-parent')).toEqual([['it has no parent\n→ Make it one.', urn]]);
  });
});
