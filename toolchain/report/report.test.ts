import { describe, expect, it } from 'vitest';
import { formats } from './formats.ts';
import { code, commentLimit, markdown } from './markdown.ts';
import { differences } from './sameChanges.ts';
import { previews, reportOf, said, secret, step, unknown } from './test-support/engineEvents.ts';

const bucket = 'aws:s3/bucket:Bucket';
const update = { diffKind: 'update', inputDiff: false };

describe('the first line of a report', () => {
  it.each<[keyof typeof previews, string]>([
    ['no change', 'no change'],
    [
      'a release with two migrations',
      '2 migrations, 1 contract, 1 irreversible; a new release; 3 to update',
    ],
    ['a replaced database', 'replaces the database; +$36/month; 1 to replace'],
    ['a policy failure', '1 policy violation; 1 to create'],
    ['300 resources', '300 to update'],
  ])('of %s says what matters', (preview, headline) => {
    expect(reportOf(previews[preview], 'us-east-1').headline).toBe(headline);
  });

  it('names three of many, and counts the rest', () => {
    const events = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      step('delete', bucket, name, { before: {} }),
    );
    expect(reportOf(events).headline).toContain(
      'deletes a bucket a, deletes a bucket b, deletes a bucket c and 2 more',
    );
  });

  it('says first that the preview failed', () => {
    const report = reportOf([...previews['a replaced database'], said('error', 'no such zone')]);
    expect(report.headline).toMatch(/^the preview failed; replaces/);
    expect(report.faults).toEqual(['no such zone']);
  });
});

describe('a report', () => {
  it('takes the steps of a replacement for one change, and says which property is why', () => {
    const { changes } = reportOf(previews['a replaced database']);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      operation: 'replace',
      risk: 'data',
      properties: [
        { path: 'dbName', before: 'slipway', after: 'other', replaces: true },
        { path: 'instanceClass', replaces: false },
      ],
    });
  });

  it('finds what differs where a provider does not say', () => {
    const before = { routes: [{ path: '/a' }], 'a.b': { c: 1 } };
    const after = { routes: [{ path: '/b' }], 'a.b': { c: 2 } };
    const { changes } = reportOf([step('update', 'x:y:Z', 'x', { before, after })]);
    expect(changes[0]?.properties).toMatchObject([
      { path: 'routes[0].path', before: '/a', after: '/b' },
      { path: '["a.b"].c', before: '1', after: '2' },
    ]);
  });

  it('shows that a secret changes, and nothing of it', async () => {
    const events = [
      step('update', bucket, 'x', {
        before: { password: secret, plain: 'a' },
        after: { password: { ...secret, ciphertext: 'hunter2' }, plain: 'b' },
        detailedDiff: { password: update, plain: update },
      } as never),
    ];
    for (const format of Object.values(formats)) {
      const text = await format(reportOf(events));
      expect(text).not.toContain('hunter2');
      expect(text).toContain('[secret]');
    }
  });

  it('says in words what is secret or unknown inside a list', () => {
    const { changes } = reportOf([
      step('update', bucket, 'x', { before: { list: [1] }, after: { list: [secret, unknown] } }),
    ]);
    expect(changes[0]?.properties).toMatchObject([
      { path: 'list[0]', before: '1', after: '[secret]' },
      { path: 'list[1]', after: '(known after the update)' },
    ]);
    const whole = reportOf([
      step('update', bucket, 'x', {
        before: {},
        after: { list: [secret, unknown] },
        detailedDiff: { list: update },
      } as never),
    ]);
    expect(whole.changes[0]?.properties[0]?.after).toBe('["[secret]","(known after the update)"]');
  });

  it('has the same hash while the same would happen, though names are made up anew', () => {
    const preview = (name: string) =>
      reportOf([
        step('update', bucket, 'x', {
          before: { target: 'api-0-aaaaaaa' },
          after: { target: name },
          detailedDiff: { target: update },
        } as never),
      ]);
    expect(preview('api-0-1234567').hash).toBe(preview('api-0-89abcde').hash);
    expect(preview('api-0-1234567').hash).not.toBe(preview('api-1-1234567').hash);
  });

  it('says what differs from the one that was reviewed', () => {
    const reviewed = reportOf([
      step('update', bucket, 'kept', {
        before: { a: 1 },
        after: { a: 2 },
        detailedDiff: { a: update },
      } as never),
      step('create', bucket, 'gone', { after: {} }),
    ]);
    const now = reportOf([
      step('update', bucket, 'kept', {
        before: { a: 1 },
        after: { a: 3 },
        detailedDiff: { a: update },
      } as never),
      step('delete', bucket, 'new', { before: {} }),
    ]);
    expect(differences(reviewed, now)).toEqual([
      'gone: was to create, stays as it is now',
      'kept: a differs',
      'new: would delete, which was not reviewed',
    ]);
  });
});

describe('a report as Markdown', () => {
  it('fits into a comment whatever the size of the stack, and keeps its first line', () => {
    const text = markdown(reportOf(previews['300 resources']), commentLimit);
    expect(text.length).toBeLessThanOrEqual(commentLimit);
    expect(text).toMatch(/^## prod: 300 to update\n/);
    expect(text).toContain('alarm-0`');
    const tiny = markdown(reportOf(previews['300 resources']), 500);
    expect(tiny.length).toBeLessThanOrEqual(500);
    expect(tiny).toContain('`make preview REPORT=html` shows all of it');
  });

  it.each(['`a` ``b``', '</code></details><script>alert(1)</script>', '| a | b |', 'a\n\n# b', ''])(
    'keeps the value %j from being read as anything else',
    async (value) => {
      const report = reportOf([
        step('update', bucket, 'x', {
          before: { a: 'old' },
          after: { a: value },
          detailedDiff: { a: update },
        } as never),
      ]);
      const page = await formats.html(report);
      expect(page).not.toContain('<script>');
      expect(page.match(/<details/g)).toHaveLength(1);
      expect(page).not.toContain('<h1');
      expect(markdown(report)).toContain(`\`old\` → ${value === '' ? '` `' : code(value)}`);
    },
  );

  it('lists what is created as one list, and no cost where nothing is billed', async () => {
    const page = await formats.html(reportOf(previews['a policy failure'], 'us-east-1'));
    expect(page).toMatch(/<li>create <code>open<\/code>/);
    expect(page).not.toContain('Cost');
    expect(formats.text(reportOf(previews['no change'], 'us-east-1'))).toContain(
      '### Cost: $14 a month, as before',
    );
  });

  it('shows of two long values where they begin to differ', () => {
    const same = 'x'.repeat(2000);
    const report = reportOf([
      step('update', bucket, 'x', {
        before: { a: `${same}old` },
        after: { a: `${same}new` },
        detailedDiff: { a: update },
      } as never),
    ]);
    expect(markdown(report)).toMatch(/… x+old` → `… x+new`/);
  });
});
