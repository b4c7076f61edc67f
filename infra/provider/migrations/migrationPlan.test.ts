import { describe, expect, it } from 'vitest';
import { describePlan, planMigrations, type MigrationTarget } from './migrationPlan.ts';

const database = { id: 'data-1', endpoint: 'postgres:5432', generation: '17' };
const users = { name: '0001_users', checksum: 'a', phase: 'expand' as const, reversible: true };
const models = { name: '0002_models', checksum: 'b', phase: 'expand' as const, reversible: true };
const drop = {
  name: '0003_drop_title',
  checksum: 'c',
  phase: 'contract' as const,
  reversible: false,
};
const last: MigrationTarget = { image: 'sha256:1', files: [users], database };

describe('planning a migration run', () => {
  it('runs everything the first time', () => {
    const plan = planMigrations(undefined, { image: 'sha256:1', files: [users, models], database });
    expect(plan).toMatchObject({ run: true, pending: [users, models] });
    expect(describePlan(plan)).toEqual(['2 migrations to apply: 0001_users, 0002_models']);
  });

  it('runs nothing when nothing changed', () => {
    const plan = planMigrations(last, { ...last });
    expect(plan.run).toBe(false);
    expect(describePlan(plan)).toEqual([]);
  });

  it('lists only what is new', () => {
    const plan = planMigrations(last, { image: 'sha256:2', files: [users, models], database });
    expect(plan.pending).toEqual([models]);
  });

  it('runs the task of a new image though no file is new', () => {
    const plan = planMigrations(last, { ...last, image: 'sha256:2' });
    expect(plan).toMatchObject({ run: true, pending: [] });
  });

  it('runs when the services sign in another way, to make their role', () => {
    const plan = planMigrations({ ...last, login: 'a' }, { ...last, login: 'b' });
    expect(plan).toMatchObject({ run: true, pending: [] });
    expect(describePlan(plan)).toEqual([
      'no migration to apply; the task checks that, and the role of the services',
    ]);
  });

  it('runs when the image is not known yet', () => {
    expect(planMigrations(last, { files: [users], database }).run).toBe(true);
  });

  it('takes every file as pending on a database that was made anew or restored, and in another schema', () => {
    for (const other of [
      { database: { ...database, id: 'data-2' } },
      { database: { ...database, generation: 'restored from snapshot-1' } },
      { schema: 'chat' },
    ]) {
      const plan = planMigrations(last, { ...last, ...other });
      expect(plan).toMatchObject({ run: true, otherDatabase: true, pending: [users] });
      expect(describePlan(plan)[0]).toContain('another database than before');
    }
  });

  it('takes the schema public as the one of states that name none', () => {
    expect(planMigrations(last, { ...last, schema: 'public' }).run).toBe(false);
  });

  it('refuses an edited file', () => {
    const plan = planMigrations(last, { ...last, files: [{ ...users, checksum: 'z' }, models] });
    expect(plan.refused).toContain('Edited after being applied: 0001_users');
    expect(plan.pending).toEqual([models]);
  });

  it('doubts a file that is numbered before an applied one', () => {
    const plan = planMigrations({ ...last, files: [models] }, { ...last, files: [users, models] });
    expect(plan.refused).toBeUndefined();
    expect(plan.doubt).toContain(
      'Numbered before 0002_models, which is already applied: 0001_users',
    );
  });

  it('doubts a lost file, which may have been reverted by hand', () => {
    const plan = planMigrations({ ...last, files: [users, models] }, { ...last, files: [models] });
    expect(plan).toMatchObject({ run: true, pending: [] });
    expect(plan.refused).toBeUndefined();
    expect(plan.doubt).toContain('not among the files: 0001_users');
  });

  it('leaves to the runner what is forced by name, because the state may be behind the database', () => {
    const edited = planMigrations(last, { ...last, files: [{ ...users, checksum: 'z' }] }, [
      '0001_users',
    ]);
    expect(edited).toMatchObject({ run: true, pending: [] });
    expect(edited.refused).toBeUndefined();
    const lost = planMigrations({ ...last, files: [users, models] }, { ...last, files: [models] }, [
      '0001_users',
    ]);
    expect(lost.doubt).toBeUndefined();
  });
});

describe('an older image', () => {
  const newer = { ...last, files: [users, models] };
  const older = { image: 'sha256:0', files: [users], database };

  it('leaves applied what it does not carry, and says so', () => {
    const plan = planMigrations(newer, older);
    expect(plan).toMatchObject({ run: true, ahead: [models], pending: [] });
    expect(describePlan(plan).join('\n')).toContain(
      '0002_models (expand, reversible): they stay applied',
    );
  });

  it('is remembered to be behind: nothing runs again, and the newer image finds nothing pending', () => {
    const state = { ...older, ahead: [models] };
    expect(planMigrations(state, { ...older }).run).toBe(false);
    expect(planMigrations(state, newer)).toMatchObject({ run: true, pending: [], ahead: [] });
    const edited = { ...newer, files: [users, { ...models, checksum: 'z' }] };
    expect(planMigrations(state, edited).refused).toContain('0002_models');
  });

  it('is refused over an irreversible contract step, by its name', () => {
    const plan = planMigrations({ ...last, files: [users, models, drop] }, older);
    expect(plan.refused).toContain('cannot go back over 0003_drop_title (contract, irreversible)');
  });
});
