import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from './lib/paths.ts';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  if?: string;
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  steps: Step[];
}

interface Workflow {
  permissions: Record<string, string>;
  concurrency: object;
  jobs: Record<string, Job>;
}

const folder = join(root, '.github', 'workflows');
const files = readdirSync(folder);
const textOf = (file: string) => readFileSync(join(folder, file), 'utf8');
const workflow = (file: string) => parse(textOf(file)) as Workflow;
const jobs = files.flatMap((file) =>
  Object.entries(workflow(file).jobs).map(([name, job]) => ({ file, name, job })),
);
const verbs = /^verbs := ((?:.*\\\n)*.*)/m
  .exec(readFileSync(join(root, 'Makefile'), 'utf8'))?.[1]
  ?.split(/[\s\\]+/);
const made = (script: string) => [
  ...script.matchAll(/\bmake (?:--no-print-directory |-s )?([a-z-]+)/g),
];

describe('the workflows on GitHub', () => {
  it.each(files)(
    '%s runs one at a time, reads the code, and no more unless a job says so',
    (file) => {
      expect(workflow(file).permissions).toEqual({ contents: 'read' });
      expect(workflow(file).concurrency).toBeDefined();
    },
  );

  it.each(jobs)(
    '$file, job $name: actions by their commit, with its version beside it, and an end',
    ({ file, job }) => {
      expect(job['timeout-minutes']).toBeGreaterThan(0);
      for (const { uses } of job.steps) {
        if (uses === undefined) continue;
        expect(uses).toMatch(/^[\w./-]+@[0-9a-f]{40}$/);
        expect(textOf(file)).toMatch(new RegExp(`# v\\d+\\.\\d+\\.\\d+\\n +- uses: ${uses}`));
      }
    },
  );

  it.each(jobs.filter(({ file }) => file !== 'ci.yml'))(
    '$file, job $name: has an identity of AWS and no stored key, where there is a shared backend',
    ({ file, job }) => {
      expect(job.if).toContain("vars.PULUMI_BACKEND_URL != ''");
      expect(job.permissions?.['id-token']).toBe('write');
      expect(textOf(file)).not.toContain('secrets.');
      const roles = job.steps.map((step) => step.with?.['role-to-assume']).filter(Boolean);
      const role = file === 'deploy.yml' ? 'DEPLOY_ROLE' : 'PREVIEW_ROLE';
      expect(roles).toEqual([`\${{ vars.${role} }}`]);
    },
  );

  it('only the deployment may write to the repository, and leaves the others no login', () => {
    for (const { file, job } of jobs) {
      const writes = job.permissions?.['contents'] === 'write';
      const checkout = job.steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
      expect([file, writes]).toEqual([file, file === 'deploy.yml']);
      if (!writes) expect(checkout?.with?.['persist-credentials']).toBe(false);
    }
  });
});

it('the workflows call verbs that there are', () => {
  const gitlab = readFileSync(join(root, '.gitlab-ci.yml'), 'utf8');
  for (const text of [...files.map(textOf), gitlab])
    for (const [, verb] of made(text.replace(/^\s*#.*/gm, ''))) expect(verbs).toContain(verb);
  expect(made(gitlab).length).toBeGreaterThan(4);
});
