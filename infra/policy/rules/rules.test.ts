import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accessCases, accessStackCases } from '../test-support/cases/access.ts';
import { dataCases } from '../test-support/cases/data.ts';
import { dockerCases, releaseStackCases } from '../test-support/cases/docker.ts';
import { ecsCases } from '../test-support/cases/ecs.ts';
import { networkCases, networkStackCases } from '../test-support/cases/network.ts';
import { storageCases, storageStackCases } from '../test-support/cases/storage.ts';
import { isStackRule, type ResourceRule, type StackRule } from './rule.ts';
import { allRules } from './all.ts';
import {
  judgeSample,
  judgeSamples,
  type ResourceCases,
  type Sample,
  type StackCases,
} from '../test-support/samples.ts';
import { unknown } from '../resource/value.ts';

const resourceCases: ResourceCases = {
  ...dockerCases,
  ...ecsCases,
  ...dataCases,
  ...networkCases,
  ...accessCases,
  ...storageCases,
};
const stackCases: StackCases = {
  ...releaseStackCases,
  ...networkStackCases,
  ...accessStackCases,
  ...storageStackCases,
};

const resourceRules = allRules.filter((rule): rule is ResourceRule => !isStackRule(rule));
const stackRules = allRules.filter((rule): rule is StackRule => isStackRule(rule));

describe('the table of rules', () => {
  it('has a case that passes and one that fires for every rule, and no case for another', () => {
    const cases = { ...resourceCases, ...stackCases };
    expect(Object.keys(cases).sort()).toEqual(allRules.map(({ id }) => id).sort());
    for (const { passes, fires } of Object.values(cases)) {
      expect(Object.keys(passes)).not.toHaveLength(0);
      expect(Object.keys(fires)).not.toHaveLength(0);
    }
  });

  it('names every rule once, in the way an exception names it', () => {
    expect(new Set(allRules.map(({ id }) => id)).size).toBe(allRules.length);
    for (const { id } of allRules) expect(id).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/);
  });

  it('says why an AWS control is only advice', () => {
    const silent = allRules.filter(
      ({ level, controls = [], note }) => level === 'advisory' && controls.length > 0 && !note,
    );
    expect(silent.map(({ id }) => id)).toEqual(['rds-snapshot-tags']);
  });
});

describe('the resources and properties that rules look at', () => {
  const sdk = join(import.meta.dirname, '../../../node_modules/@pulumi/aws');
  const file = (type: string, ending: string) => {
    const [, module = ''] = type.split(':');
    return readFileSync(join(sdk, `${module}${ending}`), 'utf8');
  };

  it('exist in the AWS SDK under these type tokens', () => {
    const types = new Set(
      resourceRules.flatMap((rule) => rule.types).filter((type) => type.startsWith('aws:')),
    );
    for (const samples of Object.values(stackCases).flatMap(({ passes }) =>
      Object.values(passes),
    )) {
      for (const { type } of samples) if (type.startsWith('aws:')) types.add(type);
    }
    for (const type of types) expect(file(type, '.js'), type).toContain(`'${type}'`);
  });

  it('have the properties of the cases', () => {
    for (const { passes, fires } of Object.values(resourceCases)) {
      for (const { type, props } of [...Object.values(passes), ...Object.values(fires)]) {
        if (!type.startsWith('aws:')) continue;
        const declared = file(type, '.d.ts');
        for (const name of Object.keys(props)) {
          expect(declared, `${type} ${name}`).toMatch(
            new RegExp(`^ +${name}\\??: pulumi.Input`, 'm'),
          );
        }
      }
    }
  });
});

describe.each(resourceRules)('$id', (rule) => {
  const { passes = {}, fires = {} } = resourceCases[rule.id] ?? {};

  it.each(Object.entries(passes))('lets pass: %s', (_, sample) => {
    expect(judgeSample(rule, sample).violations).toEqual([]);
  });

  it.each(Object.entries(fires))('fires on: %s', (_, sample) => {
    expect(judgeSample(rule, sample).violations).not.toEqual([]);
  });

  it('gives no alarm for what is not known yet', () => {
    for (const sample of Object.values(passes)) {
      for (const vague of withUnknowns(sample))
        expect(judgeSample(rule, vague).violations).toEqual([]);
    }
  });

  it('repeats no secret in its messages', () => {
    for (const sample of Object.values(fires)) {
      for (const { message } of judgeSample(rule, sample).violations)
        expect(message).not.toMatch(/hunter2|AKIAIOS|q8Zr3/);
    }
  });
});

describe.each(stackRules)('$id', (rule) => {
  const { passes = {}, fires = {} } = stackCases[rule.id] ?? {};

  it.each(Object.entries(passes))('lets pass: %s', (_, samples) => {
    expect(judgeSamples(rule, samples).violations).toEqual([]);
  });

  it.each(Object.entries(fires))('fires on: %s', (_, samples) => {
    expect(judgeSamples(rule, samples).violations).not.toEqual([]);
  });

  it('gives no alarm for what is not known yet', () => {
    for (const samples of Object.values(passes)) {
      const vague = samples.map((one) => ({
        ...one,
        props: Object.fromEntries(Object.keys(one.props ?? {}).map((name) => [name, unknown])),
      }));
      expect(judgeSamples(rule, vague).violations).toEqual([]);
    }
  });
});

/** The sample with each of its properties unknown in turn, and with all of them. */
function withUnknowns(sample: Sample): Sample[] {
  const names = Object.keys(sample.props);
  const single = names.map((name) => ({ ...sample, props: { ...sample.props, [name]: unknown } }));
  return [
    ...single,
    { ...sample, props: Object.fromEntries(names.map((name) => [name, unknown])) },
  ];
}
