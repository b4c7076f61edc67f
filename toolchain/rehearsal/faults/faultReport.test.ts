import { expect, test } from 'vitest';
import { diagnosis, faultSummary, reportText, type FaultReport } from './faultReport.ts';

const output = `Previewing update (rehearsal):
Diagnostics:
  aws:lb:LoadBalancer (gateway):
    warning: The site has no HTTPS
Updating (rehearsal):
 ~  slipway:index:Rollout rollout updating
Diagnostics:
  aws:lb:LoadBalancer (gateway):
    warning: The site has no HTTPS
  slipway:index:Rollout (rollout):
    error: The rollout of sha256:0123 failed: api: it crashes.
    Last lines of a task of api:
      | boom

      | after a blank line
  pulumi:pulumi:Stack (slipway-rehearsal):
    error: update failed

Resources:
    145 unchanged
`;

test("takes the update's own errors out of what pulumi prints", () => {
  expect(diagnosis(output)).toBe(
    'error: The rollout of sha256:0123 failed: api: it crashes.\nLast lines of a task of api:\n  | boom\n\n  | after a blank line',
  );
  expect(diagnosis('Resources:\n    145 unchanged\n')).toBe('');
});

const report: FaultReport = {
  fault: 'crash-loop',
  what: 'the new version crashes',
  updates: [
    { of: 'up', code: 255, seconds: 61.4, message: 'error: it crashes.\n  | boom' },
    { of: 'the next good up', code: 0, seconds: 30, message: '' },
  ],
  meanwhile: { sent: 1234, failed: 0, faults: {}, releases: new Set() },
  recovery: { sent: 100, failed: 2, faults: { 'status 502 from /health': 2 }, releases: new Set() },
  complaints: ['2 requests failed (recovery)'],
};

test('says what an update said, what was served, and what is wrong', () => {
  expect(reportText(report).split('\n')).toEqual([
    '✗ crash-loop: the new version crashes',
    '    up: exit code 255 after 61 s',
    '      | error: it crashes.',
    '      |   | boom',
    '    the next good up: exit code 0 after 30 s',
    '    meanwhile: 1,234 requests, 0 failed',
    '    recovery: 100 requests, 2 failed (2 × status 502 from /health)',
    '    ✗ 2 requests failed (recovery)',
  ]);
  expect(reportText({ ...report, complaints: [] })).toMatch(/^✓ crash-loop/);
});

test('sums several faults up, a line each', () => {
  expect(faultSummary([report])).toBe(
    '  ✗ crash-loop  exit codes: up 255, the next good up 0; 1334 requests, 2 failed',
  );
});
