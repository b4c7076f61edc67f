import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isStale } from './policyDocs.ts';

it('docs/policy.md lists the rules as they are; `node infra/policy/policyDocs.ts` writes them there', () => {
  expect(isStale(join(import.meta.dirname, '../..'))).toBe(false);
});
