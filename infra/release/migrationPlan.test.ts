import { describe, expect, it } from 'vitest';
import { describePlan, planMigrations, type MigrationTarget } from './migrationPlan.ts';

const database = { id: 'data-1', endpoint: 'postgres:5432', generation: '17' };
const users = { name: '0001_users', checksum: 'a' };
const models = { name: '0002_models', checksum: 'b' };
const last: MigrationTarget = { image: 'sha256:1', files: [users], database };

describe('planning a migration run', () => {
  it('runs everything the first time', () => {
    const plan = planMigrations(undefined, { image: 'sha256:1', files: [users, models], database });
    expect(plan).toMatchObject({ run: true, pending: ['0001_users', '0002_models'] });
    expect(describePlan(plan)).toEqual(['2 migrations to apply: 0001_users, 0002_models']);
  });

  it('runs nothing when nothing changed', () => {
    const plan = planMigrations(last, { ...last });
    expect(plan.run).toBe(false);
    expect(describePlan(plan)).toEqual([]);
  });

  it('lists only what is new', () => {
    const plan = planMigrations(last, { image: 'sha256:2', files: [users, models], database });
    expect(plan.pending).toEqual(['0002_models']);
  });

  it('runs the task of a new image though no file is new', () => {
    const plan = planMigrations(last, { ...last, image: 'sha256:2' });
    expect(plan).toMatchObject({ run: true, pending: [] });
  });

  it('runs when the image is not known yet', () => {
    expect(planMigrations(last, { files: [users], database }).run).toBe(true);
  });

  it('takes every file as pending on another database', () => {
    const plan = planMigrations(last, { ...last, database: { ...database, id: 'data-2' } });
    expect(plan).toMatchObject({ run: true, otherDatabase: true, pending: ['0001_users'] });
  });

  it('tells an edited file from a new one', () => {
    const plan = planMigrations(last, { ...last, files: [{ ...users, checksum: 'z' }, models] });
    expect(plan).toMatchObject({ edited: ['0001_users'], pending: ['0002_models'] });
  });

  it('names files that the image does not carry, and reverts nothing', () => {
    const plan = planMigrations({ ...last, files: [users, models] }, { image: 'sha256:0', files: [users], database });
    expect(plan).toMatchObject({ run: true, missing: ['0002_models'], pending: [] });
    expect(describePlan(plan).join('\n')).toContain('0002_models, which stay applied');
  });
});
