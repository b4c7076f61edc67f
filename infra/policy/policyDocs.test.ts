import { join } from 'node:path';
import { expect, it } from 'vitest';
import { uncoveredControls } from './judge/controls.ts';
import { isStale } from './policyDocs.ts';
import { allRules } from './rules/all.ts';

it('docs/policy.md lists the rules as they are; `node infra/policy/policyDocs.ts` writes them there', () => {
  expect(isStale(join(import.meta.dirname, '../..'))).toBe(false);
});

it('a control is either enforced or listed with the reason why not', () => {
  const enforced = allRules.flatMap(({ controls }) => controls);
  const rest = uncoveredControls.flatMap(({ ids }) => ids.split(', '));
  expect(rest.filter((id) => enforced.includes(id))).toEqual([]);
  expect(new Set(rest).size).toBe(rest.length);
});
